"""To the company's mail server and back: couriers, what a domain is remembered for, returned mail, landings."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from nemboks.domain.mailbox import Address, Mailbox
from nemboks.domain.proof import Level, Report


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address. `pieces` brings the RFC 5322 bytes with CRLF, not dot-stuffed, `size` octets in all.

    An exception from `pieces` is ours, not the server's: the courier aborts the connection and lets it through.
    """

    account: str  # connections are reused within one account only
    server: str  # a name in the settings' [servers], or "direct"
    sender: str  # of the envelope: where returned mail goes (VERP)
    recipient: str
    size: int
    eight_bit: bool
    pieces: AsyncIterator[bytes]
    envid: str = ""  # asks a relay for a delivery status notification under this name (RFC 3461 4.4)


class Courier(Protocol):
    """Delivers over verified TLS or not at all."""

    async def deliver(self, mail: Mail, seconds: float, before_dot: Callable[[], Awaitable[bool]]) -> Report:
        """What happened; never raises for what servers do.

        `seconds` is the time allowed up to the dot; the wait after it has its own. `before_dot` is asked once, after
        the body is drained; unless it answers True, the dot is never sent and the connection is aborted.
        """
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Domain:
    """What is remembered of a recipient domain, so that nobody on the line can talk us into less."""

    name: str
    level: Level = Level.UNSIGNED_MX  # the highest that a letter was delivered at
    mx: tuple[str, ...] = ()  # the exchangers' names, sorted, as last seen
    sts_id: str = ""  # of the MTA-STS policy in force
    sts_policy: str = ""  # its text
    sts_until: datetime | None = None  # its max_age is over then
    mx_before: tuple[str, ...] = ()  # the exchangers' names before they changed
    mx_changed_at: datetime | None = None


class Domains(Protocol):
    """The memory of recipient domains. Each call is one committed transaction."""

    async def get(self, name: str) -> Domain: ...
    async def delivered(self, name: str, level: Level) -> None:
        """A letter was delivered at this level: from now on never at a lower one."""
        ...

    async def seen(self, name: str, mx: Sequence[str]) -> tuple[str, ...]:
        """The exchangers as they were before; a change leaves a row of history."""
        ...

    async def keep_policy(self, name: str, sts_id: str, policy: str, until: datetime | None) -> None: ...
    async def relax(self, name: str, by: str, reason: str) -> None:
        """A person says that the domain really fell to a lower level: it is learnt anew. History has who and why."""
        ...


# --- after a relay has a letter ---


@dataclass(frozen=True, slots=True)
class ReturnedMail:
    """One message in the box for returned mail: the first bytes of it, at most 1 MiB."""

    key: str  # UIDVALIDITY.UID
    raw: bytes


class ReturnBox(Protocol):
    """The IMAP box that the return path (VERP) leads to. InboxError as an Inbox's."""

    async def waiting(self, limit: int) -> Sequence[ReturnedMail]:
        """Messages that were not settled yet, oldest first. Nothing in the box is changed."""
        ...

    async def settle(self, key: str, understood: bool) -> None:
        """What was acted on is removed; what we did not understand is kept, flagged for people."""
        ...

    async def close(self) -> None: ...


class Place(StrEnum):
    """Where a mail was found."""

    INBOX = "inbox"  # or any folder that is neither junk nor bin: a rule or a person filed it
    JUNK = "junk"
    BIN = "bin"


@dataclass(frozen=True, slots=True)
class Landed:
    """A mail that was seen in the company's mailbox."""

    place: Place
    folder: str  # its own name, for people


class Landings(Protocol):
    """Looks, read-only, whether a mail arrived. InboxError as an Inbox's."""

    async def look(self, mailbox: Mailbox, message_id: str) -> Landed | None:
        """Where the mail with this Message-ID lies, the inbox before junk before the bin; None if it is not there."""
        ...

    async def close(self) -> None: ...


# --- before a letter is at risk ---

# What is no fault, or none yet, and must be told all the same.
WARNED_OF: Final = frozenset({"certificate_ends", "smime_ends", "mx_changed"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a preflight found; `code` has its texts for people (content/preflight_texts.py)."""

    code: str
    fault: bool  # letters would not arrive, or not safely; else it is worth knowing
    facts: tuple[tuple[str, str], ...] = ()  # names and values that the text shows: server, days, limit …

    @property
    def line(self) -> str:
        """All of it on one line, for who looks after the server: the code first."""
        return f"{self.code}: {'; '.join(f'{name}={value}' for name, value in self.facts)}"


class Prober(Protocol):
    """Looks at an address and its server as a delivery would, without sending a mail."""

    async def probe(self, address: Address, server: str) -> Sequence[Finding]:
        """Syntax, MX, STARTTLS, version, certificate, SIZE, MTA-STS and DANE, and whether RCPT is taken."""
        ...

    async def own(self) -> Sequence[Finding]:
        """Our own domain: SPF, DKIM, DMARC."""
        ...


@dataclass(frozen=True, slots=True)
class Check:
    """The latest look at an address and its server; both are "" for the look at our own domain."""

    address: str
    server: str
    at: datetime
    findings: tuple[Finding, ...]
    since: datetime | None = None  # since when there is a trouble

    @property
    def trouble(self) -> Finding | None:
        """What people must hear of: the first fault, else the first warning that cannot wait."""
        faults = (one for one in self.findings if one.fault)
        return next(faults, next((one for one in self.findings if one.code in WARNED_OF), None))


class Checks(Protocol):
    """The latest look at every place. Each call is one committed transaction."""

    async def all(self) -> Sequence[Check]: ...
    async def keep(self, check: Check) -> None:
        """In place of the one before."""
        ...

    async def forget(self, before: datetime) -> None:
        """Looks that are older than this are removed: nobody names that address any more."""
        ...
