"""The stored letter's bytes in, the mail's bytes out, in pieces; nothing is held but the piece in hand.

Promises: the same inputs give the same octets on every attempt (D13); `size` is exact before the first piece; `close`
raises ContentsDiffer unless the bytes streamed were the very ones the headline was read from; documents are attached
unchanged. Never leaves out what the authority sent; a text that cannot be shown safely is attached only.
Format: UX.md 9, D11. What goes around a mail (DKIM, S/MIME) is not here.
"""

from datetime import datetime
from typing import Any, Protocol

from nemboks.content.envelope import Envelope, message_id_for, message_id_of, reference_for
from nemboks.content.headers import check_block
from nemboks.content.preread import Preread, Seen, View
from nemboks.content.shell import outer_fields as _fields
from nemboks.content.writers import MemoMail, MessageMail, WrappedMail
from nemboks.domain.headline import Copy, Headline, Kind
from nemboks.domain.mailbox import Address, Cvr

FORMAT = 1

__all__ = [
    "FORMAT", "MailWriter", "Preread", "Seen", "View", "compose", "message_id_for", "message_id_of", "outer_fields",
    "reference_for",
]  # fmt: skip


class MailWriter(Protocol):
    """One mail: `head()`, `feed` for every piece of the stored letter, `close()`.

    With two `passes` the stored letter is fed twice, with `turn()` between: head, feed..., turn, feed..., close.
    """

    @property
    def size(self) -> int:
        """Octets of the whole mail."""
        ...

    @property
    def eight_bit(self) -> bool:
        """Whether the server must offer 8BITMIME."""
        ...

    @property
    def passes(self) -> int:
        """How often the whole stored letter is to be fed: 1, or 2 where it is attached itself as well."""
        ...

    def head(self) -> bytes:
        """The mail's beginning: its header block, checked, and whatever of ours stands before the contents."""
        ...

    def feed(self, piece: bytes) -> bytes:
        """What the piece of the stored letter becomes. Raises ContentsDiffer."""
        ...

    def turn(self) -> bytes:
        """What stands between two passes. Raises ContentsDiffer as `close` does."""
        ...

    def close(self) -> bytes:
        """The mail's end. Raises ContentsDiffer unless all that was fed is the headline's letter."""
        ...


def compose(
    headline: Headline,
    copy: Copy,
    *,
    reference: str,
    cvr: Cvr,
    company: str,
    address: Address,
    sender: Address,
    available_at: datetime,
    upstream_id: str,
    seen: Seen | None = None,
    part: int = 1,
    not_before: datetime | None = None,
) -> MailWriter:
    """The writer of one of this letter's mails: `part`, from 1, of `copy.count`.

    `seen`: what Preread brought; the same at every attempt, or else the copies differ. `not_before`: the latest time
    at which the letter was not there yet, if known. Raises ContentsDiffer if what was seen is another letter's,
    ValueError for a NemSMS, which is never mailed, for a part that is not there, and for a format of another version:
    another attempt would not be the same mail.
    """
    if copy.format != FORMAT:
        raise ValueError(f"this version writes mails of format {FORMAT}, not {copy.format}")
    envelope = Envelope(
        reference, cvr, company, address, sender, available_at, upstream_id, not_before=not_before, part=part
    )
    match headline.kind:
        case Kind.MEMO:
            return MemoMail(headline, copy, envelope, seen or Seen())
        case Kind.MESSAGE if headline.wrap or copy.wrap:
            return WrappedMail(headline, copy, envelope)
        case Kind.MESSAGE:
            return MessageMail(headline, copy, envelope, seen or Seen())
    raise ValueError("a NemSMS is never mailed")


def outer_fields(headline: Headline, copy: Copy, *, part: int = 1, **given: Any) -> bytes:
    """The header fields of an encrypted mail's outside: those of `compose` but MIME's, telling nothing of its inside.

    Takes the arguments of `compose`. The octets end with the last field's CRLF, as smime.wrap wants them.
    """
    given.pop("seen", None)
    envelope = Envelope(part=part, **given)
    fields = _fields(headline, copy, envelope, None)
    block = b"".join(raw for _, raw in fields)
    check_block(block + b"\r\n", [name for name, _ in fields])
    return block
