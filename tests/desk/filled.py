"""A ledger with a letter in every state, filled through the ports as the journey would."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from nemboks.domain.letter import (
    Acknowledged,
    Dismissed,
    DotBegun,
    HandedOver,
    Later,
    Letter,
    Reason,
    ReceiptBegun,
    State,
    Vanished,
)
from nemboks.domain.proof import Stage
from nemboks.ports import Listed
from nemboks.store.store import Store
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock
from tests.helpers.holding import held

TITLE = "Afgørelse om 010101-0000"  # a CPR shape with an impossible serial
FULL = make.report(Stage.RCPT, reply=make.reply(452, "4.2.2", "over quota"))


class Filled:
    """Builds letters of Anna's, each by its own way."""

    def __init__(self, store: Store, clock: PretendClock) -> None:
        self.store, self.clock = store, clock

    async def found(self, id: str) -> Letter:
        anna = await self.store.mailboxes.find(make.ANNA)
        assert anna is not None
        now = self.clock.now()
        await self.store.letters.found(anna, [Listed(id)], now, now)
        return next(x for x in await self.store.letters.list() if x.upstream_id == id)

    async def waiting(self, id: str) -> Letter:
        letter = await self.found(id)
        return await self.store.letters.move(
            letter, make.collected(self.clock.now(), headline=make.headline(title=TITLE))
        )

    async def sending(self, id: str) -> Letter:
        return await self.store.letters.move(await self.waiting(id), make.claimed(self.clock.now()))

    async def later(self, id: str, seconds: float = 0.0) -> Letter:
        """Put off; it is due again so many seconds from now."""
        letter = await self.sending(id)
        due_at = self.clock.advance(1).replace(microsecond=0) + timedelta(seconds=seconds)
        return await self.store.letters.move(letter, Later(letter.fence, "full", "452 4.2.2 over quota", due_at, FULL))

    async def forwarded(self, id: str) -> Letter:
        letter = await self.sending(id)
        letter = await self.store.letters.move(letter, DotBegun(letter.fence))
        now = self.clock.advance(2)
        return await self.store.letters.move(letter, make.confirmed(letter, now, at=now))

    async def acknowledged(self, id: str) -> Letter:
        letter = await self.store.letters.move(await self.forwarded(id), ReceiptBegun())
        return await self.store.letters.move(letter, Acknowledged("200 taken"))

    async def handed_over(self, id: str) -> Letter:
        now = self.clock.now()
        return await self.store.letters.move(await self.sending(id), HandedOver("250 queued", now, now))

    async def held(self, id: str, reason: Reason = Reason.TOO_LARGE) -> Letter:
        return await held(self.store.letters, await self.waiting(id), reason, "asked")

    async def dismissed(self, id: str) -> Letter:
        return await self.store.letters.move(await self.held(id), Dismissed("anna"))

    async def vanished(self, id: str) -> Letter:
        return await self.store.letters.move(await self.found(id), Vanished("404"))

    def way_to(self, state: State) -> Callable[[str], Awaitable[Letter]]:
        way: Callable[[str], Awaitable[Letter]] = getattr(self, state.value.lower())
        return way

    async def every_state(self) -> dict[State, Letter]:
        """One letter in each state, the ids in the order of State."""
        return {state: await self.way_to(state)(f"letter-{state.value}") for state in State}
