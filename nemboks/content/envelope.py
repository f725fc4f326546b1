"""The mail's own header fields and its facts block, from what the ledger knows (UX.md 9, format contract v1).

Promises: the same inputs give the same octets; every stranger's word goes through headers.py; no CPR shape stands in
a header. Never judges: what is missing in the letter is missing in the mail.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlsplit

from nemboks.content.headers import author_field, list_field, plain_field, text_field
from nemboks.content.texts import clean, cut, danish, date_words, masked, size_words, utc_words
from nemboks.domain.headline import Action, Copy, Document, Headline
from nemboks.domain.mailbox import Address, Cvr

_AUTHORITY = 70  # characters of the subject, so that room is left for the title
_LINE = 500  # characters of one fact
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

Fields = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Envelope:
    """Whose letter it is and where its mail goes."""

    reference: str
    cvr: Cvr
    company: str
    address: Address
    sender: Address
    available_at: datetime
    upstream_id: str

    @property
    def domain(self) -> str:
        """Ours: the sender's."""
        return self.sender.partition("@")[2]


def message_id_for(cvr: Cvr, upstream_id: str, sender_domain: str) -> str:
    """`<hex32.1@domain>`: the same letter always gets the same Message-ID, so copies fold. 1 is the part."""
    return f"<{_digest('message-id', cvr, upstream_id).hex()[:32]}.1@{sender_domain}>"


def reference_for(cvr: Cvr, upstream_id: str) -> str:
    """`7F3K-92QD`: what a person reads out on the telephone (Crockford's base 32: no I, L, O, U)."""
    number = int.from_bytes(_digest("reference", cvr, upstream_id)[:5], "big")
    signs = "".join(_CROCKFORD[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{signs[:4]}-{signs[4:]}"


def route_fields(headline: Headline, envelope: Envelope) -> Fields:
    """From, To, Subject, List-Id and the two that keep automatic answers away: ours on every mail."""
    cvr, name = envelope.cvr, authority_words(headline)
    subject = f"{cut(masked(name, _LINE), _AUTHORITY)}: {clean(headline.title, _LINE) or '(uden titel)'}"
    return [
        ("From", author_field("From", name, envelope.sender)),
        ("To", plain_field("To", envelope.address)),
        ("Subject", text_field("Subject", subject)),
        ("List-Id", plain_field("List-Id", f"Digital Post CVR {cvr} <{cvr}.dp.{envelope.domain}>")),
        ("Auto-Submitted", plain_field("Auto-Submitted", "auto-generated")),  # RFC 3834
        ("X-Auto-Response-Suppress", plain_field("X-Auto-Response-Suppress", "OOF, AutoReply, RN, NRN")),
        *([("Importance", plain_field("Importance", "high"))] if headline.legal else []),
    ]


def copy_fields(copy: Copy) -> Fields:
    """Date, in Danish time, and Message-ID: fixed on the row before the first attempt (D13)."""
    return [
        ("Date", plain_field("Date", format_datetime(danish(copy.date).replace(microsecond=0)))),
        ("Message-ID", plain_field("Message-ID", copy.message_id)),
    ]


def nemboks_fields(headline: Headline, envelope: Envelope, documents: Sequence[Document], copy: Copy) -> Fields:
    """The Nemboks-* fields, for machines. `documents`: what is attached, in order."""
    authority = headline.authority
    fields = [("Nemboks-Letter", _id_field(envelope.upstream_id)), ("Nemboks-Cvr", _nemboks("Cvr", envelope.cvr))]
    if authority.id_type == "CVR" and re.fullmatch("[0-9]{8}", authority.id):
        fields.append(("Nemboks-Sender-Cvr", _nemboks("Sender-Cvr", authority.id)))
    fields.append(("Nemboks-Available", _nemboks("Available", utc_words(envelope.available_at))))
    if headline.reply_by:
        fields.append(("Nemboks-Deadline", _nemboks("Deadline", utc_words(headline.reply_by))))
    if documents:
        digests = [f"sha256={document.sha256}" for document in documents]
        fields.append(("Nemboks-Docs", list_field("Nemboks-Docs", digests)))
    return [*fields, ("Nemboks-Format", _nemboks("Format", str(copy.format)))]


def facts(headline: Headline, envelope: Envelope, attached: Sequence[tuple[str, int]], copy: Copy) -> str:
    """The mail's text, Danish, lines ended by CRLF. `attached`: names and sizes in order."""
    cvr = envelope.cvr
    lines = [
        f"Brev fra:      {clean(authority_words(headline), _LINE)}",
        f"Til:           {clean(envelope.company, _LINE)}, CVR {cvr[:2]} {cvr[2:4]} {cvr[4:6]} {cvr[6:]}",
        f"Emne:          {clean(headline.title, 4 * _LINE) or '(uden titel)'}",
        "Modtaget i",
        f"Digital Post:  {date_words(envelope.available_at)}   "
        "(kommet frem, § 10 i lov om Digital Post; senest dette tidspunkt)",
    ]
    if headline.reply_by:
        lines.append(f"Frist:         {date_words(headline.reply_by)}  (oplyst af afsenderen)")
    lines.append(f"Svar muligt:   {'ja, i Digital Post' if headline.reply else 'nej'}")
    listed = (
        f"{number}. {name} ({size_words(size) if size else 'tom fil'})"
        for number, (name, size) in enumerate(attached, 1)
    )
    lines.append(f"Vedhæftet:     {'  '.join(listed) or 'intet; afsenderen har kun sendt emnet'}")
    lines += [f"Handling:      {_action_words(action)}" for action in headline.actions]
    if headline.legal:
        taken = f"{date_words(copy.date)}.{copy.date.second:02}"
        lines.append(f"Retslig meddelelse: hentet af Nemboks {taken}.")
    lines += [
        "",
        "--",
        "Svar ikke på denne mail. Svar myndigheden i Digital Post.",
        f"Reference {envelope.reference}",
        "",
    ]
    return "\r\n".join(lines)


def authority_words(headline: Headline) -> str:
    """The authority's name, or what we know instead of it; a person's number is never that."""
    authority = headline.authority
    if name := clean(authority.name, _LINE):
        return name
    if authority.id and authority.id_type in ("CVR", "EMAIL"):
        return f"CVR {authority.id}" if authority.id_type == "CVR" else authority.id
    return "Ukendt afsender"


def _action_words(action: Action) -> str:
    """`Label (domain): https://...` as text, the domain first; no link of ours, no other scheme."""
    words = clean(action.label, _LINE) or clean(action.code, _LINE) or "Se brevet"
    if action.starts_at:
        words += f", {date_words(action.starts_at)}"
    if action.ends_at:
        words += f", til {date_words(action.ends_at)}"
    if action.url is None:
        return words
    host = _host(action.url)
    return f"{words} ({host}): {action.url}" if host else f"{words}: ugyldig adresse"


def _host(url: str) -> str:
    """The host of an https address; "" for any other scheme, and for one that could be read as another's."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    odd = parts.scheme != "https" or "@" in parts.netloc or "\\" in url or " " in url or clean(url, len(url)) != url
    return "" if odd else host


def _id_field(upstream_id: str) -> bytes:
    # Not masked: half of a UUID may have a CPR number's shape, and machines look the letter up by it.
    if re.fullmatch(r"[A-Za-z0-9._:-]{1,255}", upstream_id):
        return plain_field("Nemboks-Letter", upstream_id)
    return text_field("Nemboks-Letter", upstream_id, 255)


def _nemboks(name: str, value: str) -> bytes:
    return plain_field(f"Nemboks-{name}", value)


def _digest(purpose: str, cvr: Cvr, upstream_id: str) -> bytes:
    return hashlib.sha256("\0".join(("nemboks", purpose, cvr, upstream_id)).encode("utf-8", "replace")).digest()
