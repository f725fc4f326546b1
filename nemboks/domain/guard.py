"""The one question before every receipt or removal (D16)."""

from datetime import datetime, timedelta

from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.routing import Which, came

NO_CONFIRMATION = "no committed confirmation"


def receipt_may_go(letter: Letter, mailbox: Mailbox, now: datetime) -> str:
    """Why the receipt may not go now, or "" when it may. A pause or a plan's end stops sending, not receipts."""
    if letter.state is not State.FORWARDED or letter.confirmation is None:
        return NO_CONFIRMATION
    if letter.bounced:
        return "the mail came back after it was accepted"
    if mailbox.parked_until and now < mailbox.parked_until:
        return "Digital Post refuses this CVR for now"
    return _estate(letter, mailbox) or _custody(letter, mailbox, now)


def _estate(letter: Letter, mailbox: Mailbox) -> str:
    """What the people of before got stays in Digital Post for the kurator to read there."""
    if mailbox.frozen_at is None:
        return ""
    if mailbox.boundary_at is None:
        return "an estate is registered: nothing leaves Digital Post before it is decided"
    if came(letter, mailbox.boundary_at, mailbox.face) is Which.BEFORE or _to_another(letter, mailbox):
        return "it was delivered to the previous address before the estate took effect"
    return ""


def _to_another(letter: Letter, mailbox: Mailbox) -> bool:
    at = letter.confirmation.at if letter.confirmation else None
    return at is not None and mailbox.boundary_at is not None and at < mailbox.boundary_at


def _custody(letter: Letter, mailbox: Mailbox, now: datetime) -> str:
    custody = mailbox.custody
    if custody.fuse:
        return f"the delete fuse has tripped: {custody.fuse}"
    if custody.legal_hold_since is not None:
        return "a legal hold is on"
    if custody.unproven:
        return "nobody has proven the address with a code yet"
    if custody.shadow_since is not None:
        return "shadow mode: letters are forwarded and stay in Digital Post until a person says go"
    confirmation = letter.confirmation
    if custody.probation_until is not None and now < custody.probation_until:
        return "the address is new, and on probation"
    if confirmation is not None and now < confirmation.at + custody.kept:
        return f"it is kept in Digital Post for {custody.keep_days} days after it was delivered"
    return ""


def may_go_at(letter: Letter, mailbox: Mailbox, now: datetime) -> datetime:
    """When it is worth asking again for a receipt that may not go now: at the end of what is dated, else in a day."""
    custody, confirmation = mailbox.custody, letter.confirmation
    kept = confirmation.at + custody.kept if confirmation else now
    ends = [at for at in (mailbox.parked_until, custody.probation_until, kept) if at is not None and at > now]
    return max(ends, default=now + timedelta(days=1))


def until_a_person(mailbox: Mailbox) -> bool:
    """Whether no receipt of the mailbox goes before a person says so: then none is due."""
    custody = mailbox.custody
    waits = custody.fuse or custody.legal_hold_since or custody.unproven or custody.shadow_since
    return bool(waits) or (mailbox.frozen_at is not None and mailbox.boundary_at is None)
