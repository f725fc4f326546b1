"""Ports that count their calls and die at one of them: right before it takes effect, or right after.

A dead process does nothing more: every later call through the same fuse dies too. What took effect is noted in the
journal, in order, by both lives: it is what the invariants are checked on.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from nemboks.domain.headline import Sealed
from nemboks.domain.proof import Report
from nemboks.journey.world import World
from nemboks.ports import Mail


class Killed(BaseException):
    """The process is gone. No handler of the program's may catch this."""


class Fuse:
    """Counts calls; blows at number `at`. Without a number it only counts and notes."""

    def __init__(self, journal: list[tuple[Any, ...]], at: int | None = None, after: bool = False) -> None:
        self.journal, self.at, self.after = journal, at, after
        self.names: list[str] = []
        self.blown = False

    async def call(self, name: str, effect: Callable[[], Awaitable[Any]], *note: Any) -> Any:
        mine = self._step(name)
        if mine and not self.after:
            self._blow()
        if name == "acknowledge":  # upstream may act on it whatever the call brings
            self.journal.append((name, *note))
        try:
            result = await effect()
        except Exception:
            if mine:
                self._blow()
            raise
        if name != "acknowledge":
            self.journal.append((name, *note))
        if mine:
            self._blow()
        return result

    def _step(self, name: str) -> bool:
        if self.blown:
            raise Killed
        self.names.append(name)
        return len(self.names) == self.at

    def _blow(self) -> None:
        self.blown = True
        raise Killed


class Port:
    """Any port whose calls are plain coroutines."""

    def __init__(self, real: Any, fuse: Fuse, prefix: str = "") -> None:
        self.real, self.fuse, self.prefix = real, fuse, prefix

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.real, name)
        if not callable(value):
            return value

        async def call(*args: Any, **named: Any) -> Any:
            return await self.fuse.call(self.prefix + name, lambda: value(*args, **named), *args)

        return call

    async def pieces(self, name: str, source: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        async for piece in source:
            yield piece
        await self.fuse.call(name, _nothing)


class InboxPort(Port):
    @asynccontextmanager
    async def fetch(self, upstream_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
        async with self.real.fetch(upstream_id) as source:
            yield self.pieces("fetched", source)


class InboxesPort(Port):
    async def of(self, *args: Any) -> InboxPort:
        return InboxPort(await self.fuse.call("of", lambda: self.real.of(*args)), self.fuse)


class ContentsPort(Port):
    @asynccontextmanager
    async def seal(self, letter: int, once: bool = False) -> AsyncIterator[Port]:
        async with self.real.seal(letter, once) as sealing:
            yield Port(sealing, self.fuse)

    def open(self, letter: int, sealed: Sealed) -> AsyncGenerator[bytes, None]:
        return self.pieces("opened", self.real.open(letter, sealed))


class CourierPort(Port):
    async def deliver(self, mail: Mail, seconds: float, before_dot: Callable[[], Awaitable[bool]]) -> Report:
        report: Report = await self.fuse.call("deliver", lambda: self.real.deliver(mail, seconds, before_dot))
        return report


def through(world: World, fuse: Fuse) -> World:
    """The same world, every port of it on the fuse."""
    return replace(
        world,
        letters=Port(world.letters, fuse),
        mailboxes=Port(world.mailboxes, fuse),
        contents=ContentsPort(world.contents, fuse),
        inboxes=InboxesPort(world.inboxes, fuse),
        courier=CourierPort(world.courier, fuse),
        deliveries=Port(world.deliveries, fuse, "copy_"),
        returning=world.returning and replace(world.returning, box=Port(world.returning.box, fuse)),
        landings=world.landings and Port(world.landings, fuse),
    )


async def _nothing() -> None:
    pass
