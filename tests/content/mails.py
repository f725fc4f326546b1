"""The mail of an invented letter, opened by a reader we did not write."""

from email import message_from_bytes
from email.policy import default

from tests.content.memos import mail_of, read, writer

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


def mailed(memo, **changes):
    """The mail of a letter: its bytes, and the message as the standard library reads it."""
    raw = memo.xml()
    mail = mail_of(raw, writer(read(raw), **changes))
    message = message_from_bytes(mail, policy=default)
    assert all(not part.defects for part in message.walk())
    return mail, message


def attachments(message):
    """The parts after the text."""
    return list(message.iter_parts())[1:]


def text_of(message):
    """The facts block."""
    return next(message.iter_parts()).get_content()
