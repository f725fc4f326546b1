"""What a mail server says, as Reply values (RFC 5321 4.2).

Promises: a Reply is only made from lines that keep the grammar, all with one code, at most 100 lines and 64 KiB;
its text is short, printable and without numbers or addresses of people. Anything else breaks the reader for good:
where one answer was unreadable, the next cannot be matched to its command.
"""

import re
from collections.abc import Sequence

from nemboks.domain.proof import Reply
from nemboks.domain.redact import redact

MOST_LINES = 100  # Postfix and aiosmtplib also bound a reply; the longest honest one seen is an EHLO of some 20 lines
MOST_BYTES = 65_536
TEXT_LENGTH = 512  # a server may echo our mail

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])([\t\x20-\x7e\x80-\xff]*))?\r?\n")
_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)")  # RFC 2034 4


class ReplyReader:
    """Bytes in, whole replies out; however the bytes were cut on their way."""

    def __init__(self) -> None:
        self.broken = ""  # what was seen instead of a reply; nothing is read any more
        self._half = b""  # of a line
        self._code = b""
        self._lines: list[str] = []
        self._size = 0  # of the reply that has begun

    @property
    def halfway(self) -> bool:
        """Whether something has begun that is no whole reply."""
        return bool(self._half or self._lines or self.broken)

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that `data` completes; those before something unreadable are brought."""
        *lines, self._half = (self._half + data).split(b"\n")
        replies = [reply for line in lines if not self.broken and (reply := self._line(line + b"\n"))]
        if self._size + len(self._half) > MOST_BYTES:
            self.broken = "a reply without an end"
        return replies

    def _line(self, line: bytes) -> Reply | None:
        self._size += len(line)
        match = _LINE.fullmatch(line)
        if match is None or (self._code and match[1] != self._code):
            self.broken = "something that is no reply"
            return None
        if len(self._lines) == MOST_LINES or self._size > MOST_BYTES:
            self.broken = "a reply without an end"
            return None
        self._lines.append((match[3] or b"").decode("utf-8", "replace"))
        if match[2] == b"-":
            self._code = match[1]
            return None
        reply = make_reply(int(match[1]), self._lines)
        self._code, self._lines, self._size = b"", [], 0
        return reply


def make_reply(code: int, lines: Sequence[str]) -> Reply:
    """The Reply with these lines. The enhanced code counts only if its class is the code's (RFC 2034 4)."""
    found = (_ENHANCED.match(line) for line in lines)
    enhanced = next((match[1] for match in found if match and match[1][0] == str(code)[0]), "")
    shortened = (line.removeprefix(enhanced).strip() for line in lines)
    text = "".join(sign if sign.isprintable() else "\ufffd" for sign in " ".join(shortened))
    return Reply(code, enhanced, redact(text)[:TEXT_LENGTH])
