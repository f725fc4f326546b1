"""Sockets to servers by their name. Hundreds of mailboxes have one server, and each lookup is a call on a thread.

Promises: an address is used for a few seconds after the system named it, as long as it leads somewhere: where none of
the name's does any more, the system is asked at once. They are tried in the system's order (RFC 6724).
"""

import asyncio
import socket
from typing import Any, Final

from nemboks.ports import Clock

KNOWN_SECONDS: Final = 5.0

Found = list[tuple[Any, ...]]  # as socket.getaddrinfo brings it


class Hosts:
    """The names that one process connects to: a handful, from the settings."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[tuple[str, int], tuple[float, Found]] = {}

    async def connect(self, host: str, port: int) -> socket.socket:
        """A socket connected to the first of the addresses that answers; the caller owns it. OSError, UnicodeError for
        what can be no name."""
        asked_at, found = self._known.get((host, port), (0.0, []))
        if found and self._clock.monotonic() < asked_at + KNOWN_SECONDS:
            try:
                return await _first(found)
            except OSError:  # it may be elsewhere by now
                self._known.pop((host, port), None)
            except BaseException:  # whoever waited for it has given up
                self._known.pop((host, port), None)
                raise
        asked_at = self._clock.monotonic()
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        line = await _first(found)
        self._known[host, port] = asked_at, found
        return line


async def _first(found: Found) -> socket.socket:
    trouble: OSError | None = None
    for address in found:
        try:
            return await _connected(address)
        except OSError as error:
            trouble = error
    raise trouble or OSError("it has no address")


async def _connected(address: tuple[Any, ...]) -> socket.socket:
    family, kind, protocol, _, place = address
    one = socket.socket(family, kind, protocol)
    try:
        one.setblocking(False)
        await asyncio.get_running_loop().sock_connect(one, place)
    except BaseException:
        one.close()
        raise
    return one
