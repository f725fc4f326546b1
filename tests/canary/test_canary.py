"""Nothing that a letter says, no CPR number and no secret is anywhere but where people may see it (SECURITY.md 9)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.canary.birds import NUMBERS, WORDS, Canary
from tests.canary.run import COMMANDS, Remains, log_of, run
from tests.canary.scan import Leak, forms, leaks, seen
from tests.scenes.town import Town

PLACES = (
    "log",
    "db",
    "spool",
    "documents",
    "other",
    "process",
    "notice",
    "letter header",
    "cli status",
    "cli audit export",
)
SECRET = Canary("a secret", "hemmelig-kanin-4711")


@pytest.fixture(scope="module")
def remains(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remains]:
    """What one run left."""
    with Town(tmp_path_factory.mktemp("canary")) as town:
        yield run(town)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_nothing_leaks(remains: Remains) -> None:
    """Logs, ledger, spool, files, commands, notices, headers and the process: no canary where it is not allowed."""
    assert leaks(remains.places, remains.canaries) == []


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_run_was_one(remains: Remains) -> None:
    """The letters came, were delivered and held, every command answered: there was much to find."""
    assert sorted(remains.states) == ["ACKNOWLEDGED", "HELD", "HELD"]
    assert len(remains.exits) >= 2 * len(COMMANDS)
    assert {"log", "db", "spool", "process", "notice", "letter header", "letter body"} <= set(remains.places)
    for canary in WORDS:
        assert seen(remains.places, canary), f"{canary.name} was nowhere: it was not planted"
    (text,) = [canary for canary in NUMBERS if canary.name == "number in the text"]
    assert seen(remains.places, text) == {"letter body"}


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_numbers_reach_the_company_all_the_same(remains: Remains) -> None:
    """The mail's body has each number as the authority wrote it: what is masked in the ledger was sealed, not lost."""
    meant = [canary for canary in NUMBERS if "letter body" in canary.allowed]

    assert len(meant) >= 5
    for canary in meant:
        assert seen(remains.places, canary) == {"letter body"}, canary.name


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_daemon_that_logs_titles_is_seen(tmp_path: Path) -> None:
    """One mistake is planted in a real daemon: the title is found in its log; without the mistake the log has none."""
    with Town(tmp_path) as town:
        log = log_of(town, "tests.canary.leaky")

    assert {(leak.canary, leak.place) for leak in leaks({"log": log}, (*NUMBERS, *WORDS))} == {("title", "log")}


@pytest.mark.parametrize("place", PLACES)
def test_a_planted_leak_is_seen(place: str) -> None:
    """In every place and in every form that octets may hold it, at whatever offset its base64 begins."""
    for form, octets in forms(SECRET.text):
        found = leaks({place: b"x" * 7 + octets + b"y"}, [SECRET])
        assert Leak("a secret", place, form) in found
    assert leaks({place: b"hemmelig-kanin-4712"}, [SECRET]) == []


def test_what_is_allowed_is_allowed_there_alone() -> None:
    """A place in a canary's row excuses no other; people's numbers are allowed in the letter itself and nowhere."""
    title = next(canary for canary in WORDS if canary.name == "title")

    assert leaks({"db": b"kanarietitel", "letter body": b"kanarietitel"}, [title]) == []
    assert {leak.place for leak in leaks({"log": b"kanarietitel", "db": b"kanarietitel"}, [title])} == {"log"}
    assert all(set(canary.allowed) <= {"letter body"} for canary in NUMBERS)
