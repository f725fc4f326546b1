"""The mail of an invented letter, opened by a reader we did not write."""

import re
from email import message_from_bytes
from email.policy import default
from html import unescape

from tests.content.memos import COPY, mail_of, read, seen_of, writer

NAMES = [
    "From",
    "To",
    "Subject",
    "List-Id",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Date",
    "Message-ID",
    "Nemboks-Letter",
    "Nemboks-Cvr",
    "Nemboks-Sender-Cvr",
    "Nemboks-Available",
    "Nemboks-Docs",
    "Nemboks-Format",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
]


def mailed(memo, copy=COPY, **changes):
    """The mail of a letter: its bytes, and the message as the standard library reads it."""
    raw = memo.xml()
    headline = read(raw)
    mail = writer(headline, copy, **({"seen": seen_of(raw, headline, copy)} | changes))
    octets = mail_of(raw, mail)
    assert len(octets) == mail.size
    message = message_from_bytes(octets, policy=default)
    assert all(not part.defects for part in message.walk())
    return octets, message


def attachments(message):
    """The parts after the two bodies."""
    return list(message.iter_parts())[1:]


def text_of(message):
    """The plain body."""
    return message.get_body(("plain",)).get_content()


def html_of(message):
    """The HTML body."""
    return message.get_body(("html",)).get_content()


def words_of(html):
    """The words of an HTML body, as a reader of it meets them."""
    body = re.sub(r"<style>.*?</style>|<!--.*?-->|</?(?:span|b|strong)\b[^>]*>", "", html, flags=re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", " ", body)).split()
