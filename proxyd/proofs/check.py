"""All proofs over some scanners, one scanner after the other."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterable

import msgspec

from proxyd.model import Scanner
from proxyd.proofs import declared
from proxyd.proofs.running import Prover

_OF_ALL = (declared.wrong_actions, declared.unknown_type)
_OF_DECLARATIONS = (
    declared.wrong_paths,
    declared.wrong_params,
    declared.lost_pages,
    declared.secret_paths,
)
_NOTES = (declared.other_list, declared.unknown_arn)
"""What there may be a good reason for, and the scanner's author is asked to think about."""


class Verdict(msgspec.Struct, frozen=True):
    """What came of a scanner's proofs: what is wrong, and what may be."""

    type: str
    wrong: list[str]
    notes: list[str]


async def check(
    scanners: Iterable[Scanner], registered: Collection[str]
) -> AsyncGenerator[Verdict, None]:
    """Prove scanners, and yield a verdict on each as soon as there is one.

    Args:
        scanners: those to prove.
        registered: the types to which links may lead, besides CloudFormation's.

    """
    async with Prover() as prover:
        for scanner in scanners:
            proofs = _OF_ALL if scanner.declaration is None else (*_OF_ALL, *_OF_DECLARATIONS)
            wrong = [told for proof in proofs for told in proof(scanner)]
            wrong += declared.unknown_links(scanner, registered)
            # What is wrong in its declaration it can not be run with.
            wrong += [] if wrong else await prover.wrong(scanner)
            yield Verdict(scanner.type, wrong, [n for note in _NOTES for n in note(scanner)])
