"""What is read of all mailboxes at once: counts and times, for the board and the digests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from nemboks.domain.letter import State


@dataclass(frozen=True, slots=True)
class Tally:
    """How many letters of a mailbox are in one state for one reason, and since when the oldest lay in Digital Post."""

    mailbox: int
    state: State
    why: str
    bounced: bool  # their mails came back after they were confirmed
    number: int
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """A letter that came, as far as a digest may tell of it."""

    mailbox: int
    available_at: datetime
    delivered: bool
    authority: str
    deadline: datetime | None


class Overview(Protocol):
    def unfinished(self) -> Sequence[Tally]:
        """The letters that are not delivered, or whose receipt is still owed, counted."""
        ...

    def latest(self) -> Mapping[int, datetime]:
        """When the letter that was found last came into Digital Post, by the mailbox's id."""
        ...

    def troubles(self) -> Mapping[int, int]:
        """How many open troubles each mailbox has, by its id; one that several circles of people hear of is one."""
        ...

    def arrivals(self, since: datetime, until: datetime) -> Sequence[Arrival]:
        """The letters that were found in [since, until), in that order; none that a person left in Digital Post."""
        ...

    def upstream_ids(self) -> Iterable[tuple[int, int, str]]:
        """Every letter's number, its mailbox's id, and the id that it was collected under; the newest first.

        What a letter's reference is made of.
        """
        ...
