"""Upstream's list, our ledger and the confirmations, compared: what is a difference, and what is normal."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nemboks.domain.letter import State
from nemboks.domain.mailbox import Face
from nemboks.domain.reconciliation import LINGERS, SERIOUS, Difference, Entry, Kind, missing, odd, unknown
from tests.domain.samples import AT

MOMENT = timedelta(microseconds=1)
REST, IMAP = Face.REST, Face.IMAP


def entry(id_: str = "7.10", **changes: Any) -> Entry:
    """One of an IMAP inbox that is on its way, and was found before we asked."""
    return replace(Entry(1, id_, State.WAITING, AT - MOMENT, None, True, True, False), **changes)


def entries(*ids: str) -> list[Entry]:
    return [entry(id_, letter=number) for number, id_ in enumerate(ids, 1)]


@pytest.mark.parametrize(
    ("face", "before", "listed", "after", "lost"),
    [
        (REST, ["a"], ["a", "b"], ["a", "b"], []),
        (REST, ["a"], ["a", "b"], ["b"], ["a"]),
        (REST, ["a"], ["a", "b"], ["a"], ["b"]),
        (REST, ["a"], [], [], []),
        (REST, ["7.10"], ["7.9"], ["7.10", "7.9"], []),
        (IMAP, ["7.10"], ["7.11"], ["7.10", "7.11"], []),
        (IMAP, ["7.10"], ["7.9"], ["7.10", "7.9"], ["7.9"]),
        (IMAP, ["7.10"], ["7.10"], ["7.10"], []),
        (IMAP, ["7.10", "7.8"], ["7.9"], ["7.9"], ["7.9"]),
        (IMAP, ["7.10"], ["8.9"], ["8.9"], []),
        (IMAP, ["7.8", "7.10"], ["7.8"], ["7.8"], []),
        (IMAP, ["7.10", "8.2"], ["8.9", "8.1"], ["8.9", "8.1"], ["8.1"]),
        (IMAP, ["7.x"], ["7.0"], ["7.0"], []),
        (IMAP, ["7.10"], ["7.x", "7"], ["7.x", "7"], []),
        (IMAP, [], ["7.0"], ["7.0"], []),
    ],
)
def test_what_upstream_lists_and_the_ledger_had_lost(
    face: Face, before: Sequence[str], listed: Sequence[str], after: Sequence[str], lost: Sequence[str]
) -> None:
    """What the listing's own commit left out; over IMAP also what lies beneath a known id and was not known."""
    found = unknown(entries(*before), entries(*after), listed, face)
    assert found == [Difference(Kind.UNKNOWN_HERE, id_) for id_ in lost]


UNDELIVERED = {State.FOUND, State.WAITING, State.SENDING, State.HANDED_OVER, State.HELD}


@pytest.mark.parametrize("state", State)
def test_what_is_missed(state: State) -> None:
    """A letter that nobody confirmed and upstream does not list; not what was delivered, dismissed or has vanished."""
    assert missing([entry(state=state)], ["7.11"], AT, IMAP) == ({1} if state in UNDELIVERED else set())


@pytest.mark.parametrize(
    ("one", "listed", "face", "gone"),
    [
        (entry(), ["7.10"], IMAP, False),
        (entry(), [], IMAP, True),
        (entry(), ["8.1"], IMAP, False),
        (entry(), ["8.1", "7.9"], IMAP, True),
        (entry(found_at=AT), [], IMAP, False),
        (entry(fetched=False), [], IMAP, True),
        (entry("a"), [], REST, False),
        (entry("a", fetched=False), [], REST, True),
        (entry("a", fetched=False), ["b"], REST, True),
        (entry("a", fetched=False), ["a"], REST, False),
    ],
)
def test_what_upstream_may_hide_is_not_missed(one: Entry, listed: list[str], face: Face, gone: bool) -> None:
    """Fetched ones over REST; those of an older UIDVALIDITY; what was found while we asked."""
    assert missing([one], listed, AT, face) == ({1} if gone else set())


@pytest.mark.parametrize(
    ("one", "listed", "kind"),
    [
        (entry(state=State.FORWARDED), [], Kind.DONE_UNCONFIRMED),
        (entry(state=State.ACKNOWLEDGED), [], Kind.DONE_UNCONFIRMED),
        (entry(state=State.FORWARDED, confirmed=True), ["7.10"], None),
        (entry(state=State.WAITING), [], None),
        (entry(state=State.ACKNOWLEDGED, confirmed=True, acknowledged_at=AT - LINGERS), ["7.10"], None),
        (entry(state=State.ACKNOWLEDGED, confirmed=True, acknowledged_at=AT - LINGERS - MOMENT), ["7.10"],
         Kind.STILL_THERE),
        (entry(state=State.ACKNOWLEDGED, confirmed=True, acknowledged_at=AT - LINGERS - MOMENT), ["7.1"], None),
    ],
)  # fmt: skip
def test_what_is_called_done_and_is_not(one: Entry, listed: list[str], kind: Kind | None) -> None:
    """Without a confirmation of every part, or listed still an hour after its receipt was taken."""
    assert odd([one], listed, AT) == ([] if kind is None else [Difference(kind, "1")])


def test_what_stops_receipts() -> None:
    """A letter may be lost. Not what upstream only lists for long, nor what the fuse has stopped already."""
    assert timedelta(hours=1) == LINGERS
    assert set(Kind) - SERIOUS == {Kind.STILL_THERE, Kind.ASKED_UNCONFIRMED}
    assert str(Difference(Kind.STILL_THERE, "17")) == "still_there 17"
