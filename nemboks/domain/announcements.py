"""What people are told of acts and dates, as opposed to troubles (incidents.py): one message, one path, told once.

An announcement is written in the transaction of the act that it tells of, and is sent until somebody took it. Its
words are made from `facts` when it is sent; a code is never among them (it is derived again from the vault's key).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final


class Kind(StrEnum):
    ADDRESS_CODE = "address_code"  # to the new address: type this code
    ADDRESS_ASKED = "address_asked"  # to the old address and the second contact: confirm or stop it, with this code
    ADDRESS_CHANGED = "address_changed"
    ADDRESS_REMINDER = "address_reminder"  # to the old address, daily for three days after the change
    ADDRESS_CANCELLED = "address_cancelled"
    ADDRESS_PROOF = "address_proof"  # to the address of a new or imported CVR: type this code, then receipts go
    CONSENT_ASKED = "consent_asked"  # to an imported company: how to let us in
    CONTACT_MISSING = "contact_missing"  # nobody else can be told when the address fails
    DIGEST = "digest"
    ESTATE_CODE = "estate_code"  # to the kurator's address: type this code
    ESTATE_IN_EFFECT = "estate_in_effect"  # to the previous address and to the kurator, not before
    ESTATE_ENDED = "estate_ended"  # refused, reversed or closed; to the kurator, and to the company when it goes on
    FUSE_TRIPPED = "fuse_tripped"
    GOLIVE_REPORT = "golive_report"  # shadow mode is over: what was forwarded, how fast
    GRANT_CHANGED = "grant_changed"  # to the company's other administrators
    HOLIDAY_ENDED = "holiday_ended"
    PLAN_CANCELLED = "plan_cancelled"
    PLAN_ENDED = "plan_ended"
    RECONCILIATION = "reconciliation"  # upstream, ledger and confirmations do not agree
    UNROUTED = "unrouted"  # letters that no rule sends anywhere have waited too long


CODED: Final = frozenset({Kind.ADDRESS_CODE, Kind.ADDRESS_ASKED, Kind.ADDRESS_PROOF, Kind.ESTATE_CODE})


@dataclass(frozen=True, slots=True)
class Announcement:
    """One message to one path ("mail:da:name@domain", circles.py). `key` makes it one: told once."""

    id: int  # 0: not written yet
    key: str
    kind: Kind
    path: str
    created_at: datetime
    due_at: datetime | None  # None: sent, or nobody needs it any more
    mailbox: int | None = None
    # Plain JSON: names, dates as ISO text, counts; addresses masked. `code` names the Code row of a coded one.
    facts: Mapping[str, Any] = field(default_factory=dict)
    sent_at: datetime | None = None
    failures: int = 0
    receipt: str = ""  # the receiver's words, or why the last try failed
