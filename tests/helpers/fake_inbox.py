"""An Inbox in memory, under the same contract as the real ones, with faults that a test plants.

inbox = FakeInbox()
inbox.put("a", b"...")
inbox.plant("fetch", Unavailable("outage"), Cut(10))   # the next fetch fails, the one after is cut
inbox.plant("acknowledge", LostReply())                 # the receipt is taken, the answer is lost
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from nemboks.domain.proof import Receipt
from nemboks.ports import Gone, InboxError, Listed, Unavailable

PIECE_BYTES = 128 << 10


class Removal(StrEnum):
    """What takes a letter off upstream's list; the truth about Digital Post is unknown (DIGITAL-POST 2.4)."""

    ON_RECEIPT = "on-receipt"
    ON_FETCH = "on-fetch"  # off the list, but still there for who knows the id
    FORGETS = "forgets"  # gone altogether once fetched
    EVENTUALLY = "eventually"  # listed three times more after its receipt


@dataclass(frozen=True)
class Cut:
    """The letter ends after so many bytes."""

    after: int


@dataclass(frozen=True)
class LostReply:
    """The call has its effect, its answer is lost."""


Fault = InboxError | Cut | LostReply


class FakeInbox:
    def __init__(self, keeps: bool = True, removal: Removal = Removal.ON_RECEIPT) -> None:
        self.removal = removal
        self.letters: dict[str, bytes] = {}
        self.receipts: list[Receipt] = []  # every one that was taken
        self.unusable = 0
        self.acts: list[tuple[str, str]] = []  # what was asked for, in order
        self._keeps = keeps
        self._dates: dict[str, datetime] = {}
        self._unlisted: set[str] = set()
        self._lingering: dict[str, int] = {}
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._arrived = asyncio.Event()

    # --- for tests ----------------------------------------------------------------------------------------------------

    def put(self, upstream_id: str, letter: bytes, available_at: datetime | None = None) -> str:
        """The id of a letter that lies there now."""
        self.letters[upstream_id] = letter
        if available_at:
            self._dates[upstream_id] = available_at
        self._unlisted.discard(upstream_id)
        self._arrived.set()
        return upstream_id

    def take(self, upstream_id: str) -> None:
        """Somebody else removes the letter, or the sender recalls it."""
        self.letters.pop(upstream_id, None)

    def plant(self, call: str, *faults: Fault) -> None:
        """The next calls of `list`, `fetch`, `acknowledge` or `news` meet these, one each."""
        self._faults[call].extend(faults)

    def heal(self) -> None:
        self._faults.clear()

    # --- the port -----------------------------------------------------------------------------------------------------

    @property
    def keeps(self) -> bool:
        return self._keeps

    async def list(self) -> Sequence[Listed]:
        self._meet("list", "")
        listed = [Listed(each, self._dates.get(each)) for each in self.letters if each not in self._unlisted]
        for each, times in list(self._lingering.items()):
            listed.append(Listed(each, self._dates.get(each)))
            self._lingering[each] = times - 1
            if times == 1:
                del self._lingering[each]
        return listed

    @asynccontextmanager
    async def fetch(self, upstream_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
        fault = self._meet("fetch", upstream_id)
        if upstream_id not in self.letters:
            raise Gone("no such letter")
        yield self._pieces(upstream_id, fault)

    async def acknowledge(self, receipt: Receipt, repeated: bool) -> str:
        fault = self._meet("acknowledge", receipt.upstream_id)
        if receipt.upstream_id not in self.letters:
            raise Gone("already settled")
        del self.letters[receipt.upstream_id]
        self.receipts.append(receipt)
        if self.removal is Removal.EVENTUALLY:
            self._lingering[receipt.upstream_id] = 3
        if isinstance(fault, LostReply):
            raise Unavailable("the answer was lost")
        return "receipt taken"

    async def news(self) -> None:
        self._meet("news", "")
        await self._arrived.wait()
        self._arrived.clear()

    async def close(self) -> None:
        pass

    def _meet(self, call: str, upstream_id: str) -> Fault | None:
        self.acts.append((call, upstream_id))
        fault = self._faults[call].popleft() if self._faults[call] else None
        if isinstance(fault, InboxError):
            raise fault
        return fault

    async def _pieces(self, upstream_id: str, fault: Fault | None) -> AsyncIterator[bytes]:
        letter = self.letters[upstream_id]
        whole = letter[: fault.after] if isinstance(fault, Cut) else letter
        for start in range(0, len(whole), PIECE_BYTES):
            yield whole[start : start + PIECE_BYTES]
        if isinstance(fault, Cut):
            raise Unavailable("the letter ended early")
        if self.removal is Removal.ON_FETCH:
            self._unlisted.add(upstream_id)
        if self.removal is Removal.FORGETS:
            self.letters.pop(upstream_id, None)
        if isinstance(fault, LostReply):
            raise Unavailable("the answer was lost")
