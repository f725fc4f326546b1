"""What makes a person look twice at an address that they typed: a slip of the finger, a look-alike, another firm's.

Pure, and without the network: what the DNS and the mail server say is for the preflight. Source: SECURITY 3 (6).
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from nemboks.domain.mailbox import Address

# The second half of addresses that many have: what is one slip away from one of these is that slip.
POPULAR: Final = (
    "gmail.com", "googlemail.com", "hotmail.com", "hotmail.dk", "outlook.com", "outlook.dk", "yahoo.com", "yahoo.dk",
    "icloud.com", "proton.me", "protonmail.com", "live.dk", "live.com", "jubii.dk", "stofanet.dk", "youmail.dk",
)  # fmt: skip
# Real domains that are one slip away from one of these, and domains of nobody's that are two.
_REAL: Final = frozenset({"mail.com", "email.com", "gmx.com", "live.de", "yahoo.de", "hotmail.de", "outlook.de"})
_KNOWN_SLIPS: Final = {
    "gmail.dk": "gmail.com", "gmail.co": "gmail.com", "gmail.cm": "gmail.com", "gmail.om": "gmail.com",
    "gmail.con": "gmail.com", "gnail.con": "gmail.com", "gmal.co": "gmail.com", "hotmail.con": "hotmail.com",
    "hotmail.co": "hotmail.com", "outlook.co": "outlook.com", "outlook.con": "outlook.com", "icloud.dk": "icloud.com",
    "hotmai.dk": "hotmail.dk", "homail.dk": "hotmail.dk", "lve.dk": "live.dk", "yahoo.co": "yahoo.com",
}  # fmt: skip
_SHORT: Final = 8  # characters; of shorter domains many are one sign apart and all real (live.dk, lime.dk)
# Read by whoever has the duty there, so of another firm it is nobody we know.
ROLES: Final = frozenset({
    "admin", "bogholderi", "booking", "faktura", "hej", "hello", "hr", "info", "kontakt", "kontor", "mail", "office",
    "post", "postmaster", "reception", "salg", "sales", "service", "support", "webmaster",
})  # fmt: skip


class DoubtKind(StrEnum):
    TYPO = "typo"  # one slip away from a domain that many have
    NEAR = "near"  # one slip away from the company's own domain
    ALIKE = "alike"  # letters that look like others
    ROLE = "role"  # the common mailbox of a domain that is not the company's


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason to look twice; `meant` is what was perhaps meant. `grave`: only with a person's word that it is so."""

    kind: DoubtKind
    meant: str

    @property
    def grave(self) -> bool:
        return self.kind is not DoubtKind.ROLE


def doubts(address: Address, own: Collection[str]) -> tuple[Doubt, ...]:
    """What is odd about the address; `own`: the domains that the company's addresses have now."""
    domain, found = address.domain, list[Doubt]()
    if domain in own:
        return ()
    if meant := _slip_of(domain):
        found.append(Doubt(DoubtKind.TYPO, meant))
    if near := next((one for one in sorted(own) if _one_slip(domain, one)), ""):
        found.append(Doubt(DoubtKind.NEAR, near))
    if address.warning:
        found.append(Doubt(DoubtKind.ALIKE, address.warning))
    if address.partition("@")[0].lower() in ROLES:
        found.append(Doubt(DoubtKind.ROLE, domain))
    return tuple(found)


def _slip_of(domain: str) -> str:
    if domain in POPULAR or domain in _REAL:
        return ""
    close = (one for one in POPULAR if len(one) >= _SHORT and _one_slip(domain, one))
    return _KNOWN_SLIPS.get(domain) or next(close, "")


def _one_slip(one: str, other: str) -> bool:
    """Whether two different texts differ by one sign more, less or other, or by two neighbours that changed places."""
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    swapped = a[:2] == b[1::-1] and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped
