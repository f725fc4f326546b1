"""Keeps a wrong password from being tried often: servers lock an account out after a few failures.

Promises: until a login at a server was good, one is tried at a time; after a refusal none for `login_seconds`,
however many letters wait for that server.
"""

import asyncio
import base64
import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Final

from nemboks.delivery.access import Stopped
from nemboks.domain.proof import Reply
from nemboks.ports import Clock

# What people must do about a refusal whose own words do not tell; sources: the providers' help pages on SMTP errors.
_CURES: Final = {
    "5.7.139": "Microsoft 365 lets this mailbox or tenant send no mail by SMTP: "
    "an administrator must allow Authenticated SMTP for the mailbox, and passwords do not count any more: use oauth",
    "5.7.57": "Microsoft 365 saw no login: an administrator must allow Authenticated SMTP for the mailbox",
    "5.7.9": "the provider wants a password for this application alone, or oauth",
}


_TELLING: Final = 6  # signs in which a word of a reply and a login in base64 do not agree by chance


def cure(reply: Reply) -> str:
    """What helps against this refusal of a login, "" where the server's own words must do."""
    return _CURES.get(reply.enhanced, "")


def unsaid(text: str, username: str, secret: str) -> str:
    """A refusal without the login that it repeats ("unknown command: AUTH PLAIN ..."), whole or cut off.

    Reply texts stand in rows, logs and notices. `secret`: the password, or the access token.
    """
    plain = f"\0{username}\0{secret}", f"user={username}\1auth=Bearer {secret}\1\1", username, secret
    for known in plain:
        text = _without(text, base64.b64encode(known.encode()).decode())
    return text.replace(secret, "***") if secret else text


def _without(text: str, known: str) -> str:
    """The text without whatever begins like `known`: servers repeat only so much of a line."""
    begins, shown, at = known[:_TELLING], "", 0
    while begins and (found := text.find(begins, at)) >= 0:
        alike = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(known, text[found:], strict=False))
        shown, at = f"{shown}{text[at:found]}***", found + len(list(alike))
    return shown + text[at:]


class Logins:
    """Whose turn it is to log in; a login is named by its server's address and user."""

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._seconds = seconds
        self._clock = clock
        self._good: set[str] = set()
        self._refused: dict[str, tuple[float, Reply]] = {}  # when (monotonic), and the server's words
        self._locks: dict[str, asyncio.Lock] = {}

    @contextlib.asynccontextmanager
    async def turn(self, login: str) -> AsyncIterator[None]:
        """The block in which one login is tried. Raises Stopped with the last refusal while that is too recent."""
        async with self._queue(login):
            self._check(login)
            try:
                yield
            except Stopped as end:
                if end.reply and end.reply.code >= 500:
                    self._refused[login] = (self._clock.monotonic(), end.reply)
                    self._good.discard(login)
                raise
            self._refused.pop(login, None)
            self._good.add(login)

    def _queue(self, login: str) -> contextlib.AbstractAsyncContextManager[object]:
        if login in self._good:
            return contextlib.nullcontext()
        return self._locks.setdefault(login, asyncio.Lock())

    def _check(self, login: str) -> None:
        since, reply = self._refused.get(login, (0.0, None))
        if reply and self._clock.monotonic() - since < self._seconds:
            raise Stopped("not tried again so soon after a refused login", reply)
