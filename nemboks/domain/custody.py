"""What stands between a confirmed letter and its receipt besides the confirmation, and how a CVR stands upstream."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

KEEP_DAYS_MOST: Final = 5  # a recipient system without one receipt for seven days is switched off (DIGITAL-POST 0.10)


class Consent(StrEnum):
    """Whether the company has let us into its mailbox: a recipient system of its own that names our CVR."""

    AWAITED = "awaited"  # imported: nothing is listed or fetched before the company has said yes upstream
    GIVEN = "given"
    DECLINED = "declined"


class Life(StrEnum):
    """How a company stands in the register; only ACTIVE gets new post (DIGITAL-POST 4.6)."""

    UNKNOWN = "unknown"  # never looked up
    WAITING_PERIOD = "waiting_period"  # a new CVR: authorities cannot send yet
    ACTIVE = "active"
    EXEMPT = "exempt"  # let off Digital Post: it gets none
    RECONSTRUCTION = "reconstruction"
    BANKRUPT = "bankrupt"
    CEASED = "ceased"  # all accesses are blocked


@dataclass(frozen=True, slots=True)
class Custody:
    """Why receipts of a mailbox wait although the company's mail server has the letters. Nothing here stops sending."""

    unproven: bool = False  # nobody has typed a code that we sent to the address
    shadow_since: datetime | None = None  # letters are forwarded and stay in Digital Post, until a person says go
    shadow_until: datetime | None = None  # then people are reminded that nobody has; nothing happens by itself
    legal_hold_since: datetime | None = None  # nothing leaves Digital Post and nothing is cleared
    legal_hold_by: str = ""
    keep_days: int = 0  # a receipt waits this long after the confirmation; at most KEEP_DAYS_MOST
    probation_until: datetime | None = None  # of a changed address: what went there stays in Digital Post till then
    fuse: str = ""  # why the delete fuse has tripped (a word of domain/fuse.py); "" while it holds
    differences: tuple[str, ...] = ()  # that the last reconciliation found; only other ones trip the fuse again
    starts_at: datetime | None = None  # letters that lay there before are left alone ("start from now")
    by_register: bool = False  # the company let us in through the register, and can keep us out there again

    def __post_init__(self) -> None:
        if not 0 <= self.keep_days <= KEEP_DAYS_MOST:
            raise ValueError(f"keep_days is 0 to {KEEP_DAYS_MOST}, not {self.keep_days}")

    @property
    def kept(self) -> timedelta:
        return timedelta(days=self.keep_days)


NO_CUSTODY: Final = Custody()


def start_of(at: datetime) -> datetime:
    """When "from now" begins: with its second, for IMAP's times have no fractions and no letter may fall between."""
    return at.replace(microsecond=0)
