"""The first part of the way: what lies in a mailbox, and one letter fetched, read and sealed.

FOUND is committed before any fetch, because the fetch itself may take the letter off upstream's list
(DIGITAL-POST 2.4). Nothing is believed of a letter before its identity is checked: the id that was asked for,
and the recipient that the mailbox belongs to. A letter that fails that is HELD, never mailed, never receipted.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from nemboks.content.compose import message_id_for
from nemboks.content.errors import Unreadable
from nemboks.domain.custody import Consent
from nemboks.domain.headline import Copy, Headline, Kind, Sealed, Style
from nemboks.domain.letter import Collected, Event, FetchBegun, Hold, Letter, Postponed, Reason, Stale, State, Vanished
from nemboks.domain.mailbox import Face, Mailbox
from nemboks.domain.routing import obstacle
from nemboks.domain.verdict import backoff, spread
from nemboks.journey.attempt import Permission
from nemboks.journey.kept import Got, Reading, found_over, is_anothers, is_right, kept
from nemboks.journey.mail import style_of
from nemboks.journey.standing import ask_consent, ask_standing, look_seconds, refused_seconds, why_refused
from nemboks.journey.world import World
from nemboks.logs import log
from nemboks.ports import Gone, Inbox, InboxError, Refused, Unavailable

LEGAL_AHEAD = timedelta(days=1)  # so much earlier a service of process is due than what came with it
LOOKS = 3  # a letter that is not there, or not readable, gets three looks before we believe it


async def look(mailbox: Mailbox, world: World) -> None:
    """List one mailbox and commit what is new as FOUND; nothing of a company that has not let us in."""
    if mailbox.consent is not Consent.GIVEN:
        mailbox = await ask_consent(mailbox, world)
        if mailbox.consent is not Consent.GIVEN:
            return
    asked_at = world.clock.now()
    try:
        inbox = await world.inboxes.of(mailbox)
        listed = await inbox.list()
    except InboxError as e:
        await put_off(mailbox, e, world)
        return
    now = world.clock.now()
    due_at = now + timedelta(seconds=spread(look_seconds(mailbox, world), world.clock.chance()))
    new = await world.letters.found(mailbox, listed, now, due_at, inbox.unusable, asked_at)
    if new:
        log().info("letter_found", mailbox=mailbox.cvr, new=new, listed=len(listed))
    if inbox.unusable != mailbox.unusable:
        log().warning("listing_unusable", mailbox=mailbox.cvr, number=inbox.unusable, listed=len(listed))


async def put_off(mailbox: Mailbox, error: InboxError, world: World) -> datetime:
    """When the mailbox is looked at again after a failure; a refusal of the CVR parks it, and it alone."""
    if isinstance(error, Refused) and error.mailbox:
        return await _park(mailbox, error, world)
    due_at = _again(error, mailbox.failures + 1, world)
    await world.mailboxes.postpone(mailbox, due_at, str(error), False)
    log().warning("mailbox_unavailable", mailbox=mailbox.cvr, words=str(error), due_at=due_at.isoformat())
    return due_at


async def _park(mailbox: Mailbox, error: Refused, world: World) -> datetime:
    """When the mailbox that upstream refuses is looked at again: at once, if the register has another login for it, or
    if it was given one since it was read."""
    if (await world.mailboxes.get(mailbox.id)).sealing != mailbox.sealing:
        return world.clock.now()
    mailbox, renewed = await ask_standing(mailbox, world)
    if renewed:
        return mailbox.due_at
    words = f"{why} ({error})" if (why := why_refused(mailbox)) else str(error)
    due_at = world.clock.now() + timedelta(seconds=spread(refused_seconds(mailbox, world), world.clock.chance()))
    after = await world.mailboxes.postpone(mailbox, due_at, words, True)
    if after.parked_until is None:  # listed by another, or given another login, while the register was asked
        return after.due_at
    log().warning("mailbox_parked", mailbox=mailbox.cvr, words=words, due_at=due_at.isoformat())
    return due_at


def _again(error: InboxError, failures: int, world: World) -> datetime:
    pace, chance = world.pace, world.clock.chance()
    if isinstance(error, Refused):
        seconds = spread(pace.park_seconds, chance)
    elif isinstance(error, Gone):
        seconds = spread(pace.missing_seconds, chance)
    else:
        asked = error.retry_after if isinstance(error, Unavailable) and error.retry_after is not None else 0.0
        seconds = max(asked, backoff(failures, pace, chance))
    return world.clock.now() + timedelta(seconds=seconds)


async def collect(letter: Letter, mailbox: Mailbox, world: World, may_begin: Permission = lambda: True) -> None:
    """Fetch one FOUND letter and commit it as WAITING, or as HELD with the reason. `may_begin` False: no fetch that
    upstream may not repeat."""
    if reason := obstacle(letter, mailbox, world.clock.now()):  # it is not even fetched
        await world.letters.move(letter, Hold(reason))
        log().info("letter_held", letter=letter.id, mailbox=mailbox.cvr, size=0, why=reason)
        return
    try:
        got = await kept(letter, world)
        if got is None or not is_right(got, letter):
            letter, got = await _better(letter, mailbox, got, world, may_begin)
        if isinstance(got.headline, Unreadable):
            raise got.headline
    except (InboxError, Unreadable) as e:
        await _not_collected(letter, mailbox, e, world)
        return
    await _commit(letter, mailbox, got.headline, got.sealed, world)


async def _better(
    letter: Letter, mailbox: Mailbox, have: Got | None, world: World, may_begin: Permission
) -> tuple[Letter, Got]:
    """What upstream gives now; the kept contents of another letter where it has no other any more. InboxError."""
    inbox = await world.inboxes.of(mailbox)
    try:
        after, got = await _fetch(letter, inbox, have, world, may_begin)
    except Gone:
        if have is None or isinstance(have.headline, Unreadable):
            raise
        return letter, have
    if have is not None and have.sealed == letter.contents and after.contents == got.sealed:  # no row names it any more
        await world.contents.destroy(have.sealed)
    return after, got


async def _fetch(
    letter: Letter, inbox: Inbox, have: Got | None, world: World, may_begin: Permission
) -> tuple[Letter, Got]:
    """Stream the letter into the spool while reading it. Raises InboxError; then what was kept still is, and no more.

    Where upstream may not give it twice, the row names the seal before it is whole, and before the first byte comes
    unless that would cost what we have; and a letter that cannot be read is sealed like any other.
    """
    reading, once = Reading(letter), not inbox.keeps
    async with world.contents.seal(letter.id, once) as sealing:
        if once and have is None:
            letter = await world.letters.move(letter, FetchBegun(sealing.sealed))
        if once and not may_begin():  # asked behind the commit: that may have waited for the ledger
            raise Stale(f"letter {letter.id}: the daemon is stopping")
        async with inbox.fetch(letter.upstream_id) as pieces:
            async for piece in pieces:
                reading.feed(piece)
                await sealing.write(piece)
        headline = reading.close()
        if isinstance(headline, Unreadable) and (not once or (have and isinstance(have.headline, Unreadable))):
            raise headline  # upstream keeps it, or we have such a one from the fetch before
        if once and have is not None:
            with suppress(Stale):  # another worker was given it meanwhile: what we fetched is a fact all the same
                letter = await world.letters.move(letter, FetchBegun(sealing.sealed))
        return letter, Got(headline, await sealing.finish(durable=once))


async def _commit(letter: Letter, mailbox: Mailbox, headline: Headline, sealed: Sealed, world: World) -> None:
    """Commit what the letter turned out to be; contents that no row names afterwards are destroyed."""
    shared = await world.mailboxes.shared(mailbox)
    try:
        twin = await _twin(letter, mailbox, headline, world)
        if twin is not None:
            await world.contents.destroy(sealed)
            log().info("letter_rebound", letter=twin.id, mailbox=mailbox.cvr)
            return
        after = await world.letters.move(letter, _believe(letter, mailbox, headline, sealed, shared, world))
    except Stale:  # another fetched it meanwhile: that one's contents stand
        if not await _may_be_wanted(letter, sealed, world):
            await world.contents.destroy(sealed)
        raise
    for one in (sealed, letter.contents):
        if one is not None and one != after.contents:
            await world.contents.destroy(one)
    name = "letter_collected" if after.state is State.WAITING else "letter_held"
    log().info(name, letter=letter.id, mailbox=mailbox.cvr, size=headline.size, why=after.why)


async def _may_be_wanted(letter: Letter, sealed: Sealed, world: World) -> bool:
    """Whether the row names these contents, whoever brought them, or has none: then they may be the only ones."""
    now = await world.letters.get(letter.id)
    return now is not None and (now.state is State.VANISHED or sealed in (letter.contents, now.contents))


async def _twin(letter: Letter, mailbox: Mailbox, headline: Headline, world: World) -> Letter | None:
    """The same IMAP message under the UIDVALIDITY before (RELIABILITY M03): it goes on under its new id."""
    if found_over(letter) is not Face.IMAP or letter.state is not State.FOUND:
        return None
    twin = await world.letters.twin(letter, headline.sha256, headline.size)
    return await world.letters.rebind(twin, letter) if twin else None


def _believe(letter: Letter, mailbox: Mailbox, headline: Headline, sealed: Sealed, shared: bool, world: World) -> Event:
    """Collected, or Hold when the letter is not what the mailbox said it was.

    `shared`: its address gets the post of several CVRs.
    """
    if is_anothers(headline, letter):  # upstream may not give the contents again, so they are kept, here and below
        words = "the letter carries another messageUUID than its id"
        return Hold(Reason.OTHER_CONTENTS, words, headline=headline, contents=sealed)
    if headline.kind is not Kind.MESSAGE:  # over REST
        if headline.recipient_type == "CPR" or headline.recipient_id != mailbox.cvr:
            headline = replace(headline, title="", recipient_id=None, documents=(), actions=())  # not ours to know
            words = "the letter names another recipient"
            return Hold(Reason.WRONG_RECIPIENT, words, headline=headline, contents=sealed)
        if headline.kind is Kind.NEMSMS:
            return Hold(Reason.NEMSMS, "", headline=headline, contents=sealed)
    if letter.headline is not None and letter.headline.sha256 != headline.sha256:
        return Hold(Reason.OTHER_CONTENTS, "the same id brings other contents than before", contents=sealed)
    now = world.clock.now()
    # Other contents that came after an attempt are another mail, which no reader may fold into the first.
    known = f"{letter.upstream_id} {letter.fence}" if letter.fence else letter.upstream_id
    message_id = message_id_for(mailbox.cvr, known, world.sender.domain, world.id_key)
    date, seed = now.replace(microsecond=0), headline.sha256[:24]
    style = style_of(mailbox.options, Style(with_cvr=shared))
    address = mailbox.route.address
    copy = Copy(
        message_id, date, seed, letter.upstream_id, mailbox.name, world.sender,
        style=style, address=address, after=letter.fence,
    )  # fmt: skip
    # Due since it was found: letters of one listing go out in its order, however long each fetch took (RELIABILITY I7).
    # A term that runs from a service of process (forkyndelse) waits behind no other letter of its day.
    ahead = LEGAL_AHEAD if headline.legal else timedelta(0)
    return Collected(headline, sealed, copy, min(letter.found_at, now) - ahead)


async def _not_collected(letter: Letter, mailbox: Mailbox, error: Exception, world: World) -> None:
    """The fetch did not bring the letter: later, or after three equal looks what that means.

    What upstream forgot when it gave it to us, and nobody could read, is the only copy there is.
    """
    words, why = str(error), type(error).__name__.lower()
    failures = letter.failures + 1 if letter.why == why else 1
    if isinstance(error, Unreadable):
        due_at = world.clock.now() + timedelta(seconds=backoff(failures, world.pace, world.clock.chance()))
    elif isinstance(error, Refused) and error.mailbox:
        due_at = await put_off(mailbox, error, world)
    else:
        due_at = _again(error, failures, world) if isinstance(error, InboxError) else world.clock.now()
    event: Event = Postponed(why, words, due_at)
    if failures >= LOOKS and isinstance(error, Unreadable | Gone):
        held = await kept(letter, world)
        if held is not None and not isinstance(held.headline, Unreadable):  # another worker's, and whole only now
            await _commit(letter, mailbox, held.headline, held.sealed, world)
            return
        if held is not None or isinstance(error, Unreadable):
            event = Hold(Reason.UNREADABLE, words, contents=held.sealed if held else None)
        else:
            event = Vanished(words)
    after = await world.letters.move(letter, event)
    name = {State.HELD: "letter_held", State.VANISHED: "letter_vanished"}.get(after.state, "letter_postponed")
    log().warning(name, letter=letter.id, mailbox=mailbox.cvr, why=after.why, words=words)
