"""A Courier without a network, under the same contract suite as the real one (tests/contracts/test_courier.py).

By default every letter is taken with 250. `endings` are played first, one for each delivery.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from nemboks.domain.proof import Reply, Report, Stage, TlsFacts
from nemboks.ports import Mail

SERVER = "mail.bakery.example:465"
TLS = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", "mail.bakery.example", "ab" * 32)
ACCEPTED = Report(Stage.DOT, SERVER, Reply(250, "2.0.0", "kept"), TLS, seconds=0.1)


def refused(stage: Stage, code: int, enhanced: str = "", text: str = "no") -> Report:
    """A report of a server that said no."""
    return Report(stage, SERVER, Reply(code, enhanced, text), TLS if stage >= Stage.MAIL else None, seconds=0.1)


def broken(stage: Stage, words: str = "the server closed the connection") -> Report:
    """A report of a connection that ended without a readable answer."""
    return Report(stage, SERVER, None, TLS if stage >= Stage.MAIL else None, words, 0.1)


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter whose dot was sent; `kept` as far as the server's answer tells."""

    mail: Mail
    letter: bytes
    kept: bool


@dataclass
class FakeCourier:
    """The Courier port; `sent` is what a mail server would have seen whole."""

    endings: deque[Report] = field(default_factory=deque)
    sent: list[Sent] = field(default_factory=list)
    closed: bool = False
    pause: asyncio.Event | None = None  # if set, a delivery waits for it between MAIL and the letter

    async def deliver(self, mail: Mail, seconds: float, before_dot: Callable[[], Awaitable[bool]]) -> Report:
        """The next ending, or acceptance; reads the letter and asks before the dot exactly when that is due."""
        ending = self.endings.popleft() if self.endings else ACCEPTED
        if ending.stage < Stage.BODY:
            return ending
        if self.pause:
            await self.pause.wait()
        letter = b"".join([piece async for piece in mail.pieces])
        if len(letter) != mail.size:
            raise ValueError(f"a letter of {mail.size} bytes brought {len(letter)}")
        if ending.stage is Stage.BODY:
            return ending
        if not await before_dot():
            return replace(broken(Stage.BODY, "stopped before the dot"), server=ending.server)
        kept = ending.reply is not None and ending.reply.code // 100 == 2
        self.sent.append(Sent(mail, letter, kept))
        return ending

    async def close(self) -> None:
        """Remembered in `closed`."""
        self.closed = True
