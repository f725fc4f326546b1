"""A split letter and a relay hold the same promises in every interleaving; the mistakes planted in them are found."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from nemboks.domain import letter as rules
from nemboks.domain.events import Event, PartConfirmed
from nemboks.domain.letter import Letter, State
from nemboks.domain.proof import Way
from nemboks.domain.returns import StatusNotice, Token
from nemboks.journey import returned
from tests.model.explore import explore
from tests.model.relay import Notice, RelayProgram, RelayWorld, relayed_letter
from tests.model.way import WAITING, Program, World

ONE, TWO = relayed_letter(WAITING, 1), relayed_letter(WAITING, 2)
SPLIT = World(row=TWO.row, copies=(0, 0), attempts=4)

SCENES: dict[str, tuple[Program, World, int]] = {
    "two parts, machines die": (Program(), replace(SPLIT, crashes=1), 10_000),
    "two parts, contents lost": (Program(), replace(SPLIT, losses=1, dismissals=1, attempts=3), 5_000),
    "a relay loses, bounces, passes on": (
        RelayProgram(), replace(ONE, attempts=2, holes=1, bounces=1, hops=1, landing=True), 5_000,
    ),
    "a relay, machines die": (RelayProgram(), replace(ONE, attempts=2, crashes=1, doubles=1), 5_000),
    "a relay, and a person sends again": (
        RelayProgram(), replace(ONE, attempts=2, holes=1, bounces=1, releases=1), 5_000,
    ),
    "two parts through a relay": (RelayProgram(), replace(TWO, attempts=3, doubles=1), 5_000),
}  # fmt: skip


class Quiet:
    """A log that nobody reads: the same notice is read in ten thousand worlds."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(returned, "log", Quiet)


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
def test_every_interleaving_keeps_the_promise(scene: str) -> None:
    """A receipt only after every part; a hand-over leads to none without evidence; nothing lost, no dead end."""
    program, start, least = SCENES[scene]
    found = explore(program, start)
    print(f"{scene}: {found}")

    assert not found.breach, str(found)
    assert found.worlds > least, "the bounds leave too little to look at"


# --- planted mistakes ---


class ReceiptAfterTheFirstPart(Program):
    """The first part's 250 is taken for the letter's."""

    @staticmethod
    def rule(row: Letter, event: Event, now: datetime) -> Letter:
        after = rules.move(row, event, now)
        if isinstance(event, PartConfirmed):
            return replace(
                after, state=State.FORWARDED, proofs=(), confirmation=event.confirmation, transmission_id="t1"
            )
        return after


class HandOverIsConfirmation(RelayProgram):
    """The relay's 250 counts like one of the company's own server."""

    way = Way.OWN_SERVER


class RelayedIsDelivered(RelayProgram):
    """`relayed` in a notice is read as `delivered`."""

    def meant(self, w: RelayWorld, notice: Notice) -> StatusNotice:
        return super().meant(w, notice._replace(action=notice.action.replace("relayed", "delivered")))


class AnyNoticeIsOfTheLatest(RelayProgram):
    """Which mail a notice is about is not read: it is taken for the one that is waited for."""

    def meant(self, w: RelayWorld, notice: Notice) -> StatusNotice:
        return replace(super().meant(w, notice), token=Token(1, w.row.fence, w.row.part))


class AnyMailIsTheLetter(RelayProgram):
    """Whatever lies in the inbox is taken for the letter."""

    def lies_there(self, w: RelayWorld) -> bool:
        return True


MISTAKES: dict[type[Program], tuple[World, str]] = {
    ReceiptAfterTheFirstPart: (SPLIT, "1: a receipt went upstream after 1 of 2 parts"),
    HandOverIsConfirmation: (ONE, "1: a receipt went upstream for a letter that the company does not have"),
    RelayedIsDelivered: (replace(ONE, hops=1), "1: part 1 is confirmed, and the company does not have it"),
    AnyNoticeIsOfTheLatest: (replace(TWO, doubles=1), "1: part 2 is confirmed, and the company does not have it"),
    AnyMailIsTheLetter: (replace(ONE, landing=True), "1: part 1 is confirmed, and the company does not have it"),
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda x: x.__name__)
def test_a_planted_mistake_is_found(mistake: type[Program]) -> None:
    """The shortest story that leads to the breach is told in words."""
    start, breach = MISTAKES[mistake]
    found = explore(mistake(), start)
    print(f"{mistake.__name__}: {mistake.__doc__} {found}")

    assert found.breach == breach, str(found)
    assert found.trace
