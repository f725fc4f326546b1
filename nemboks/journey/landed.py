"""After a relay took a letter: a look whether it arrived, and what its silence means.

A mail that lies in the inbox, or where a rule or a person filed it, is confirmed. One in junk or in the bin is not: it
waits, people are told, and a later look that finds it in the inbox confirms it. What is nowhere when the relay's time
is up is silence, and only a person goes on from there.
"""

from contextlib import aclosing
from datetime import datetime, timedelta

from nemboks.content.compose import message_id_of
from nemboks.content.message import HeaderBlock, kept_fields
from nemboks.domain.events import Event, Postponed, Reason, Returned
from nemboks.domain.headline import Copy, Kind, Sealed
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.proof import Confirmation, Evidence, Reply, Stage
from nemboks.domain.verdict import proven, spread
from nemboks.journey.world import World
from nemboks.logs import log
from nemboks.ports import Attempted, ContentsGone, InboxError, Landed, Place

JUNK = "junk"  # the `why` of a letter that lies in junk or in the bin
NOT_SEEN = "handed_over"


async def look_for(letter: Letter, mailbox: Mailbox, world: World) -> None:
    """Look for one HANDED_OVER letter and commit what that shows: confirmed, held, or when to look again."""
    try:
        seen = await _look(letter, mailbox, world)
    except (InboxError, ContentsGone) as e:
        event = _absent(letter, mailbox, type(e).__name__.lower(), str(e), world)
    else:
        event = await _event(letter, mailbox, seen, world)
    after = await world.letters.move(letter, event)
    name = {State.HANDED_OVER: "letter_postponed", State.HELD: "letter_held"}.get(after.state, "letter_landed")
    log().info(name, letter=letter.id, mailbox=mailbox.cvr, part=letter.part, why=after.why, words=after.words)


async def _look(letter: Letter, mailbox: Mailbox, world: World) -> Landed | None:
    if world.landings is None or not mailbox.options.landing or letter.copy is None:
        return None
    return await world.landings.look(mailbox, await _message_id(letter, letter.copy, world))


async def _message_id(letter: Letter, copy: Copy, world: World) -> str:
    """Of the mail that was handed over. A message that goes as it is keeps its own, if it has one (D11)."""
    headline, sealed = letter.headline, letter.contents
    wrapped = copy.wrap or copy.style.certificate or (headline and headline.wrap)
    if headline and sealed and headline.kind is Kind.MESSAGE and not wrapped:
        block = await _header(letter.id, sealed, world)
        own = [field.value for field in kept_fields(block) if field.name == "message-id"]
        if own:
            return own[0].decode("ascii", "replace")
    return message_id_of(copy, letter.part)


async def _header(letter: int, sealed: Sealed, world: World) -> bytes:
    block = HeaderBlock()
    async with aclosing(world.contents.open(letter, sealed)) as pieces:
        async for piece in pieces:
            block.feed(piece)
            if block.whole:
                break
    return bytes(block.kept)


async def _event(letter: Letter, mailbox: Mailbox, seen: Landed | None, world: World) -> Event:
    if seen is None:
        words = letter.words if letter.why in ("", NOT_SEEN) else ""
        return _absent(letter, mailbox, NOT_SEEN, words, world)
    if seen.place is not Place.INBOX:
        return Postponed(JUNK, seen.folder, _next_look(world))
    attempted = await sent(letter, letter.part, world)
    if attempted is None:
        return _absent(
            letter, mailbox, NOT_SEEN, f"it lies in {seen.folder}, but no attempt of ours surely sent it", world
        )
    reply = Reply(250, "2.1.5", f"found in {seen.folder}")
    return proof(letter, attempted, Evidence.LANDING, reply, world)


def _absent(letter: Letter, mailbox: Mailbox, why: str, words: str, world: World) -> Event:
    """Silence when the time is up, else the next look; without a mailbox to look into, that is the time itself."""
    silent_at = letter.deadline_at
    assert silent_at is not None  # every hand-over names it
    if world.clock.now() >= silent_at:
        return Returned(Reason.RELAY_SILENT, words)
    again = min(_next_look(world), silent_at) if mailbox.options.landing else silent_at
    return Postponed(why, words, again)


def _next_look(world: World) -> datetime:
    return world.clock.now() + timedelta(seconds=spread(world.pace.landing_seconds, world.clock.chance()))


# --- what a later sign proves -----------------------------------------------------------------------------------------


async def sent(letter: Letter, part: int, world: World, number: int | None = None) -> Attempted | None:
    """The attempt that sent the part over verified TLS: the given one, or the latest; None if there is none.

    An attempt that ended without a readable reply may be it as well: a sign from beyond says that it was. None, too,
    if it went to another address than the parts before it, or if nobody can tell to which address it went: of an
    attempt whose process was killed behind its dot there is no report, and its mail may be the one.
    """
    found: list[Attempted] = []
    addresses = {one.address for one in letter.proofs}
    for each in (number,) if number else range(letter.fence, 0, -1):
        attempted = await world.letters.attempt(letter.id, each)
        if attempted is None or attempted.part != part:
            continue
        report = attempted.report
        if report is None:
            addresses |= {attempted.address} if attempted.dot_begun else set()
            continue
        refused = report.reply is not None and report.reply.code >= 400 and not number
        if report.stage is Stage.DOT and report.tls is not None and not refused:
            found.append(attempted)
            addresses.add(attempted.address)
    return found[0] if found and len(addresses) == 1 else None


def proof(letter: Letter, attempted: Attempted, evidence: Evidence, reply: Reply, world: World) -> Event:
    """The event of a part that is confirmed by a later sign, with the facts of the attempt that sent it."""
    report, now = attempted.report, world.clock.now()
    assert report is not None and report.tls is not None
    confirmation = Confirmation(
        letter.id, attempted.number, attempted.address, report.server, reply, report.tls, now, attempted.part, evidence
    )
    return proven(confirmation, letter, now, world.clock.uuid())
