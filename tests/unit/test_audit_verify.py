"""The chain: whatever is done to a trail is found, and the line named."""

from __future__ import annotations

import random
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyd.audit import chain
from proxyd.audit.verify import Report, UncheckableError, verify
from tests.unit.audited import SAMPLES, written


def faults(lines: list[bytes], **options: Any) -> list[tuple[int, str]]:
    """Verify, and return the line and the first word of each fault."""
    report = verify(lines, **options)
    return [(fault.line, fault.what.split(":")[0]) for fault in report.faults]


def good(lines: list[bytes], **options: Any) -> Report:
    """Verify, and return the report without the seals that runs begin with."""
    report = verify(lines, **options)
    assert len(report.begins) == report.runs
    return msgspec.structs.replace(report, begins=())


def test_a_trail_as_it_was_written_is_good() -> None:
    """Nothing is found in it, and its records and runs are counted."""
    assert good(written()) == Report(records=10, runs=1, clear=1, faults=())


@given(st.data())
def test_an_edited_line_is_found(data: st.DataObject) -> None:
    """Any byte changed in any line but the first: that line is named, and hardly any other."""
    lines = written()
    number = data.draw(st.integers(2, len(lines)))
    line = bytearray(lines[number - 1])
    at = data.draw(st.integers(0, len(line) - 2))
    line[at] = data.draw(st.integers(0x20, 0x7E).filter(lambda byte: byte != line[at]))
    lines[number - 1] = bytes(line)
    found = faults(lines)
    assert number in [line for line, _ in found]
    assert {line for line, _ in found} <= {number - 1, number, number + 1}


@pytest.mark.parametrize("number", range(2, 11))
def test_only_the_edited_line_is_named(number: int) -> None:
    """An edit of what a line says is a fault of that line alone, the last included."""
    lines = written()
    edited = lines[number - 1].replace(b'"severity_id":1', b'"severity_id":5')
    edited = edited.replace(b'"severity_id":3', b'"severity_id":1')
    assert edited != lines[number - 1]
    lines[number - 1] = edited
    assert faults(lines) == [(number, "edited")]


def test_an_edited_seal_is_a_fault_of_its_own_line() -> None:
    """The line after it still rests on the seal as it was."""
    lines = written()
    line = lines[4]
    lines[4] = line[:-6] + (b"0" if line[-6:-5] != b"0" else b"1") + line[-5:]
    assert faults(lines) == [(5, "edited")]


def test_a_dropped_line_is_found() -> None:
    """What is missing is told at the line that comes after the gap, and nothing else is wrong."""
    lines = written()
    del lines[4]
    assert faults(lines) == [(5, "before this line record 4 of its run should stand")]
    del lines[4:6]
    assert faults(lines) == [(5, "before this line records 4 to 6 of its run should stand")]


def test_what_is_edited_after_a_gap_is_found() -> None:
    """A gap does not hide what comes after it, but for the one line next to it."""
    lines = written()
    lines[7] = lines[7].replace(b"proxyd", b"proxyx", 1)
    del lines[4]
    assert (7, "edited") in faults(lines)


def test_moved_lines_are_found() -> None:
    """Two lines that have changed places: the one that comes too late is named."""
    lines = written()
    lines[3], lines[4] = lines[4], lines[3]
    assert faults(lines) == [(5, "out of order")]
    lines = written()
    lines.insert(1, lines.pop(6))
    assert faults(lines) == [(number, "out of order") for number in range(3, 8)]


def test_a_doubled_line_is_found() -> None:
    """The second of two that are the same is named."""
    lines = written()
    lines.insert(7, lines[3])
    assert faults(lines) == [(8, "a duplicate")]


def test_a_line_that_is_cut_off_is_found() -> None:
    """A last line without its end, and any other that breaks off."""
    lines = written()
    lines[-1] = lines[-1][:40]
    assert faults(lines) == [(9, "truncated"), (10, "cut off")]
    lines = written()
    lines[3] = lines[3][:40] + b"\n"
    found = faults(lines)
    assert (4, "no audit record") in found
    assert (5, "before this line record 3 of its run should stand") in found


def test_a_trail_that_ends_too_soon_is_found() -> None:
    """Lines dropped at the end show, unless the daemon is said to run yet."""
    lines = written()[:-3]
    assert faults(lines) == [(7, "truncated")]
    assert faults(lines, running=True) == []


def test_the_first_record_is_needed() -> None:
    """A trail without it can not be checked, and that is a fault."""
    assert (1, "before this line record 0 of its run should stand") in faults(written()[1:])
    lines = written()
    lines[0] = lines[0].replace(b'"chain":"', b'"chain":"x')
    assert faults(lines)[0][0] == 1


def test_several_runs() -> None:
    """Each run has a chain of its own; one that has no end is named, though others follow."""
    one, two = written(run="1" * 16), written(run="2" * 16)
    assert verify(one + two).runs == 2
    assert faults(one + two) == []
    assert faults(one[:-1] + two) == [(9, "truncated")]
    assert faults(one[:-1] + two, running=True) == [(9, "truncated")]


def test_what_a_syslog_server_puts_before_a_line_is_passed_over() -> None:
    """A header with a date and a host is not a part of the record."""
    lines = [b"2026-06-01T12:00:00Z host proxyd[1]: " + line for line in written()]
    assert faults(lines) == []
    assert faults([line.replace(b"\n", b"\r\n") for line in lines]) == []


def test_a_file_without_any_record_is_no_trail() -> None:
    """Neither an empty file nor another one is called good."""
    assert faults([]) == [(0, "there is no audit record in it")]
    assert faults([b'{"a": 1}\n', b"[" * 5000 + b"\n"])[0] == (0, "there is no audit record in it")


def test_only_the_auditor_can_check_what_is_sealed_to_them() -> None:
    """It takes the private key, and says so; with it everything is found as before."""
    private, public = chain.new_pair()
    lines = written(public_key=public)
    assert good(lines, private=[private]) == Report(records=10, runs=1, clear=0, faults=())
    with pytest.raises(UncheckableError, match="--private-key"):
        verify(lines)
    another = chain.new_pair()[0]
    told = [fault.what for fault in verify(lines, private=[another]).faults if fault.line == 1]
    assert any("is sealed to another public key" in what for what in told)
    assert faults(lines, private=[another, private]) == []
    assert (1, "the key of its run is not sealed to the auditor") in faults(
        written(), private=[private]
    )
    with pytest.raises(UncheckableError, match="none"):
        verify(lines, private=["nonsense"])
    lines[5] = lines[5].replace(b"proxyd", b"proxyx", 1)
    assert faults(lines, private=[private]) == [(6, "edited")]
    lines[0] = lines[0].replace(b'"chain":"', b'"chain":"AAAA')
    assert (1, "edited") in faults(lines, private=[private])
    lines[0] = lines[0].replace(b'"sealed_to":"', b'"sealed_to":"\\u001b[2J')
    assert (1, "edited") in faults(lines)


def test_who_takes_the_daemon_over_can_not_write_the_past() -> None:
    """The state of the chain after a line gives the seal of no line before it."""
    key = chain.new_key()
    sealing = chain.Chain(key)
    lines = [chain.seal(sealing, b'{"unmapped":{}}') for _ in range(3)]
    held = {value for value in vars(sealing).values() if isinstance(value, bytes)}
    assert key not in held
    last = lines[-1]
    for value in held:
        forged = chain.Chain(value)
        again = [chain.seal(forged, b'{"unmapped":{}}') for _ in range(3)]
        assert last not in again


def test_a_long_trail_is_checked_in_one_go() -> None:
    """Ten thousand lines in order, and the same in any order, without beginning anew each time."""
    lines = written([SAMPLES[0]] * 10_000)
    assert faults(lines) == []
    tail = lines[1:60]
    random.Random(7).shuffle(tail)  # noqa: S311 - no secret
    assert all(what == "out of order" for _, what in faults([lines[0], *tail, *lines[60:]]))


def test_a_line_without_a_run_of_its_own_is_not_good() -> None:
    """One that claims to be of another run, whatever its number: it was never sealed."""
    lines = written()
    for number in (b"-1", b"0", b"7", b"99999999999999"):
        forged = lines[-1].replace(b'"sequence":9', b'"sequence":' + number)
        forged = forged.replace(b'"run":"0', b'"run":"f')
        assert (
            (11, "edited") in faults([*lines, forged])
            or (11, "no audit record") in faults([*lines, forged])
            or (11, "before this line records 0 to 6 of its run should stand")
            in faults([*lines, forged])
        ), number


def test_a_file_can_not_make_it_slow() -> None:
    """A wrong key, or a number far away: every line is at fault, and it takes no time to say so."""
    lines = written([SAMPLES[0]] * 2000)
    at = lines[0].index(b'"chain":"') + 9
    other = b"0" if lines[0][at : at + 1] != b"0" else b"1"
    lines[0] = lines[0][:at] + other + lines[0][at + 1 :]
    since = time.process_time()
    found = faults(lines)
    assert len(found) > 1900
    far = written()
    far[3] = far[3].replace(b'"sequence":3', b'"sequence":900000')
    assert faults(far) != []
    assert time.process_time() - since < 10
