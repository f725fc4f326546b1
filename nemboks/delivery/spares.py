"""Connections between two letters.

Promises: a connection is kept for its own account, server and access only; it is closed when nobody has used it for
`spare_seconds`, and at once when the server speaks or goes; after `close` none is left.
"""

import asyncio
from dataclasses import dataclass
from functools import partial

from nemboks.delivery.access import ServerAccess
from nemboks.delivery.smtp import Smtp

SPARES = 8  # a key, as many as a destination has seats: a burst opens each once, and servers count connections

Key = tuple[str, str, ServerAccess]  # account, the server's name, and how it is reached


@dataclass(frozen=True, slots=True)
class _Idle:
    smtp: Smtp
    end: asyncio.TimerHandle


class Spares:
    """Idle connections, newest used first."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._idle: dict[Key, list[_Idle]] = {}
        self._farewells: set[asyncio.Task[None]] = set()
        self._closed = False

    def take(self, key: Key) -> Smtp | None:
        """A connection that was good when it was last used."""
        idle = self._idle.get(key)
        if not idle:
            return None
        one = idle.pop()
        if not idle:
            del self._idle[key]
        one.end.cancel()
        one.smtp.watch(None)
        return one.smtp

    def give(self, key: Key, smtp: Smtp) -> None:
        """Keep it if it can be used again, else close it."""
        if not smtp.fit or self._closed or len(self._idle.get(key, ())) >= SPARES:
            smtp.abort()
            return
        end = asyncio.get_running_loop().call_later(self._seconds, self._leave, key, smtp)
        self._idle.setdefault(key, []).append(_Idle(smtp, end))
        smtp.watch(partial(self._leave, key, smtp))

    async def close(self) -> None:
        """Take leave of all."""
        self._closed = True
        for key, idle in list(self._idle.items()):
            for one in list(idle):
                self._leave(key, one.smtp)
        await asyncio.gather(*self._farewells, return_exceptions=True)

    def _leave(self, key: Key, smtp: Smtp) -> None:
        """Nobody wanted it for long, or its server spoke or went."""
        idle = self._idle[key]
        for one in [one for one in idle if one.smtp is smtp]:
            one.end.cancel()
            idle.remove(one)
        if not idle:
            del self._idle[key]
        smtp.watch(None)
        farewell = asyncio.get_running_loop().create_task(smtp.quit())
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)
