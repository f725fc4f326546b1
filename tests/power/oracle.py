"""What must be true on a disk that lost its power, before the program mends anything and when all has come to rest.

Stronger than the promise: not only is no letter lost in the end, every move whose commit was told is in the history.
"""

import hashlib
import re
from collections import Counter
from contextlib import aclosing
from typing import Any

from nemboks.domain.chain import Outcome
from nemboks.domain.events import Confirmed, DotBegun
from nemboks.domain.letter import Letter, State
from nemboks.store.spool import Spool
from nemboks.store.store import Store
from tests.crash.oracle import check
from tests.journey.town import Town
from tests.power.machine import Journal

KEPT = (State.WAITING, State.SENDING, State.HANDED_OVER, State.FORWARDED, State.HELD)


class Looks:
    """Called with the open store: first on what the disk kept, then on what became of it."""

    def __init__(self, town: Town, journal: Journal) -> None:
        """`journal`: what the program had been told, and what upstream had been asked, before the cut."""
        self._town, self._journal, self._times = town, journal, 0
        self.letters: list[Letter] = []
        self.further: list[Any] = []
        self._saved: set[int] = set()  # letters whose contents were ours when the power came back

    async def __call__(self, store: Store, spool: Spool) -> None:
        self._times += 1
        await store.check()
        verdict = await store.audit.verify()
        assert verdict.outcome is Outcome.WHOLE, f"history: {verdict}"
        self.letters = list(await store.letters.list(limit=1000))
        self.further = [x for letter in self.letters for x in await store.deliveries.of(letter.id)]
        if self._times == 1:
            await self._durable(store, spool)
        else:
            self._at_rest(spool)

    async def _durable(self, store: Store, spool: Spool) -> None:
        rows = {x.id: x for x in self.letters}
        pasts = {n: Counter(e.event for e in (await store.letters.history(n))[1]) for n in rows}
        for n, told in self._told().items():
            missing = told - pasts.get(n, Counter[str]())
            assert not missing, f"lost commits: letter {n}, {dict(missing)}"
        self._upstream(pasts)
        for letter in self.letters:
            await self._contents(letter, spool)
        self._add_unheard(pasts)

    def _told(self) -> dict[int, Counter[str]]:
        """By letter, the moves whose commits were told."""
        told: dict[int, Counter[str]] = {}
        for name, *args in self._journal:
            if name == "move":
                told.setdefault(args[0].id, Counter())[snake(args[1])] += 1
        return told

    def _upstream(self, pasts: dict[int, Counter[str]]) -> None:
        """No receipt and no dot without its commit on the disk."""
        rows = {x.upstream_id: x for x in self.letters}
        for receipt in self._town.inbox.receipts:
            letter = rows.get(receipt.upstream_id)
            proven = letter and letter.state in (State.FORWARDED, State.ACKNOWLEDGED) and letter.confirmation
            assert proven, f"premature: a receipt of {receipt.upstream_id} stands, its confirmation does not"
        dots = Counter(sent.mail.recipient for sent in self._town.courier.sent)
        begun = sum(past["dot_begun"] + past["copy_dot_begun"] for past in pasts.values())
        assert dots.total() <= begun, f"copies: {dots.total()} dots were sent, {begun} are known"

    async def _contents(self, letter: Letter, spool: Spool) -> None:
        sealed = any(n == "sealed" and a[1] == letter.contents for n, *a in self._journal)
        if letter.contents is None or self._town.inbox.keeps or not (sealed or letter.state in KEPT):
            return
        digest = hashlib.sha256()
        async with aclosing(spool.open(letter.id, letter.contents)) as pieces:
            async for piece in pieces:
                digest.update(piece)
        known = letter.headline.sha256 if letter.headline else digest.hexdigest()
        assert digest.hexdigest() == known, f"lost: letter {letter.id} holds other contents"
        self._saved.add(letter.id)

    def _add_unheard(self, pasts: dict[int, Counter[str]]) -> None:
        """Commits that are on the disk although the program never heard of them."""
        told = self._told()
        for letter in self.letters:
            begun = pasts[letter.id]["dot_begun"] - told.get(letter.id, Counter[str]())["dot_begun"]
            self._journal += [("move", letter, DotBegun(letter.fence))] * begun
            if letter.confirmation and letter.transmission_id:
                event = Confirmed(letter.confirmation, letter.transmission_id, letter.confirmation.at)
                self._journal.insert(0, ("move", letter, event))

    def _at_rest(self, spool: Spool) -> None:
        lost = [x.id for x in self.letters if x.id in self._saved and x.state is State.VANISHED]
        assert not lost, f"lost: {lost} were sealed here"
        check(self._journal, self.letters, self._town.inbox, self._town.courier, self.further)
        left = [x.name for x in spool.directory.iterdir()]
        assert not left, f"left in the spool: {left}"

    @property
    def uncertain(self) -> int:
        return sum(x.uncertain for x in [*self.letters, *self.further])

    @property
    def copies(self) -> int:
        """Mails beyond the first of each."""
        seen = Counter(sent.letter for sent in self._town.courier.sent)
        return seen.total() - len(seen)


def snake(event: Any) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", type(event).__name__).lower()
