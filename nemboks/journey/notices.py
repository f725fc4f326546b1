"""People are told: troubles become notices, notices leave by their paths, webhooks hear of every event.

Promises: what is owed is committed before it is sent, and marked sent only after the receiver took it; a notice that
was not taken is tried again for ever, so people may be told twice, never not at all. One path that hangs or fails
holds up no other. Never tells by a path that leads through the trouble (domain/circles.py).
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from nemboks.content.compose import reference_for
from nemboks.content.notice_texts import LISTED, About, notice_text
from nemboks.domain.assess import assess, closing
from nemboks.domain.circles import address_of
from nemboks.domain.doors import our_certificate
from nemboks.domain.incidents import Incident, Notice
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.states import UNDELIVERED
from nemboks.journey.paths import BATCH, by_paths, one_by_one, retry_at
from nemboks.journey.world import Telling, World
from nemboks.logs import log
from nemboks.ports import Cursor, Listener, Message, NotTold, Told

EVENTS = 100  # events in one call to a webhook


async def assess_troubles(world: World) -> int:
    """How many notices are newly owed: what is wrong now, against what people have been told."""
    if world.telling is None:
        return 0
    now, incidents = world.clock.now(), world.telling.incidents
    found = await incidents.sick(now, now - timedelta(seconds=world.pace.late_seconds))
    sick = [*found, *our_certificate(world.telling.certificate_ends_at, now)]
    open_ = await incidents.open()
    if not sick and not open_:
        return 0
    mailboxes, telling = await world.mailboxes.all(), world.telling
    waiting = await _waiting(closing(open_, now, world.pace), world)
    changed, owed = assess(sick, open_, mailboxes, now, world.pace, telling.operator, telling.through, waiting)
    if not (changed or owed) or not await incidents.keep(changed, owed, open_):
        return 0  # or another worker was first: the next look sees what it made of it
    _account_for(changed, open_)
    return len(owed)


async def _waiting(incidents: Sequence[Incident], world: World) -> set[int]:
    """Of each incident a letter that is not delivered yet, if there is one."""
    found = set()
    for incident in incidents:
        for id_ in incident.letters:
            letter = await world.letters.get(id_)
            if letter is not None and letter.state in UNDELIVERED:
                found.add(id_)
                break
    return found


def _account_for(changed: Sequence[Incident], before: Sequence[Incident]) -> None:
    """One line for each incident that begins, ends, or cannot be told to anybody of its circle."""
    known = {incident.key: incident for incident in before}
    for incident in changed:
        facts = {"cause": incident.cause, "mailboxes": incident.mailboxes, "letters": len(incident.letters)}
        was = known.get(incident.key)
        if was is None:
            log().warning("incident_opened", **facts)
        if incident.closed_at:
            log().info("incident_closed", incident=incident.id, **facts)
        elif not incident.paths and (was is None or was.paths):
            log().error("incident_unreachable", incident=incident.id, **facts)


async def send_notices(world: World) -> int:
    """How many of the due notices were taken. Returns when no path has anything due that was not just refused."""
    if world.telling is None:
        return 0
    telling = world.telling

    async def due(without: Collection[str]) -> Sequence[Notice]:
        return await telling.incidents.due(world.clock.now(), BATCH, without)

    async def along(notices: Sequence[Notice]) -> int | None:
        return await _along(notices, world, telling)

    return await by_paths(due, along, world.clock, world.pace)


async def _along(notices: Sequence[Notice], world: World, telling: Telling) -> int | None:
    """How many were taken; None once one was not: the path is left alone until the next call."""
    boxes = {mailbox.id: mailbox for mailbox in await world.mailboxes.all()}
    return await one_by_one(notices, telling.incidents.claim, lambda one: _tell(one, boxes, world, telling))


async def _tell(notice: Notice, boxes: dict[int, Mailbox], world: World, telling: Telling) -> bool:
    kind = notice.path.partition(":")[0]
    about = await _about(notice, boxes, world, telling)
    message = Message(notice, *notice_text(notice, about), about.cvrs, about.references)
    try:
        if kind not in telling.notifiers:
            raise NotTold(f"nothing here sends notices by {kind}")
        words = await telling.notifiers[kind].tell(message)
    except NotTold as error:
        due_at = retry_at(notice.failures, world.clock, world.pace)
        await telling.incidents.failed(notice, str(error), due_at)
        log().warning("notice_failed", notice=notice.id, incident=notice.incident, way=kind, words=str(error))
        return False
    await telling.incidents.sent(notice, words, world.clock.now())
    log().info("notice_sent", notice=notice.id, incident=notice.incident, kind=notice.kind, cause=notice.cause,
               letters=notice.count, way=kind, words=words)  # fmt: skip
    return True


async def _about(notice: Notice, boxes: dict[int, Mailbox], world: World, telling: Telling) -> About:
    """The names that people know the notice's letters by, and what is known of those now."""
    first = [letter for id_ in notice.letters[:LISTED] if (letter := await world.letters.get(id_))]
    return About(
        cvrs=tuple(boxes[id_].cvr for id_ in notice.mailboxes if id_ in boxes),
        references=tuple(reference_for(boxes[x.mailbox].cvr, _collected_as(x)) for x in first if x.mailbox in boxes),
        looked_twice=not first or any(x.failures > 1 or x.state is State.HELD for x in first),
        deadline=min((at for x in first if (at := _deadline(x))), default=None),
        alone=await _alone(notice, telling),
    )


def _collected_as(letter: Letter) -> str:
    """The id that its reference is made from: the one in its mail, should upstream have renumbered it since."""
    return letter.copy.upstream_id if letter.copy else letter.upstream_id


def _deadline(letter: Letter) -> datetime | None:
    return letter.headline.reply_by if letter.headline and letter.state in UNDELIVERED else None


async def _alone(notice: Notice, telling: Telling) -> bool:
    """Whether the operator is the only one who can be told."""
    if telling.operator is None or address_of(notice.path) != telling.operator:
        return False
    boxes = set(notice.mailboxes)
    return any(
        not one.paths and one.cause is notice.cause and boxes & set(one.mailboxes)
        for one in await telling.incidents.open()
    )


async def stream_events(world: World) -> int:
    """How many events the webhooks took, each webhook from its own place and in order."""
    telling = world.telling
    if telling is None or not telling.listeners:
        return 0
    streams = [_stream(name, listener, world, telling) for name, listener in telling.listeners.items()]
    done = await asyncio.gather(*streams, return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException):
            raise one
    return sum(one for one in done if isinstance(one, int))


async def _stream(name: str, listener: Listener, world: World, telling: Telling) -> int:
    cursor = await telling.stream.cursor(name)
    if cursor.due_at is not None and cursor.due_at > world.clock.now():
        return 0
    events = await telling.stream.after(cursor.event, name, EVENTS)
    if not events:
        return 0
    async with telling.stream.claim(cursor) as ours:
        return await _call(cursor, events, listener, world, telling) if ours else 0


async def _call(cursor: Cursor, events: Sequence[Told], listener: Listener, world: World, telling: Telling) -> int:
    name = cursor.webhook
    try:
        words = await listener.listen(events)
    except NotTold as error:
        due_at = retry_at(cursor.failures, world.clock, world.pace)
        await telling.stream.keep_cursor(replace(cursor, due_at=due_at, failures=cursor.failures + 1, words=str(error)))
        log().warning("webhook_failed", webhook=name, failures=cursor.failures + 1, words=str(error))
        return 0
    # A crash before this commit repeats the call: at least once, and each event has its id.
    await telling.stream.keep_cursor(Cursor(name, events[-1].id, words=words))
    log().info("webhook_told", webhook=name, events=len(events), last=events[-1].id)
    return len(events)
