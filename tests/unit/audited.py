"""Audit records to test with: one of each kind, and trails that were really written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from proxyd.audit import chain, ocsf, records
from proxyd.audit.records import Record

AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
RUN = "0123456789abcdef"
BY: dict[str, Any] = {"principal": "anna", "address": "192.0.2.7"}
SCAN: dict[str, Any] = {
    **BY,
    "stream": "00112233445566aa",
    "scan": "a1b2c3d4e5f6",
    "target": "production",
    "account": "222222222222",
    "partition": "aws",
    "mode": "snapshot",
    "detail": "full",
    "filtered": True,
    "session_name": "proxyd-a1b2c3d4e5f6",
    "source_identity": "anna",
}
SAMPLES: tuple[Record, ...] = (
    records.ScanStarted(
        **SCAN, regions=("global", "eu-west-1"), types=("AWS::EC2::VPC", "AWS::S3::Bucket")
    ),
    records.ScanRefused(**SCAN, outcome="role_not_assumable", ms=12),
    records.ScanEnded(
        **SCAN,
        outcome="completed",
        complete=True,
        resources=7,
        calls=9,
        ms=1200,
        shards={"ok": 3, "denied": 1},
        missing_actions=("ec2:DescribeVpcs",),
        aws_request_ids=("c6104cbe-af31-11e0-8154-cbc7ccf896c7",),
    ),
    records.StreamEndRequested(**BY, stream="00112233445566aa"),
    records.LoginRefused(reason="unauthenticated", address="2001:db8::1"),
    records.RequestRefused(reason="no_such_target", **BY, count=812, ms=60_000),
    records.SessionStarted(**BY),
    records.SessionEnded(principal="corp:anna@example.com", outcome="expired"),
    records.ServiceStarted(
        pid=4711,
        targets=2,
        scanners=432,
        sinks=("stdout", "tls://logs.example.com:6514"),
        sandbox="required",
        layers=("no core, no file size", "landlock"),
        missing=("seccomp, not on this machine",),
        chain="00" * 32,
    ),
    records.ServiceStopped(),
    records.ConfigurationTaken(streams_ended=3),
    records.AccountsChanged(organization="corp", accounts=300, added=2, removed=1, streams_ended=3),
    records.ConfigurationRefused(),
    records.Heartbeat(streams=2, head="ab" * 32),
    records.SinkFailed(sink="stdout", reason="Broken pipe"),
    records.SinkRecovered(sink="stdout", lost=0),
)


def written(
    between: Sequence[Record] = SAMPLES[:8],
    *,
    run: str = RUN,
    public_key: str | None = None,
    stop: bool = True,
) -> list[bytes]:
    """Write a trail: its first record, these, and mostly the last one; lines with their ends."""
    key = chain.new_key()
    sealed: dict[str, Any] = {"chain": key.hex()}
    if public_key is not None:
        auditor = chain.public_key(public_key)
        sealed = {
            "chain": chain.conceal(key, auditor),
            "sealed_to": chain.fingerprint(auditor),
        }
    first = records.ServiceStarted(pid=1, targets=2, scanners=3, sinks=(), sandbox="off", **sealed)
    last = [records.ServiceStopped()] if stop else []
    sealing = chain.Chain(key)
    return [
        chain.seal(sealing, ocsf.line(record, ocsf.Place(run, number, AT))) + b"\n"
        for number, record in enumerate([first, *between, *last])
    ]
