"""The stored letter's bytes in, the mail's bytes out, in pieces; nothing is held but the piece in hand.

Promises: the same inputs give the same octets on every attempt (D13); `size` is exact before the first piece; `close`
raises ContentsDiffer unless the bytes streamed were the very ones the headline was read from; documents are attached
unchanged. Never renders, decodes for show, or leaves out what the authority sent. Format: UX.md 9, D11.
"""

from datetime import datetime
from typing import Protocol

from nemboks.content.envelope import Envelope, message_id_for, reference_for
from nemboks.content.writers import MemoMail, MessageMail, WrappedMail
from nemboks.domain.headline import Copy, Headline, Kind
from nemboks.domain.mailbox import Address, Cvr

FORMAT = 1

__all__ = ["FORMAT", "MailWriter", "compose", "message_id_for", "reference_for"]


class MailWriter(Protocol):
    """One mail: `head()`, then `feed` for every piece of the stored letter, then `close()`."""

    @property
    def size(self) -> int:
        """Octets of the whole mail."""
        ...

    @property
    def eight_bit(self) -> bool:
        """Whether the server must offer 8BITMIME."""
        ...

    def head(self) -> bytes:
        """The mail's beginning: its header block, checked, and whatever of ours stands before the contents."""
        ...

    def feed(self, piece: bytes) -> bytes:
        """What the piece of the stored letter becomes. Raises ContentsDiffer."""
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
    beginning: bytes = b"",
) -> MailWriter:
    """The writer of this letter's mail.

    `beginning`: for a message that keeps its own body, the stored letter's first octets, at least its header block
    (at most message.HEADER_LIMIT); they are fed again with the rest. Raises ContentsDiffer if they are another
    letter's, ValueError for a NemSMS, which is never mailed, and for a format of another version: another attempt
    would not be the same mail.
    """
    if copy.format != FORMAT:
        raise ValueError(f"this version writes mails of format {FORMAT}, not {copy.format}")
    envelope = Envelope(reference, cvr, company, address, sender, available_at, upstream_id)
    match headline.kind:
        case Kind.MEMO:
            return MemoMail(headline, copy, envelope)
        case Kind.MESSAGE if headline.wrap or copy.wrap:
            return WrappedMail(headline, copy, envelope)
        case Kind.MESSAGE:
            return MessageMail(headline, copy, envelope, beginning)
    raise ValueError("a NemSMS is never mailed")
