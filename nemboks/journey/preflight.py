"""The daily look at every address and its server, and at our own domain, before a letter is at risk.

Promises: every place of a mailbox that is served is looked at within a day, few at a time and spread over it; one with
a trouble again within the hour, so that a second look decides and a cure is seen. Never sends a mail, never decides
who is told (domain/assess.py), never takes a server's "later" for a fault.
"""

import asyncio
import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from nemboks.content import smime
from nemboks.domain.mailbox import Address, Mailbox
from nemboks.domain.pace import Pace
from nemboks.journey.world import Checking, World
from nemboks.logs import log
from nemboks.ports import Check, Clock, Finding, Prober

Place = tuple[str, str]  # an address and the server that takes its mails
OWN: Final[Place] = ("", "")  # our own domain
AT_A_TIME: Final = 2
ROUNDS: Final = 96  # a day; half of them are enough for all places
SOONER: Final = 24  # a place with a trouble is looked at so many times a day
WARN_DAYS: Final = 30  # a company needs longer for a person's certificate than for a server's
KEPT: Final = 7  # days; nobody names an older one any more


def places(mailboxes: Iterable[Mailbox]) -> list[Place]:
    """Every address and server that the mailboxes name, each once."""
    named: list[Place] = []
    for route in (box.route for box in mailboxes):
        named += [(route.address, route.server), *((one.address, one.server) for one in route.others)]
    return list(dict.fromkeys(named))


def certificates(mailboxes: Iterable[Mailbox]) -> dict[Place, str]:
    """The certificate (PEM) that mails to a place are encrypted to, where there is one."""
    named: dict[Place, str] = {}
    for box in mailboxes:
        named[box.route.address, box.route.server] = box.options.certificate
        named |= {(one.address, one.server): one.certificate for one in box.route.others}
    return {place: pem for place, pem in named.items() if pem}


def encryption(address: str, pem: str, now: datetime) -> Finding:
    """What is to be said of a certificate that mails are encrypted to."""
    try:
        found = smime.check(pem, now)
    except smime.CertificateUnusable as error:
        return Finding("smime_unusable", True, (("address", address), ("words", str(error))))
    facts = (("address", address), ("days", str(found.days_left)))
    return Finding("smime_ends" if found.days_left < WARN_DAYS else "smime", False, facts)


async def check_places(world: World) -> int:
    """How many places were looked at: of those that are due the longest waiting, a share of all."""
    if world.checking is None:
        return 0
    now, checks = world.clock.now(), world.checking.checks
    before = {(one.address, one.server): one for one in await checks.all()}
    served = [box for box in await world.mailboxes.all() if box.paused_at is None]
    wanted = [OWN, *places(served)]
    due = {place: due_at(before.get(place), now, world.pace) for place in wanted}
    waiting = sorted((place for place in wanted if due[place] <= now), key=lambda place: due[place])
    chosen = waiting[: max(AT_A_TIME, math.ceil(len(wanted) * 2 / ROUNDS))]
    seats = asyncio.Semaphore(AT_A_TIME)
    keys = certificates(served)
    steps = [_step(place, before, keys.get(place, ""), seats, world, world.checking) for place in chosen]
    ended = await asyncio.gather(*steps, return_exceptions=True)
    await checks.forget(now - timedelta(seconds=KEPT * world.pace.preflight_seconds))
    for one in ended:
        if one is not None:
            raise one
    return len(chosen)


async def verify(
    wanted: Iterable[Place], checking: Checking, mailboxes: Iterable[Mailbox], clock: Clock
) -> list[Check]:
    """What is found at these places now, in their order. Of those that mailboxes name it is kept: a cure shows at once.

    An address that is nobody's yet leaves no trace.
    """
    before = {(one.address, one.server): one for one in await checking.checks.all()}
    known = list(mailboxes)
    named, keys, seats = {OWN, *places(known)}, certificates(known), asyncio.Semaphore(AT_A_TIME)

    async def one(place: Place) -> Check:
        async with seats:
            check = await look_at(place, before, checking.prober, clock.now(), keys.get(place, ""))
        if place in named:
            await checking.checks.keep(check)
        return check

    return list(await asyncio.gather(*map(one, wanted)))


def due_at(before: Check | None, now: datetime, pace: Pace) -> datetime:
    """When the place is looked at again; long ago for one that never was, or whose look lies ahead of the clock."""
    if before is None or before.at > now:
        return datetime.min.replace(tzinfo=now.tzinfo)
    return before.at + timedelta(seconds=pace.preflight_seconds / (SOONER if before.since else 1))


async def look_at(
    place: Place, before: Mapping[Place, Check], prober: Prober, now: datetime, certificate: str = ""
) -> Check:
    """What is found there now. A trouble has lasted since the first look that saw one.

    `certificate`: PEM, where mails to the place are encrypted.
    """
    address, server = place
    found = await prober.own() if place == OWN else await prober.probe(Address(address), server)
    more = (encryption(address, certificate, now),) if certificate else ()
    check = Check(address, server, now, (*found, *more))
    known = before.get(place)
    since = (known.since if known and known.since else now) if check.trouble else None
    return Check(address, server, now, check.findings, since)


async def _step(
    place: Place,
    before: Mapping[Place, Check],
    certificate: str,
    seats: asyncio.Semaphore,
    world: World,
    checking: Checking,
) -> None:
    async with seats:
        check = await look_at(place, before, checking.prober, world.clock.now(), certificate)
        await checking.checks.keep(check)
    if check.trouble is not None:
        codes = [one.code for one in check.findings if one.fault] or [check.trouble.code]
        domain = place[0].rpartition("@")[2]
        log().warning("preflight_fault", domain=domain, server=place[1], codes=codes, since=str(check.since))
