"""Judges a machine whose own memory was damaged, by what the others saw: upstream, and the company's mail server."""

from collections import Counter
from dataclasses import dataclass

from nemboks.domain.letter import Letter, State
from nemboks.store.store import Store
from tests.crash.oracle import _id_of
from tests.helpers import builders as make
from tests.journey.town import Town
from tests.power.tally import Tally


@dataclass
class Facts:
    """What a ledger says of each letter, by its upstream id."""

    letters: dict[str, Letter]

    @classmethod
    async def of(cls, store: Store) -> "Facts":
        return cls({x.upstream_id: x for x in await store.letters.list(limit=1000)})

    def doubts(self, id_: str) -> int:
        """Mails that this ledger knows may have come: a confirmation, uncertain ends, a dot that is out."""
        letter = self.letters.get(id_)
        if letter is None:
            return 0
        dot = letter.state is State.SENDING and letter.dot_begun_at is not None
        return int(letter.confirmation is not None) + letter.uncertain + int(dot)


def judge(town: Town, known: Facts, looks: list[Facts], keeps: bool, tally: Tally) -> None:
    """AssertionError for a letter lost, early, astray or copied without a count; the rest goes to the tally's cells.

    `known`: what our last ledger knew; `looks`: what the restarted one knew at first, and when all came to rest.
    `keeps`: upstream has a letter until its receipt, so none may be lost.
    """
    back, rest = looks
    mails, kept = safe(town)
    for id_ in {*known.letters, *rest.letters, *town.inbox.letters}:
        forgotten = known.doubts(id_) - back.doubts(id_)
        after = rest.letters.get(id_)
        allowed = 1 + max(0, forgotten) + (after.uncertain if after else 0)
        assert mails[id_] <= allowed, f"copies: {mails[id_]} mails of {id_}, {allowed} may be"
        tally.copies += max(0, mails[id_] - 1)
        tally.uncertain += after.uncertain if after else 0
        _lost(id_, id_ in kept, after, town, keeps, tally)


def safe(town: Town) -> tuple[Counter[str], set[str]]:
    """How many mails each letter became, and which a server kept; AssertionError for one astray or a receipt early."""
    mails = Counter(_id_of(x.letter) for x in town.courier.sent)
    kept = {_id_of(x.letter) for x in town.courier.sent if x.kept}
    astray = {x.mail.recipient for x in town.courier.sent} - {make.ADDRESS}
    assert not astray, f"misdelivered: {astray}"
    early = {x.upstream_id for x in town.inbox.receipts} - kept
    assert not early, f"premature: {early}"
    return mails, kept


def _lost(id_: str, kept: bool, after: Letter | None, town: Town, keeps: bool, tally: Tally) -> None:
    said = after is not None and after.state is State.VANISHED
    if kept and id_ not in town.inbox.letters:
        tally.cells["delivered, and called vanished" if said else "delivered"] += 1
    elif id_ in town.inbox.letters:
        held = after is not None and after.state is State.HELD
        assert held or not keeps, f"lost: {id_} lies upstream, nobody looks at it"
        tally.cells["held" if held else "lies upstream on no list, and nobody knows"] += 1
    else:
        tally.cells["lost, with an alarm" if said else "lost, and nobody knows"] += 1
        assert not keeps, f"lost: {id_}"
