"""A mail in the return box (RFC 3464, RFC 3834): what it says of a letter of ours.

Never an exception: notices or NotUnderstood. A notice speaks of the letter whose return path, made with our key, is in
the mail; `delivered` only where a recipient's own Action field says so; its words fit one line and name nobody.
In the input %TOKEN% stands for a return path of ours, %FALSE% for one that another key made.
"""

import binascii
import re

from nemboks.content.dsn import NotUnderstood, read
from nemboks.domain.returns import Action
from tests.content.returned import DOMAIN, FORGED, KEY, TEXT, TOKEN
from tests.fuzz.parsers.words import is_one_line, names_somebody

OUTCOMES = frozenset({*Action, *(reason.name.lower() for reason in NotUnderstood)})
LONGEST = 16_384
WORDS = tuple(
    b"%TOKEN% %FALSE% multipart/report; multipart/mixed boundary= message/delivery-status message/rfc822 text/plain "
    b"text/rfc822-headers Content-Type: Content-Transfer-Encoding: base64 quoted-printable Action: delivered failed "
    b"relayed expanded delayed Status: 2.0.0 5.1.1 4.4.7 Final-Recipient: Original-Recipient: Original-Envelope-Id: "
    b"Diagnostic-Code: Reporting-MTA: Remote-MTA: dns; smtp; rfc822; Return-Path: <> Auto-Submitted: auto-replied "
    b"Delivered-To: b+%TOKEN%@bounce.nemboks.example X-Failed-Recipients: 010101-0000 \r\n\r\n --".split(b" ")
)
_SAYS = re.compile(rb"^action[ \t]*:(?:[ \t]|\r?\n[ \t])*delivered", re.IGNORECASE | re.MULTILINE)


def check(octets: bytes) -> str:
    """The action of the first notice, or why there is none."""
    raw = octets.replace(b"%TOKEN%", TEXT.encode()).replace(b"%FALSE%", FORGED.encode())
    found = read(raw, KEY, DOMAIN)
    assert isinstance(read(raw, b"a third key, of nobody", DOMAIN), NotUnderstood)
    if isinstance(found, NotUnderstood):
        return found.name.lower()
    assert found and any(TEXT.encode() in text.lower() for text in _texts(raw)), "a letter that the mail does not name"
    for notice in found:
        assert notice.token == TOKEN
        assert re.fullmatch(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", notice.status, re.ASCII), notice.status
        if notice.action is Action.DELIVERED:
            assert notice.status.startswith("2") and any(map(_SAYS.search, _texts(raw))), "nobody said delivered"
        for words in (notice.words, notice.server):
            assert len(words) <= 512 and is_one_line(words) and not names_somebody(words), words
    return found[0].action


def _texts(raw: bytes) -> list[bytes]:
    """The octets, and what stands in them in quoted-printable or base64."""
    texts = [raw, binascii.a2b_qp(raw)]
    for run in re.findall(rb"(?:[A-Za-z0-9+/=]+\s*){4,}", raw)[:200]:
        packed = re.sub(rb"\s", b"", run)
        for start in range(min(4, len(packed))):
            cut = packed[start:]
            try:
                texts.append(binascii.a2b_base64(cut[: len(cut) // 4 * 4]))
            except binascii.Error:
                continue
    return texts
