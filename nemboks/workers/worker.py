"""One of several workers on one ledger: the daemon, with a share of the ledger in the place of the whole.

Its roles, steps, seats and stop are the daemon's. Otherwise than there, what is due is leased to it when it asks; it
asks when a nudge comes, when it has made something due itself, and now and then on its own, should all nudges be lost;
and it does not take more letters with it from one state to the next than its seats soon have room for.
Mailboxes are only polled: a connection that waits for news of one would have to be one worker's alone.
"""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final

from nemboks.daemon.notify import Systemd
from nemboks.daemon.roles import _ROLE_OF, Due
from nemboks.daemon.run import Daemon
from nemboks.daemon.watch import Watch
from nemboks.daemon.work import Work
from nemboks.domain.letter import Letter
from nemboks.domain.mailbox import Mailbox
from nemboks.journey.world import World
from nemboks.store.errors import StoreError
from nemboks.store.leases import COPY, LETTER, MAILBOX
from nemboks.store.leases_ports import Share
from nemboks.wiring import Services
from nemboks.workers.nudges import Nudges

LEASE_SWEEPS: Final = 40  # looks into our own store that a lease lasts; a quarter of them between two renewals
LEAST_LEASE: Final = 5.0  # seconds
FAREWELL_SECONDS: Final = 2.0
SHARE: Final = 2  # times its seats: so many rows a role has at most in hand and waiting; the others have seats too


class Worker(Daemon):
    """All work of one process over its share of the store."""

    def __init__(self, services: Services, facts: dict[str, str]) -> None:
        """`facts`: of the database, as libpq has them."""
        pace = services.world.pace
        self._share = services.store.share(max(LEAST_LEASE, LEASE_SWEEPS * pace.sweep_seconds), self._has_room)
        share = self._share
        super().__init__(replace(services, world=_shared(services.world, share)))
        self._named = {role.name: role for role in self.roles}
        self._more_of: set[str] = set()  # roles for which the store had more than their share
        for role in self.roles:
            role.due = partial(self._modestly, role, role.due)
        self._watch = _Polled(self.world, self.news)
        self._freed = asyncio.Event()
        self._sweeps = 0
        self.nudges = Nudges(facts, self.world.clock, self.heard, self._idle)

    async def run(self, systemd: Systemd | None = None) -> None:
        """Serve until SIGTERM, SIGINT or SIGHUP. Raises what a loop raised."""
        nudged = asyncio.create_task(self.nudges.run(), name="engine")
        try:
            await super().run(systemd)
        finally:
            nudged.cancel()
            await asyncio.wait({nudged}, timeout=FAREWELL_SECONDS)
            with suppress(TimeoutError, StoreError):
                async with asyncio.timeout(FAREWELL_SECONDS):
                    await self._share.leases.give_all_back()

    async def heard(self, name: str) -> None:
        """A nudge for that role. It looks once it has a free seat, or soon: meanwhile others get the other nudges."""
        role = self._named[name]
        with suppress(TimeoutError):
            async with asyncio.timeout(self.world.pace.sweep_seconds):
                while len(role.in_hand) >= role.seats and not self.stopping.is_set():
                    self._freed.clear()
                    await self._freed.wait()
        role.look()

    async def _idle(self, most: int) -> Sequence[tuple[str, str, int]]:
        """What is due and nobody's, in the engine's words."""
        idle = await self._share.idle(most)
        return [
            *(("look", cvr, 0) for cvr in idle.mailboxes),
            *((self.roles[_ROLE_OF[state]].name, "", letter) for letter, state in idle.letters),
            *(("further", "", letter) for letter in idle.copies),
        ]

    # --- what is ours, and what is left to the others ---

    def _has_room(self, letter: Letter) -> bool:
        number = _ROLE_OF.get(letter.state)
        if number is None:
            return False
        role = self.roles[number]
        return len(role.known) < SHARE * role.seats

    async def _modestly(self, role: Work[Any], ask: Due, limit: int, without: Collection[int]) -> Sequence[Any]:
        """What the role asks for, but no more than its share, for what it is given no other worker has."""
        most = min(limit, SHARE * role.seats + role.refused)
        rows = await ask(most, without)
        if len(rows) >= most:
            self._more_of.add(role.name)
        return rows

    def _moved(self, letter: Letter) -> None:
        left = self._share.letters.left
        if letter.id not in left:  # whatever room there is by now: it is leased to us
            super()._moved(letter)
            return
        left.discard(letter.id)
        if letter.due_at is not None and letter.due_at <= self.world.clock.now():
            self.nudges.left()

    def _done(self, role: Work[Any]) -> None:
        if role.name in self._more_of and len(role.known) < SHARE * role.seats:
            self._more_of.discard(role.name)
            role.look()
        super()._done(role)
        self._freed.set()

    async def _look(self, mailbox: Mailbox) -> None:
        listed = self._share.letters.listed
        listed.discard(mailbox.id)
        try:
            await super()._look(mailbox)
        finally:
            if mailbox.id not in listed:  # nobody was at home: whoever is first when it is due again
                await self._share.leases.give_back(MAILBOX, mailbox.id)

    # --- ticks ---

    async def _wake_all(self) -> None:
        """Leases of what is in hand are renewed; what waits long for a seat here may find one elsewhere. Looks are the
        nudges' business, and `_overdue`'s now and then."""
        self._sweeps += 1
        look, *letters, further = (set(role.in_hand) for role in self.roles)
        mine = {LETTER: set().union(*letters), MAILBOX: look, COPY: further, **self._share.sending}
        if self._sweeps % (LEASE_SWEEPS // 4) == 0 and any(mine.values()):
            await self._share.leases.renew(mine)

    async def _overdue(self) -> None:
        await super()._overdue()
        self.wake()


def _shared(world: World, share: Share) -> World:
    """The world with the share in the place of the whole ledger."""
    telling = world.telling and replace(world.telling, incidents=share.incidents, stream=share.stream)
    return replace(
        world, letters=share.letters, mailboxes=share.mailboxes, deliveries=share.deliveries,
        announcements=share.announcements, telling=telling,
    )  # fmt: skip


class _Polled(Watch):
    """In the place of the daemon's watch for news: there is none."""

    def start(self, *_: object) -> None:
        """Nothing is watched."""
