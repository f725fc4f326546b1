"""What every step of the journey is handed: our ledger, our spool, both neighbours, time."""

from dataclasses import dataclass

from nemboks.domain.mailbox import Address
from nemboks.domain.pace import Pace
from nemboks.ports import Clock, Contents, Courier, Inboxes, Letters, Mailboxes


@dataclass(frozen=True, slots=True)
class World:
    letters: Letters
    mailboxes: Mailboxes
    contents: Contents
    inboxes: Inboxes
    courier: Courier
    clock: Clock
    pace: Pace
    sender: Address
