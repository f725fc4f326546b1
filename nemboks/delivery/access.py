"""What the rooms of delivery share: how to reach a server, how far we came, and the end of an attempt."""

from dataclasses import dataclass, field
from pathlib import Path

from nemboks.domain.proof import Reply, Stage, TlsFacts


class Stopped(Exception):
    """The attempt ended here. `reply` is what the server said, if it was a readable no."""

    def __init__(self, words: str, reply: Reply | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.reply = reply


@dataclass(frozen=True, slots=True)
class ServerAccess:
    """How to reach one mail server. Without `ca_file` the system's authorities count."""

    host: str
    port: int
    implicit: bool = True  # TLS from the first byte (RFC 8314); else STARTTLS, which is then demanded
    ca_file: Path | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """ "host:port", as reports name it."""
        return f"{self.host}:{self.port}"


@dataclass(slots=True)
class Progress:
    """How far a connection has come. Changed in place, so that it is known wherever an attempt is cut off."""

    stage: Stage = Stage.CONNECT
    tls: TlsFacts | None = None
