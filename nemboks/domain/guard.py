"""The one question before every receipt or removal (D16)."""

from datetime import datetime

from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Mailbox


def receipt_may_go(letter: Letter, mailbox: Mailbox, now: datetime) -> str:
    """Why the receipt may not go now, or "" when it may. A pause stops sending, not receipts."""
    if letter.state is not State.FORWARDED or letter.confirmation is None:
        return "no committed confirmation"
    if letter.bounced:
        return "the mail came back after it was accepted"
    if mailbox.parked_until and now < mailbox.parked_until:
        return "Digital Post refuses this CVR for now"
    return ""
