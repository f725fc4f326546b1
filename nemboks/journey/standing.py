"""How a company stands upstream, asked of the register in our own name: its life, and whether it lets us in.

Promises: a mailbox whose company has not let us in is asked about here and nowhere else: nothing of it is listed or
fetched. What the register does not answer changes nothing. A login that a person typed is no business of the
register's: only who let us in through it can keep us out by it again.
Never does: ask upstream anything as the company.
"""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from nemboks.domain.custody import Consent, Life
from nemboks.domain.mailbox import Face, Mailbox
from nemboks.domain.plans import serves
from nemboks.domain.verdict import spread
from nemboks.journey.world import World
from nemboks.logs import log
from nemboks.ports import Books, InboxError, Standing, Unavailable

ROUNDS: Final = 24  # a day; twenty of them are enough for all companies
SHARE: Final = 20
REGISTER: Final = "register"  # who did it, in the history
NAME: Final = 120  # characters, as everywhere
NOT_ASKED: Final = "[upstream] has no login of our own: nobody can see whether the company lets us in"
WITHDRAWN: Final = "the company no longer lets us in"
_WHY: Final = {
    Life.CEASED: "the company has ceased: every access to its mailbox is closed",
    Life.BANKRUPT: "the company is bankrupt: who reads its mailbox may have changed",
    Life.RECONSTRUCTION: "the company is under reconstruction: who reads its mailbox may have changed",
    Life.EXEMPT: "the company is exempt from Digital Post",
    Life.WAITING_PERIOD: "the company is new: its waiting period is not over",
}
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


async def ask_standing(mailbox: Mailbox, world: World) -> tuple[Mailbox, bool]:
    """The mailbox as the register says now that it stands, and whether that gave it another login.

    As it was where the register is not asked, or is away. What it was asked about was seen before: whether it was
    listed since then, or given another login by somebody, is still told by `listed_at` and `sealing`
    (Mailboxes.postpone).
    """
    try:
        after, renewed = await _asked(mailbox, world)
        return replace(after, listed_at=mailbox.listed_at, sealing=mailbox.sealing), renewed
    except Unavailable as error:
        log().warning("standing_unknown", mailbox=mailbox.cvr, words=str(error))
        return mailbox, False


async def ask_consent(mailbox: Mailbox, world: World) -> Mailbox:
    """The mailbox after asking whether the company lets us in; if it does not, the next question is put off.

    A company that had let us in is parked then: what it left here needs upstream too.
    """
    if world.acts is None or world.registry is None:
        await world.mailboxes.postpone(mailbox, _later(mailbox, world), NOT_ASKED, False)
        return mailbox
    try:
        mailbox, _ = await _asked(mailbox, world)
    except Unavailable as error:
        log().warning("standing_unknown", mailbox=mailbox.cvr, words=str(error))
        await world.acts.act(lambda books: _put_off(books, mailbox.id, world))
    if mailbox.consent is not Consent.GIVEN and mailbox.listed_at is not None:
        await world.mailboxes.postpone(mailbox, _later(mailbox, world), WITHDRAWN, True)
    return mailbox


def _put_off(books: Books, id_: int, world: World) -> Mailbox:
    box = books.mailbox_of(id_)
    return books.keep(replace(box, due_at=_later(box, world)))


def _later(mailbox: Mailbox, world: World) -> datetime:
    """When the company is asked about again."""
    seconds = spread(refused_seconds(mailbox, world), world.clock.chance())
    return world.clock.now() + timedelta(seconds=seconds)


def refused_seconds(mailbox: Mailbox, world: World) -> float:
    """How long a mailbox that upstream refuses is left alone, given why: one that has ceased a day."""
    pace = world.pace
    if mailbox.life is Life.CEASED:
        return pace.standing_seconds
    return pace.park_seconds if mailbox.consent is Consent.GIVEN else pace.consent_seconds


def look_seconds(mailbox: Mailbox, world: World) -> float:
    """Between two looks into a mailbox: where no post can come, at most as often as one that is refused."""
    pace = world.pace
    quiet = mailbox.life in (Life.EXEMPT, Life.WAITING_PERIOD)
    return max(pace.poll_seconds, pace.park_seconds) if quiet else pace.poll_seconds


def why_refused(mailbox: Mailbox) -> str:
    """What the register says that explains a refusal; "" if nothing does."""
    if mailbox.life is not Life.CEASED and mailbox.consent is not Consent.GIVEN:
        return WITHDRAWN
    return _WHY.get(mailbox.life, "")


async def refresh_standings(world: World) -> int:
    """How many companies were asked about: those not asked for a day, the longest waiting first, a share each round.

    One at a time: nobody waits for it. A register that is away ends the round.
    """
    if world.acts is None or world.registry is None:
        return 0
    now, boxes = world.clock.now(), await world.mailboxes.all()
    before = now - timedelta(seconds=world.pace.standing_seconds)
    stale = [box for box in boxes if (box.looked_up_at or _NEVER) <= before and _is_served(box, now)]
    stale.sort(key=lambda box: box.looked_up_at or _NEVER)
    asked = 0
    for box in stale[: math.ceil(len(boxes) / SHARE)]:
        try:
            await _asked(box, world)
        except Unavailable as error:
            log().warning("standing_unknown", mailbox=box.cvr, words=str(error))
            break
        asked += 1
    return asked


def _is_served(mailbox: Mailbox, now: datetime) -> bool:
    """Those that wait for consent ask for themselves."""
    return mailbox.consent is Consent.GIVEN and serves(mailbox.serves_until, now)


async def _asked(mailbox: Mailbox, world: World) -> tuple[Mailbox, bool]:
    """The mailbox after the register's answer, and whether that gave it another login. Raises Unavailable."""
    if world.acts is None or world.registry is None:
        return mailbox, False
    standing: Standing | None = None
    try:
        standing = await world.registry.look_up(mailbox.cvr)
    except Unavailable:
        raise
    except InboxError as error:  # a definite no says nothing of the company; it is asked again in its turn
        log().warning("standing_unknown", mailbox=mailbox.cvr, words=str(error))
    after, renewed = await world.acts.act(lambda books: _believe(books, mailbox.id, standing, world))
    if after.consent is not mailbox.consent or after.life is not mailbox.life:
        log().info("standing_changed", mailbox=mailbox.cvr, consent=after.consent, life=after.life)
    return after, renewed


def _believe(books: Books, id_: int, standing: Standing | None, world: World) -> tuple[Mailbox, bool]:
    """The mailbox with what the register said, in one transaction; and whether it has another login."""
    box = books.mailbox_of(id_)
    if standing is None:
        return books.keep(_asked_again(replace(box, looked_up_at=books.at), world)), False
    _note_life(books, box, standing)
    consent, renewed = _consent(box, standing), False
    if consent is Consent.GIVEN and _speaks_for(box, standing):
        renewed = books.give_credentials(box, standing.credentials)
    if consent is not box.consent:
        books.note(_consent_event(box, consent), box, by=REGISTER)
    by_register = box.custody.by_register or (consent is Consent.GIVEN and box.consent is not Consent.GIVEN)
    due_now = renewed or (consent is Consent.GIVEN and box.consent is not Consent.GIVEN)
    after = replace(
        box,
        name=box.name or standing.name[:NAME],
        life=standing.life,
        curator=standing.curator,
        consent=consent,
        custody=replace(box.custody, by_register=by_register),
        looked_up_at=books.at,
        due_at=books.at if due_now else box.due_at,
    )
    return books.keep(_asked_again(after, world)), renewed


def _asked_again(box: Mailbox, world: World) -> Mailbox:
    """The mailbox; one that awaits its first consent is due when that is to be asked about again."""
    if box.consent is Consent.GIVEN or box.listed_at is not None:
        return box
    return replace(box, due_at=_later(box, world))


def _speaks_for(box: Mailbox, standing: Standing) -> bool:
    """Whether the register decides about our access: not to an IMAP inbox, and not where a person typed the login.

    Of a company that has ceased it shows no system, which says nothing about consent.
    """
    typed = box.consent is Consent.GIVEN and not box.custody.by_register
    return box.face is Face.REST and standing.life is not Life.CEASED and not typed


def _consent(box: Mailbox, standing: Standing) -> Consent:
    if not _speaks_for(box, standing):
        return box.consent
    if standing.consent is Consent.GIVEN and not standing.credentials:
        return Consent.AWAITED
    return standing.consent


def _consent_event(box: Mailbox, consent: Consent) -> str:
    withdrawn = box.consent is Consent.GIVEN and consent is Consent.AWAITED
    return "consent_withdrawn" if withdrawn else f"consent_{consent.value}"


def _note_life(books: Books, box: Mailbox, standing: Standing) -> None:
    if (box.life, box.curator) != (standing.life, standing.curator):
        life, curator = standing.life.value, standing.curator
        books.note("life_changed", box, by=REGISTER, was=box.life.value, life=life, curator=curator)
