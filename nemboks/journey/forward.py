"""The second part: one letter from our store to the company's own mail server.

Read `forward` as a list. Everything that could send a letter twice or to the wrong hands is decided by commits: the
claim, the dot (attempt.py), and the verdict's event.
"""

from dataclasses import replace

from nemboks.content.errors import ContentsDiffer, Unreadable, UnsafeHeader
from nemboks.content.smime import LIMIT, CertificateUnusable, TooLargeToEncrypt
from nemboks.domain.events import Recomposed
from nemboks.domain.headline import Copy, Headline, Sealed, Style
from nemboks.domain.letter import ContentsLost, Event, Hold, Later, Letter, Reason, State
from nemboks.domain.mailbox import Mailbox, Options
from nemboks.domain.proof import Report
from nemboks.domain.routing import aim, followed, obstacle
from nemboks.domain.verdict import Verdict, judge, may_lie_there, verdict
from nemboks.journey.attempt import Attempt, Permission, claim, in_seconds
from nemboks.journey.further import decided, plan_copies
from nemboks.journey.mail import ComposedGone, Parcel, smaller, style_of
from nemboks.journey.world import World
from nemboks.logs import log
from nemboks.ports import ContentsGone


async def forward(
    letter: Letter, mailbox: Mailbox, world: World, may_begin: Permission = lambda: True
) -> Report | None:
    """One attempt at a WAITING letter: claim, compose, deliver, judge, commit. `may_begin` False: no dot.

    What happened, for whoever watches the mail server; None if no server was asked.
    """
    target = aim(mailbox.route, letter, world.clock.now())
    if reason := obstacle(letter, mailbox, world.clock.now()):
        await _commit(letter, Hold(reason), world)
        return None
    if letter.headline is None or letter.contents is None or letter.copy is None:
        await _commit(letter, ContentsLost("there are no contents here", world.clock.now()), world)
        return None
    assert target is not None  # a read letter that goes nowhere meets an obstacle
    # From here on the route is that of this letter alone: its rule's address in the place of the default.
    mailbox = replace(mailbox, route=followed(mailbox.route, target))
    await plan_copies(letter, mailbox, world)
    if await decided(letter, mailbox, world):
        return None
    claimed = await _claim(letter, mailbox, letter.headline, target.rule, world)
    attempt = Attempt(claimed, world.letters.move, may_begin)
    try:
        report = await _deliver(attempt, mailbox, world)
    except ComposedGone as e:  # the letter is here all the same, and is encrypted anew
        again, copy = claimed.due_at or world.clock.now(), attempt.row.copy
        await _commit(attempt.row, Later(claimed.fence, "contents_lost", str(e), again, None, copy), world)
    except (ContentsGone, ContentsDiffer) as e:
        # Not at once: contents that are lost again and again must not turn into a hot loop.
        again = claimed.due_at or world.clock.now()
        await _commit(attempt.row, ContentsLost(str(e), again, claimed.fence), world)
    except (UnsafeHeader, Unreadable) as e:
        await _commit(attempt.row, Hold(Reason.UNREADABLE, str(e), claimed.fence), world)
    except CertificateUnusable as e:  # never silently plain; it is looked at again, for a person may renew it
        again = in_seconds(world.pace.tls_seconds, world)
        await _commit(attempt.row, Later(claimed.fence, "certificate", str(e), again), world)
    except TooLargeToEncrypt as e:
        await _commit(attempt.row, await _too_large(attempt.row, mailbox, str(e), world), world)
    else:
        await _commit(attempt.row, await _judge(attempt, report, mailbox, world), world, report)
        return report
    return None


async def _claim(letter: Letter, mailbox: Mailbox, headline: Headline, rule: str, world: World) -> Letter:
    """The letter with an open attempt. Raises Stale if another has it, or the mailbox is paused."""
    route = mailbox.route
    event = replace(claim(letter, headline.size, route, route.address, route.server, world), rule=rule)
    claimed = await world.letters.move(letter, event)
    await _destroy_composed(letter, claimed, world)
    log().info("letter_claimed", letter=letter.id, mailbox=mailbox.cvr, attempt=claimed.fence)
    return claimed


async def _deliver(attempt: Attempt[Letter], mailbox: Mailbox, world: World) -> Report:
    """What happened to the claimed letter's mail, composed from what its row says now."""
    letter = attempt.row
    *_, copy = _whole(letter)
    address, fresh = mailbox.route.address, _fresh(letter, mailbox)
    style = _style(letter, copy, address, mailbox.options, fresh)
    if (style, address) != (copy.style, copy.address):
        before = copy.before if address == copy.address else letter.uncertain
        made = replace(copy, style=style, address=address, signatures=(), before=before)
        await attempt.keep(Recomposed(letter.fence, made))
        await _destroy_composed(letter, attempt.row, world)
    return await attempt.deliver(replace(parcel_of(attempt.row, mailbox), fresh=fresh), world)


def _style(letter: Letter, copy: Copy, address: str, wishes: Options, fresh: bool) -> Style:
    """The company's wishes of today, as long as no mail of this letter went out under those of yesterday.

    Of a letter in parts they were weighed when it was split for this address; but to a certificate that was renewed it
    must go on, and what is to be encrypted now is another mail anyway.
    """
    if fresh and letter.part == 1 and (not copy.parts or copy.address != address):
        return style_of(wishes, copy.style)
    renewed = bool(copy.style.certificate and wishes.certificate and (fresh or letter.composed is None))
    return replace(copy.style, certificate=wishes.certificate) if renewed else copy.style


def _whole(letter: Letter) -> tuple[Headline, Sealed, Copy]:
    """What a mail is made from. Raises ContentsGone if it was taken away between our look and the claim."""
    if letter.headline is None or letter.contents is None or letter.copy is None:
        raise ContentsGone("there are no contents here")
    return letter.headline, letter.contents, letter.copy


def _fresh(letter: Letter, mailbox: Mailbox) -> bool:
    """Whether no copy of the part that is due can be at its address yet."""
    copy = letter.copy
    return copy is None or copy.address != mailbox.route.address or not may_lie_there(letter)


def parcel_of(letter: Letter, mailbox: Mailbox) -> Parcel:
    """The next part of the letter, for its primary. Raises ContentsGone."""
    headline, sealed, copy = _whole(letter)
    return Parcel(
        letter.id, letter.fence, letter.part, 0, headline, sealed, copy, letter.composed,
        _fresh(letter, mailbox),
        letter.available_at, letter.not_before, mailbox, mailbox.route.address, mailbox.route.server,
    )  # fmt: skip


async def _judge(attempt: Attempt[Letter], report: Report, mailbox: Mailbox, world: World) -> Event:
    now, letter = world.clock.now(), attempt.row
    if attempt.refused:
        return Later(letter.fence, "stopped", attempt.refused, now, report)
    too_large = verdict(report) is Verdict.TOO_LARGE
    split = await smaller(parcel_of(letter, mailbox), report.limit, world) if too_large else None
    address, chance = mailbox.route.address, world.clock.chance()
    return judge(report, letter, address, now, world.pace, chance, world.clock.uuid(), split)


async def _too_large(letter: Letter, mailbox: Mailbox, words: str, world: World) -> Event:
    """A letter that cannot be encrypted whole goes in several mails, or is a person's business."""
    split = await smaller(parcel_of(letter, mailbox), LIMIT, world)
    if split is None:
        return Hold(Reason.TOO_LARGE, words, letter.fence)
    return Later(letter.fence, Verdict.TOO_LARGE, words, world.clock.now(), None, split)


_NAMES = {
    State.FORWARDED: "letter_confirmed", State.HELD: "letter_held", State.FOUND: "letter_contents_lost",
    State.HANDED_OVER: "letter_handed_over",
}  # fmt: skip


async def _commit(letter: Letter, event: Event, world: World, report: Report | None = None) -> None:
    after = await world.letters.move(letter, event)
    await _destroy_composed(letter, after, world)
    log().info(
        _NAMES.get(after.state, "letter_later"), letter=letter.id, attempt=letter.fence, why=after.why,
        words=after.words, server=report.server if report else "", seconds=round(report.seconds, 3) if report else 0,
    )  # fmt: skip


async def _destroy_composed(before: Letter, after: Letter, world: World) -> None:
    """Takes away an encrypted mail that the row does not name any more."""
    if before.composed is not None and after.composed is None:
        await world.contents.destroy(before.composed)
