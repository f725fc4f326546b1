"""The third part: the receipt that lets a letter leave Digital Post.

It is given only for a committed confirmation, after `receipt_may_go`, and always with the letter's one
transmissionId, so it may be repeated. "No such letter" proves nothing by itself: only after a call whose answer we
never saw, and only when a fresh listing lacks the letter, does it mean that the earlier call was heard.
"""

from datetime import timedelta

from nemboks.domain.guard import may_go_at, receipt_may_go
from nemboks.domain.letter import Acknowledged, Letter, Postponed, ReceiptBegun, State
from nemboks.domain.mailbox import Face, Mailbox
from nemboks.domain.proof import Receipt
from nemboks.domain.verdict import backoff, spread
from nemboks.journey.collect import put_off
from nemboks.journey.further import still_wanted
from nemboks.journey.world import World
from nemboks.logs import log
from nemboks.ports import Gone, Inbox, InboxError, Refused, Unavailable, Withheld

# "No such letter", and on no list, this often in a row: then it is so. A single odd answer settles nothing, and a list
# that dropped the letter at its fetch is silent about the receipt.
GONE_LOOKS = 3
WAITS = "waits"  # why a receipt is postponed that upstream was not asked about


async def acknowledge(letter: Letter, mailbox: Mailbox, world: World) -> None:
    """Give the receipt of one FORWARDED letter and commit ACKNOWLEDGED, or when to try again."""
    now = world.clock.now()
    if why := receipt_may_go(letter, mailbox, now):
        if letter.state is State.FORWARDED and not letter.bounced:  # an unanswered call stays in doubt
            event = Postponed(WAITS, why, may_go_at(letter, mailbox, now), definite=False)
            await world.letters.move(letter, event)
        return
    repeated = letter.receipt_begun_at is not None
    words: str | None
    try:
        inbox = await world.inboxes.of(mailbox)
        letter = await world.letters.move(letter, ReceiptBegun())
        words = await inbox.acknowledge(_receipt(letter, world), repeated)
    except Gone as e:
        words = await _settle(letter, mailbox, inbox, e, repeated, world)
    except InboxError as e:
        await _postpone(letter, mailbox, e, repeated, world)
        return
    if words is not None:
        await _acknowledged(letter, mailbox, words, world)


def _receipt(letter: Letter, world: World) -> Receipt:
    headline, confirmation = letter.headline, letter.confirmation
    assert headline is not None and confirmation is not None and letter.transmission_id is not None
    return Receipt(
        confirmation,
        letter.upstream_id,
        letter.transmission_id,
        world.clock.now(),
        headline.size,
        headline.header_sha256,
    )


async def _settle(
    letter: Letter, mailbox: Mailbox, inbox: Inbox, error: Gone, repeated: bool, world: World
) -> str | None:
    """Upstream's words if the letter is settled, None if it was put off: the list decides (DIGITAL-POST 7.5)."""
    failures = letter.failures + 1 if letter.why == "gone" else 1
    listed = await _listed(letter, mailbox, inbox, world)
    if not listed and failures >= GONE_LOOKS:
        return f"already gone: {error}"
    why = "still_listed" if listed else "gone"  # two words, so that only looks in a row without it are counted
    due_at = world.clock.now() + timedelta(seconds=spread(world.pace.missing_seconds, world.clock.chance()))
    # While it is listed, or the list is silent, an earlier unanswered call stays in doubt.
    await world.letters.move(letter, Postponed(why, str(error), due_at, definite=not repeated))
    log().warning("letter_postponed", letter=letter.id, why=why, words=str(error))
    return None


async def _listed(letter: Letter, mailbox: Mailbox, inbox: Inbox, world: World) -> bool:
    """Whether the letter may still lie there; what is not known counts as a yes."""
    try:
        ids = [one.upstream_id for one in await inbox.list()]
    except InboxError:
        return True
    if letter.upstream_id in ids or mailbox.face is not Face.IMAP:
        return letter.upstream_id in ids
    # In an inbox that was numbered anew it has another id, and is known again only when it was read (RELIABILITY M03).
    numbering = letter.upstream_id.partition(".")[0]
    anew = [id_ for id_ in ids if id_.partition(".")[0] != numbering]
    return await world.letters.unread(mailbox, anew)


async def _postpone(letter: Letter, mailbox: Mailbox, error: InboxError, repeated: bool, world: World) -> None:
    why = type(error).__name__.lower()
    failures = letter.failures + 1 if letter.why == why else 1
    if isinstance(error, Withheld):  # by our own fuse: waits like everything that receipt_may_go says no to
        why, due_at = WAITS, may_go_at(letter, mailbox, world.clock.now())
    elif isinstance(error, Refused) and error.mailbox:
        due_at = await put_off(mailbox, error, world)
    else:
        seconds = backoff(failures, world.pace, world.clock.chance())
        if isinstance(error, Refused):
            seconds = spread(world.pace.park_seconds, world.clock.chance())
        elif isinstance(error, Unavailable) and error.retry_after is not None:
            seconds = max(seconds, error.retry_after)
        due_at = world.clock.now() + timedelta(seconds=seconds)
    definite = isinstance(error, Refused) and not repeated  # a no today does not answer yesterday's call
    await world.letters.move(letter, Postponed(why, str(error), due_at, definite))
    log().warning("letter_postponed", letter=letter.id, why=why, words=str(error))


async def _acknowledged(letter: Letter, mailbox: Mailbox, words: str, world: World) -> None:
    keep = await still_wanted(letter, mailbox, world)
    after = await world.letters.move(letter, Acknowledged(words, keep))
    for sealed, kept in ((letter.contents, after.contents), (letter.composed, after.composed)):
        if sealed is not None and kept is None:  # not by `keep`: a legal hold may have come between
            await world.contents.destroy(sealed)
    log().info("letter_acknowledged", letter=after.id, mailbox=mailbox.cvr, words=words)
