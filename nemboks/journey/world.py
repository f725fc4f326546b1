"""What every step of the journey is handed: our ledger, our spool, both neighbours, the paths to people, time."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nemboks.content.dkim import Signer
from nemboks.domain.chain import Head
from nemboks.domain.codes import Codes
from nemboks.domain.headline import Headline
from nemboks.domain.mailbox import DIRECT, Address
from nemboks.domain.pace import Pace
from nemboks.journey.reconcile import Reconciling
from nemboks.ports import (
    Acts,
    Checks,
    Clock,
    Contents,
    Courier,
    Deliveries,
    HeadlineAltered,
    Inboxes,
    Incidents,
    Landings,
    Letters,
    Listener,
    Mailboxes,
    Notifier,
    Prober,
    Registry,
    ReturnBox,
    Stream,
)
from nemboks.ports.people import Announcements, Announcer

Anchor = Callable[[datetime], Awaitable[Head | None]]
AsItCame = Callable[[int, Headline], Headline]
Aside = Callable[[Callable[[], Any]], Awaitable[Any]]


def nothing_sealed(letter: int, headline: Headline) -> Headline:
    """The headline, where the ledger seals none."""
    if headline.sealed:
        raise HeadlineAltered(f"letter {letter}: nothing here opens its headline")
    return headline


async def inline(work: Callable[[], Any]) -> Any:
    """What the work brings, done here and now."""
    return work()


@dataclass(frozen=True, slots=True)
class Returning:
    """Where mail that comes back goes, and the key that proves it is ours."""

    domain: str  # of the return path: b+<token>@domain
    key: bytes = field(repr=False)  # of the token's MAC
    box: ReturnBox


@dataclass(frozen=True, slots=True)
class Telling:
    """How people are told; `notifiers` by the first word of a path ("mail", "webhook"), `listeners` by webhook."""

    incidents: Incidents
    stream: Stream
    notifiers: Mapping[str, Notifier]
    operator: Address | None = None  # who runs Nemboks is told of everything
    through: str = DIRECT  # what sends notices by mail: a server's name, or "direct"
    listeners: Mapping[str, Listener] = field(default_factory=dict)  # webhooks that want every event
    certificate_ends_at: datetime | None = None  # of the one that lets us into Digital Post, as it was at the start


@dataclass(frozen=True, slots=True)
class Checking:
    """What looks at addresses before a letter is at risk, and the memory of what it found."""

    prober: Prober
    checks: Checks


@dataclass(frozen=True, slots=True)
class World:
    letters: Letters
    mailboxes: Mailboxes
    contents: Contents
    inboxes: Inboxes
    courier: Courier
    clock: Clock
    pace: Pace
    sender: Address
    deliveries: Deliveries
    returning: Returning | None = None
    landings: Landings | None = None
    signer: Signer | None = None  # DKIM; None: mails are not signed by us
    telling: Telling | None = None
    aside: Aside = inline  # does what takes long and waits for nothing; the daemon gives it a thread
    checking: Checking | None = None  # the daily look at every address and server
    id_key: bytes = field(default=b"", repr=False)  # of Message-IDs
    acts: Acts | None = None  # the books of people's acts; None where only letters are served
    announcements: Announcements | None = None  # what people are to be told of acts
    announcers: Mapping[str, Announcer] = field(default_factory=dict)  # by the first word of a path ("mail")
    codes: Codes | None = None  # derives a code when its announcement is sent
    anchor: Anchor | None = None  # marks the head of history once a day
    reconciling: Reconciling | None = None  # compares upstream, ledger and confirmations once a day
    as_it_came: AsItCame = nothing_sealed  # a letter's headline with every word in it. HeadlineAltered
    registry: Registry | None = None  # Digital Post's look-up of companies, in our own name
