"""Besides the primary: copies for others, and a fallback when the primary is out of reach.

A copy never delays a receipt and never triggers one. A fallback gets its copy, marked as one, after a day of trouble,
and lets the letter leave Digital Post only where the owner chose so (RELIABILITY 7).
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from nemboks.content.errors import ContentsDiffer, Unreadable, UnsafeHeader
from nemboks.content.smime import CertificateUnusable, TooLargeToEncrypt
from nemboks.domain.delivery import Delivery, DeliveryEvent, DeliveryState
from nemboks.domain.events import AttemptEnded, Cleared, HandedOver, Hold, Later, Reason, Recomposed
from nemboks.domain.headline import Copy
from nemboks.domain.letter import Letter, Stale, State
from nemboks.domain.mailbox import Mailbox, Options, Recipient, Role
from nemboks.domain.proof import Evidence, Report
from nemboks.domain.verdict import Verdict, judge, proven, spread, verdict
from nemboks.journey.attempt import Attempt, Permission, claim, in_seconds
from nemboks.journey.mail import ComposedGone, Parcel, smaller
from nemboks.journey.world import World
from nemboks.logs import log
from nemboks.ports import ContentsGone

MANY: Final = 200  # rows looked at in one round of a chore
SEED: Final = 24  # signs of the contents' digest, with which each copy's seed begins
OPEN: Final = (DeliveryState.WAITING, DeliveryState.SENDING)


async def plan_copies(letter: Letter, mailbox: Mailbox, world: World) -> None:
    """The letter's copies have their rows; said again at each attempt, it changes nothing."""
    copies = [one for one in mailbox.route.others if one.role is Role.COPY]
    if copies:
        await world.deliveries.plan(letter, copies, world.clock.now())


async def plan_fallbacks(world: World) -> int:
    """How many letters went on to their next fallback, because nobody could be reached for so long."""
    now = world.clock.now()
    since = now - timedelta(seconds=world.pace.fallback_seconds)
    planned = 0
    for letter in await world.letters.stranded(now, since, MANY):
        mailbox = await world.mailboxes.get(letter.mailbox)
        tried = [one for one in await world.deliveries.of(letter.id) if one.role is Role.FALLBACK]
        if any(one.state is DeliveryState.DELIVERED or one.since > since for one in tried):
            continue
        known = {(one.address, one.server) for one in tried}
        after = [r for r in mailbox.route.others if r.role is Role.FALLBACK and (r.address, r.server) not in known]
        if after and mailbox.paused_at is None:
            await world.deliveries.plan(letter, after[:1], now)
            log().warning("letter_to_fallback", letter=letter.id, mailbox=mailbox.cvr, number=len(tried) + 1)
            planned += 1
    return planned


async def send_further(delivery: Delivery, world: World, may_begin: Permission = lambda: True) -> Report | None:
    """One attempt at a WAITING delivery; what happened, or None if no server was asked."""
    letter = await world.letters.get(delivery.letter)
    if letter is None or letter.headline is None or letter.contents is None or letter.copy is None:
        return None
    mailbox = await world.mailboxes.get(letter.mailbox)
    recipient = _recipient(delivery, mailbox)
    if end := _ending(delivery, letter.copy, recipient, mailbox.options, world):
        await _commit(delivery, end, world)
        return None
    assert recipient is not None
    event = claim(delivery, letter.headline.size, mailbox.route, delivery.address, delivery.server, world)
    attempt = Attempt(await world.deliveries.move(delivery, event), world.deliveries.move, may_begin)
    try:
        if _to_be_made(attempt.row, recipient):
            await attempt.keep(Recomposed(attempt.row.fence, _copy_for(letter.copy, delivery, recipient)))
        report = await attempt.deliver(_parcel(attempt.row, letter, mailbox), world)
    except (ContentsGone, ContentsDiffer, CertificateUnusable) as e:
        again, why = in_seconds(world.pace.tls_seconds, world), "contents_lost"
        why = "certificate" if isinstance(e, CertificateUnusable) else why
        anew = attempt.row.copy if isinstance(e, ComposedGone) else None  # with a copy, it is encrypted anew
        await _commit(attempt.row, Later(attempt.row.fence, why, str(e), again, None, anew), world)
    except (UnsafeHeader, Unreadable, TooLargeToEncrypt) as e:
        reason = Reason.TOO_LARGE if isinstance(e, TooLargeToEncrypt) else Reason.UNREADABLE
        await _commit(attempt.row, Hold(reason, str(e), attempt.row.fence), world)
    else:
        after = await _commit(attempt.row, await _judge(attempt, report, letter, mailbox, world), world)
        if after.state is DeliveryState.DELIVERED:
            await decided(await _now(letter, world), mailbox, world)
        return report
    return None


async def decided(letter: Letter, mailbox: Mailbox, world: World) -> bool:
    """Whether a fallback that has the whole letter decided it: only where the owner chose so, and by commits."""
    if not mailbox.route.fallback_decides or letter.state in (State.FORWARDED, State.ACKNOWLEDGED):
        return False
    for one in await world.deliveries.of(letter.id):
        if one.role is Role.FALLBACK and one.state is DeliveryState.DELIVERED and _proven(one, letter):
            for part in range(letter.part, letter.parts + 1):
                proof = replace(one.proofs[-1], attempt=0, part=part)
                event = proven(proof, letter, world.clock.now(), world.clock.uuid())
                letter = await world.letters.move(letter, event)
            log().info("letter_confirmed", letter=letter.id, why="fallback")
            return True
    return False


def _proven(delivery: Delivery, letter: Letter) -> bool:
    """Whether the recipient's own side answered for the letter as it is now: a relay's word is enough for a copy, and
    for nothing more; and a letter under whose id other contents came is another one."""
    seeds = {copy.seed[:SEED] for copy in (delivery.copy, letter.copy) if copy}
    answered = bool(delivery.proofs) and all(proof.evidence is not Evidence.RELAY for proof in delivery.proofs)
    return answered and len(seeds) == 1


async def recover_further(world: World, sole: bool = False) -> int:
    """How many open attempts at further recipients were ended because their holder is gone."""
    now = world.clock.now()
    rows = await world.deliveries.overdue(now, world.pace.dot_seconds, sole)
    for row in rows:
        due_at = row.due_at or now
        if row.dot_begun_at is not None:
            due_at = in_seconds(spread(world.pace.uncertain_seconds, world.clock.chance()), world)
        try:
            await _commit(row, AttemptEnded(row.fence, "the attempt's holder is gone", due_at), world)
        except Stale:  # its holder was only slow
            continue
    return len(rows)


async def clear_contents(world: World) -> int:
    """How many acknowledged letters' contents were destroyed because no further recipient waits for them any more."""
    given_up = world.clock.now() - timedelta(seconds=world.pace.copies_seconds)
    cleared = 0
    for letter in await world.letters.finished_copies(given_up, MANY):
        try:
            for one in await world.deliveries.of(letter.id):
                if one.state in OPEN:  # so that people are told of it
                    await _commit(one, Hold(Reason.COPY_LATE, one.words), world)
            await world.letters.move(letter, Cleared())
        except Stale:  # an attempt is open: at the next round
            continue
        for sealed in (letter.contents, letter.composed):
            if sealed is not None:
                await world.contents.destroy(sealed)
        cleared += 1
    return cleared


async def still_wanted(letter: Letter, mailbox: Mailbox, world: World) -> bool:
    """Whether a further recipient that the route still names waits for the letter's contents."""
    open_ = [one for one in await world.deliveries.of(letter.id) if one.state in OPEN]
    return any(_recipient(one, mailbox) is not None for one in open_)


def _recipient(delivery: Delivery, mailbox: Mailbox) -> Recipient | None:
    """Whom the route still names; as a copy also the primary, of what went to an address that was taken back."""
    route, chosen = mailbox.route, mailbox.options
    primary = Recipient(Role.COPY, route.address, route.server, chosen.language, chosen.certificate)
    wanted = (delivery.role, delivery.address, delivery.server)
    return next((one for one in (*route.others, primary) if (one.role, one.address, one.server) == wanted), None)


def _ending(delivery: Delivery, copy: Copy, recipient: Recipient | None, wishes: Options, world: World) -> Hold | None:
    """Why it is not tried any more."""
    if recipient is None:
        return Hold(Reason.COPY_LATE, "the route no longer names it")
    if (world.clock.now() - delivery.since).total_seconds() > world.pace.copies_seconds:
        return Hold(Reason.COPY_LATE, delivery.words)
    if (copy.style.certificate or wishes.certificate) and not recipient.certificate:
        return Hold(Reason.NO_CERTIFICATE, "its mails would be plain where the company's are encrypted")
    return None


def _to_be_made(delivery: Delivery, recipient: Recipient) -> bool:
    """Whether the recipient's mail is made now: the first time, or for another certificate while none can be there."""
    if delivery.copy is None or delivery.uncertain or delivery.proofs:
        return delivery.copy is None
    return delivery.copy.style.certificate != recipient.certificate


def _copy_for(copy: Copy, delivery: Delivery, recipient: Recipient) -> Copy:
    """The letter's mail for another reader: another mail, so another Message-ID and boundary."""
    left, _, domain = copy.message_id.strip("<>").rpartition("@")
    stem, _, part = left.rpartition(".")
    style = replace(
        copy.style, language=recipient.language, certificate=recipient.certificate, role=delivery.role.value
    )
    return replace(
        copy, message_id=f"<{stem}-{delivery.id}.{part}@{domain}>", seed=f"{copy.seed[:SEED]}x{delivery.id}",
        style=style, parts=(), signatures=(), address=delivery.address, before=0,
    )  # fmt: skip


def _parcel(delivery: Delivery, letter: Letter, mailbox: Mailbox) -> Parcel:
    assert letter.headline is not None and letter.contents is not None and delivery.copy is not None
    return Parcel(
        letter.id, delivery.fence, delivery.part, delivery.id, letter.headline, letter.contents, delivery.copy,
        delivery.composed, not delivery.uncertain, letter.available_at, letter.not_before, mailbox, delivery.address,
        delivery.server,
    )  # fmt: skip


async def _judge(
    attempt: Attempt[Delivery], report: Report, letter: Letter, mailbox: Mailbox, world: World
) -> DeliveryEvent:
    now, row = world.clock.now(), attempt.row
    if attempt.refused:
        return Later(row.fence, "stopped", attempt.refused, now, report)
    too_large = verdict(report) is Verdict.TOO_LARGE
    split = await smaller(_parcel(row, letter, mailbox), report.limit, world) if too_large else None
    chance, uuid = world.clock.chance(), world.clock.uuid()
    event = judge(report, row, row.address, now, world.pace, chance, uuid, split)
    assert not isinstance(event, HandedOver), "a copy is not handed over: the relay's word is enough"
    return event


async def _commit(delivery: Delivery, event: DeliveryEvent, world: World) -> Delivery:
    after = await world.deliveries.move(delivery, event)
    over = after.state in (DeliveryState.DELIVERED, DeliveryState.ENDED)
    if delivery.composed is not None and (over or after.composed is None):
        await world.contents.destroy(delivery.composed)
    log().info(
        "copy_moved", state=after.state, letter=after.letter, delivery=after.id, why=after.why, words=after.words
    )
    return after


async def _now(letter: Letter, world: World) -> Letter:
    return await world.letters.get(letter.id) or letter
