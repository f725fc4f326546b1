"""The harnesses themselves: with a mistake planted in a parser, its kept inputs must break a property."""

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from nemboks.content import csv_cells, memo, message, names
from nemboks.delivery import replies
from nemboks.delivery.stream import Wire
from nemboks.domain import mailbox, pace, returns
from nemboks.intake import rest, rest_calls, words
from nemboks.intake.letter_stream import LetterStream
from nemboks.intake.session import Session
from nemboks.ports import InboxError
from tests.fuzz.parsers import NAMES, parser

CORPUS = Path(__file__).parent / "corpus"
Plant = Callable[[pytest.MonkeyPatch], None]


async def _nothing(*_: object) -> None:
    """In place of a check."""


async def _none(*_: object) -> dict[int, InboxError]:
    return {}


async def _half(stream: LetterStream) -> bytes:
    stream._left = 0
    raise StopAsyncIteration


MISTAKES: dict[str, Plant] = {
    "memo: titles are not cleaned": lambda m: m.setattr(memo, "clean", lambda text, limit: text[:limit]),
    "memo: file names keep CPR numbers": lambda m: m.setattr(names, "mask_cpr", lambda text: text),
    "message: doubtful headers go as they are": lambda m: m.setattr(message, "_may_keep", lambda *read: True),
    "rest: any id will do": lambda m: m.setattr(rest, "_ID", re.compile(".*", re.DOTALL)),
    "rest: 409 takes a receipt": lambda m: m.setattr(rest, "_TAKEN", (200, 201, 204, 409)),
    "rest: Retry-After is obeyed": lambda m: m.setattr(rest_calls, "_LONGEST_WAIT", float("inf")),
    "rest: our token is told": lambda m: m.setattr(rest_calls, "said", lambda text, *secrets: words.said(text)),
    "imap: a letter's end is not checked": lambda m: m.setattr(LetterStream, "_ends", _nothing),
    "imap: half a letter is one": lambda m: m.setattr(LetterStream, "__anext__", _half),
    "imap: another message is removed": lambda m: m.setattr(Session, "strangers", _none),
    "smtp: blanks before a code": lambda m: m.setattr(replies, "_LINE", re.compile(rb"\s*([2-5]\d\d)([ -]?)(.*)\r?\n")),
    "smtp: unread replies before the dot": lambda m: m.setattr(Wire, "quiet", property(lambda wire: True)),
    "address: anything before the @": lambda m: m.setattr(mailbox, "_LOCAL", re.compile(".+", re.DOTALL)),
    "table: formulas are exported": lambda m: m.setattr(csv_cells, "defused", lambda cell: cell),
    "settings: waits without an end": lambda m: m.setattr(pace, "LONGEST_SECONDS", float("inf")),
    "dsn: any MAC will do": lambda m: m.setattr(
        returns, "hmac", SimpleNamespace(new=returns.hmac.new, compare_digest=lambda one, other: True)
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_breaks_a_property(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least one kept input of the parser sees it."""
    harness = parser(mistake.partition(":")[0])
    files = sorted((CORPUS / mistake.partition(":")[0]).iterdir())
    MISTAKES[mistake](monkeypatch)
    broken = 0
    for file in files:
        try:
            harness.check(file.read_bytes())
        except (AssertionError, ValueError, OverflowError):
            broken += 1

    assert broken


def test_every_parser_has_a_planted_mistake() -> None:
    """None is believed because nothing was ever wrong with it."""
    assert {mistake.partition(":")[0] for mistake in MISTAKES} == set(NAMES)
