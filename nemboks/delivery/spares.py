"""Connections between two letters.

Promises: a connection is kept for its own account, server and access only; it is closed when nobody has used it for
`spare_seconds`, and at once when the server speaks or goes; after `close` none is left.
"""

import asyncio

from nemboks.delivery.access import ServerAccess
from nemboks.delivery.smtp import Smtp

SPARES = 8  # a key, as many as a destination has seats: a burst opens each once, and servers count connections

Key = tuple[str, str, ServerAccess]  # account, the server's name, and how it is reached


class Spares:
    """Idle connections, newest used first."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._idle: dict[Key, list[tuple[Smtp, asyncio.Task[None]]]] = {}
        self._watches: set[asyncio.Task[None]] = set()
        self._closed = False

    def take(self, key: Key) -> Smtp | None:
        """A connection that was good when it was last used."""
        idle = self._idle.get(key)
        if not idle:
            return None
        smtp, watch = idle.pop()
        watch.cancel()
        if not idle:
            del self._idle[key]
        return smtp

    def give(self, key: Key, smtp: Smtp) -> None:
        """Keep it if it can be used again, else close it."""
        if not smtp.usable or self._closed or len(self._idle.get(key, ())) >= SPARES:
            smtp.abort()
            return
        watch = asyncio.create_task(self._watch(key, smtp))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        self._idle.setdefault(key, []).append((smtp, watch))

    async def close(self) -> None:
        """Take leave of all."""
        self._closed = True
        idle = [smtp for entries in self._idle.values() for smtp, _ in entries]
        for key in list(self._idle):
            while self.take(key):
                pass
        await asyncio.gather(*(smtp.quit() for smtp in idle), *self._watches, return_exceptions=True)

    async def _watch(self, key: Key, smtp: Smtp) -> None:
        await smtp.rest(self._seconds)
        entries = self._idle[key]
        entries[:] = [entry for entry in entries if entry[0] is not smtp]
        if not entries:
            del self._idle[key]
        await smtp.quit()
