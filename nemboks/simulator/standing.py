"""How a company stands in the register, whether it lets the vendor in, and what follows from both.

Source: DIGITAL-POST.md 2.5 and 4.6; the words of the life states are ours. Promises: what is refused is refused with
a sentence.
"""

from dataclasses import dataclass
from typing import Literal

Life = Literal["waiting_period", "active", "exempt", "reconstruction", "bankrupt", "ceased"]
LIVES: tuple[Life, ...] = ("waiting_period", "active", "exempt", "reconstruction", "bankrupt", "ceased")
Consent = Literal["given", "awaited", "declined"]
CONSENTS: tuple[Consent, ...] = ("given", "awaited", "declined")

# Bankruptcy and reconstruction stop no post: it is the curator who reads it then.
NO_POST: dict[Life, str] = {
    "waiting_period": "the company is new: nothing can be sent to it before its waiting period is over",
    "exempt": "the company is exempt from Digital Post",
    "ceased": "the company has ceased: its mailbox is closed",
}
CEASED = "the company has ceased: every access to its mailbox is blocked"
NO_ENTRY: dict[Consent, str] = {
    "awaited": "the company has not let this recipient system in yet",
    "declined": "the company has declined this recipient system",
}


@dataclass(frozen=True)
class Standing:
    """`curator`: the access of a curator, liquidator or executor is active."""

    life: Life = "active"
    curator: bool = False
    consent: Consent = "given"

    def no_post(self) -> str | None:
        """Why nothing can be sent to the company, or None."""
        return NO_POST.get(self.life)

    def no_entry(self) -> str | None:
        """Why its own recipient system or IMAP user is kept out, or None."""
        return CEASED if self.life == "ceased" else NO_ENTRY.get(self.consent)

    def no_system(self) -> str | None:
        """Why its recipient systems are not shown, or None: a company that is still to answer has none to hide."""
        return None if self.life != "ceased" and self.consent == "awaited" else self.no_entry()


class NoPostError(Exception):
    """The letter's recipient can be sent nothing; the message is the sentence."""
