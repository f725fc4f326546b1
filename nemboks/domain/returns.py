"""Returned mail: whose it is (the return path, VERP) and what it says (a delivery status notification).

A return path carries the letter, the attempt and the part, and a MAC over them, so that nobody can make a letter look
returned, or delivered, by writing to the box. RFC 3464 is the notification's format; only `delivered` confirms, for
`relayed` and `expanded` mean that yet another server has promised something (D8).
"""

import hashlib
import hmac
import re
from base64 import b32encode
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

_TOKEN: Final = re.compile(r"([0-9]{1,18})-([0-9]{1,9})-([0-9]{1,4})-([0-9]{1,18})\.([a-z2-7]{16})")
_XTEXT: Final = re.compile(r"\+([0-9a-f]{2})")
_PURPOSE: Final = b"nemboks return path"


@dataclass(frozen=True, slots=True)
class Token:
    """Which mail a return path belongs to. `delivery` is 0 for the primary, else the further recipient's row."""

    letter: int
    attempt: int
    part: int
    delivery: int = 0

    def text(self, key: bytes) -> str:
        """`17-1-1-0.abcdefghijklmnop`: fits a local part with its prefix (64 octets), and an ENVID (100)."""
        return f"{self._facts}.{_mac(self._facts, key)}"

    @property
    def _facts(self) -> str:
        return f"{self.letter}-{self.attempt}-{self.part}-{self.delivery}"

    @classmethod
    def read(cls, text: str, key: bytes) -> Self | None:
        """The token, if it stands in the text with the right MAC; case does not matter (relays change it)."""
        for found in _TOKEN.finditer(text.lower()):
            token = cls(*(int(number) for number in (found[1], found[2], found[3], found[4])))
            if hmac.compare_digest(_mac(token._facts, key), found[5]):
                return token
        return None


def _mac(facts: str, key: bytes) -> str:
    digest = hmac.new(key, _PURPOSE + b"\0" + facts.encode(), hashlib.sha256).digest()
    return b32encode(digest[:10]).decode().lower()


class Action(StrEnum):
    """What a notification says became of the mail (RFC 3464 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class StatusNotice:
    """A delivery status notification about one recipient, as far as we use it. Strangers' words are redacted.

    But for `recipient`, which is only compared.
    """

    token: Token
    action: Action
    status: str  # RFC 3463, such as 5.1.1
    server: str  # that reports: Reporting-MTA, or the remote one that it names
    words: str  # the diagnostic, at most 512 characters
    recipient: str = field(default="", repr=False)  # Original-Recipient as it stands there; "" where it is not named

    def speaks_of(self, address: str) -> bool:
        """Whether it may be about this address: it names it, or nobody (RFC 3464 2.3.1).

        A mailbox that sends its mail on keeps our return path, and so what became of it elsewhere comes to us too.
        """
        named = self.recipient.casefold()
        plain = _XTEXT.sub(lambda found: chr(int(found[1], 16)), named)  # RFC 3461 4; some servers leave it so
        return not named or address.casefold() in (named, plain)
