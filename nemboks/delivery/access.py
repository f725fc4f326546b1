"""What the rooms of delivery share: how to reach a server, how far we came, and the end of an attempt."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nemboks.delivery.oauth import TokenAccess
from nemboks.domain.proof import Level, Reply, Stage, TlsFacts, Way


class Stopped(Exception):
    """The attempt ended here. `reply` is what the server said, if it was a readable no."""

    def __init__(self, words: str, reply: Reply | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.reply = reply


@dataclass(frozen=True, slots=True)
class ServerAccess:
    """How to reach one mail server. Without `ca_file` the system's authorities count.

    Connections are reused between equal accesses only, so `dane` should compare by value (a frozen dataclass with
    `__call__`), or a connection is made for every letter.
    """

    host: str
    port: int
    implicit: bool = True  # TLS from the first byte (RFC 8314); else STARTTLS, which is then demanded
    ca_file: Path | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    oauth: TokenAccess | None = None  # where access tokens come from, instead of a password
    way: Way = Way.OWN_SERVER
    trusted: bool = False  # a relay whose 2yz the owner takes for a confirmation, knowingly
    internal: bool = False  # it may have a private or loopback address
    addresses: tuple[str, ...] = ()  # checked before (hosts.py): connect to these instead of looking the host up
    level: Level = Level.CONFIGURED
    # Says of the peer's certificate (DER) whether the domain published it (RFC 7672); replaces PKIX when set.
    dane: Callable[[bytes], bool] | None = None

    @property
    def address(self) -> str:
        """ "host:port", as reports name it."""
        return f"{self.host}:{self.port}"


@dataclass(slots=True)
class Progress:
    """How far a connection has come. Changed in place, so that it is known wherever an attempt is cut off."""

    stage: Stage = Stage.CONNECT
    tls: TlsFacts | None = None
    limit: int = 0  # bytes; what the server announced as SIZE, 0 for nothing
