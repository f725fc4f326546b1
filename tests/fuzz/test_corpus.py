"""Every kept input through its parser, as the fuzzer puts it there: no crash, no broken property, no long wait.

The corpora are the lines of the parsers; what once broke one lies in found/ and is told in words in test_found.py.
"""

import time
from pathlib import Path

import pytest

from tests.fuzz.child_limits import SECONDS
from tests.fuzz.keep import MOST, OCTETS
from tests.fuzz.parsers import NAMES, parser

HERE = Path(__file__).parent
FILES = sorted(path for folder in ("corpus", "found") for path in (HERE / folder).glob("*/*"))


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parent.name}-{path.name}" for path in FILES])
def test_each_kept_input_ends_as_its_parser_may(path: Path) -> None:
    """The outcome is one that the parser's words allow, within a second of processor time."""
    harness, octets = parser(path.parent.name), path.read_bytes()
    begun = time.process_time()

    assert harness.check(octets) in harness.OUTCOMES
    assert time.process_time() - begun < SECONDS


@pytest.mark.parametrize("name", NAMES)
def test_each_outcome_is_reached(name: str) -> None:
    """A corpus that never showed one would say nothing of it."""
    harness = parser(name)
    files = [path for path in FILES if path.parent.name == name]

    assert {harness.check(path.read_bytes()) for path in files} == harness.OUTCOMES


@pytest.mark.parametrize("name", NAMES)
def test_a_corpus_stays_small(name: str) -> None:
    """At most 60 files and 200 kB, so that everybody can carry it along and look into it."""
    sizes = [path.stat().st_size for path in (HERE / "corpus" / name).iterdir()]

    assert 10 <= len(sizes) <= MOST
    assert sum(sizes) <= OCTETS
