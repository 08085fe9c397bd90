"""What holds for every scanner that is registered: a new one is proved by being there."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from proxyd.actions import PREFIXES
from proxyd.aws.models import operations_of
from proxyd.model import Scanner
from proxyd.proofs import declared as proofs
from proxyd.proofs import reviewed
from proxyd.proofs.running import Prover
from proxyd_aws.plugin import proxyd_scanners

SCANNERS = tuple(proxyd_scanners())
TYPES = frozenset(scanner.type for scanner in SCANNERS)

every = pytest.mark.parametrize("scanner", SCANNERS, ids=lambda s: s.type)
every_declared = pytest.mark.parametrize(
    "scanner", [s for s in SCANNERS if s.declaration is not None], ids=lambda s: s.type
)


@every_declared
def test_paths_lead_to_what_they_are_there_for(scanner: Scanner) -> None:
    """Every declared path exists in botocore's models and ends in a fitting kind of value."""
    assert proofs.wrong_paths(scanner) == []


@every_declared
def test_parameters_are_what_the_operations_take(scanner: Scanner) -> None:
    """Every operation exists and gets its required parameters, and none it does not know."""
    assert proofs.wrong_params(scanner) == []


@every_declared
def test_no_page_is_lost(scanner: Scanner) -> None:
    """Whatever answers in pages is read page by page, and botocore knows how."""
    assert proofs.lost_pages(scanner) == []


@every
def test_actions_only_read_about_things(scanner: Scanner) -> None:
    """Every action is in the IAM reference as List or Read and reads neither data nor keys."""
    assert proofs.wrong_actions(scanner) == []


@every
def test_type_is_known_to_cloudformation(scanner: Scanner) -> None:
    """Every scanner's type has a CloudFormation schema, or a reason to have none."""
    assert proofs.unknown_type(scanner) == []


@every
def test_it_is_listed_as_cloudformation_lists_it(scanner: Scanner) -> None:
    """Every scanner lists by an action that the registry's list handler needs too, or says why."""
    assert proofs.other_list(scanner) == []


@every_declared
def test_arns_are_built_as_the_iam_reference_has_them(scanner: Scanner) -> None:
    """Every ARN that AWS does not give has the reference's form, or a reason to have another."""
    assert proofs.unknown_arn(scanner) == []


@every_declared
def test_nothing_secret_is_declared(scanner: Scanner) -> None:
    """No declared path passes what is marked sensitive or is on the never-list."""
    assert proofs.secret_paths(scanner) == []


@every
def test_links_lead_to_known_types(scanner: Scanner) -> None:
    """Every link names a type that is registered or has a CloudFormation schema."""
    assert proofs.unknown_links(scanner, TYPES) == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prover() -> AsyncGenerator[Prover, None]:
    """An endpoint that answers from the service models, and clients for it."""
    async with Prover() as started:
        yield started


@every
@pytest.mark.asyncio(loop_scope="module")
async def test_it_finds_what_an_answer_holds_and_nothing_else(
    prover: Prover, scanner: Scanner
) -> None:
    """Every scanner runs over HTTP: full, absent, empty and hostile answers, and two pages."""
    assert await prover.wrong(scanner) == []


@pytest.mark.parametrize("table", [reviewed.TYPES, reviewed.LISTS, reviewed.ARNS])
def test_nothing_is_excused_that_is_not_there(table: dict[str, str]) -> None:
    """An excuse for a type that nobody lists is a left-over."""
    assert set(table) <= TYPES


def test_every_type_is_listed_once() -> None:
    """No two scanners list the same type."""
    assert len(TYPES) == len(SCANNERS)


@pytest.mark.parametrize("service", sorted(PREFIXES))
def test_an_exception_among_the_prefixes_knows_more_than_the_rule(service: str) -> None:
    """The IAM reference knows more of a service's operations under its exception's prefix."""
    operations = {name.casefold() for name in operations_of(service)}
    known = {
        prefix: len(operations & {name.casefold() for name in proofs.actions_under(prefix)})
        for prefix in (service, PREFIXES[service])
    }
    assert known[PREFIXES[service]] >= known[service]
    assert PREFIXES[service] in proofs.iam_reference()
