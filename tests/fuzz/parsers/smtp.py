"""What a mail server says (RFC 5321 4.2, RELIABILITY.md 5), to the reader of replies and to a whole transaction.

The reader agrees with an independent reading of the grammar, however the octets are cut. A transaction ends in a
verdict; ACCEPTED only if, by that other reading, exactly the replies that were due had come when the dot was written,
nothing lay unread before it, and the next was a 2yz.
"""

import asyncio
from typing import Any, cast

from nemboks.delivery.access import Stopped
from nemboks.delivery.replies import ReplyReader
from nemboks.delivery.smtp import Smtp
from nemboks.delivery.stream import Wire
from nemboks.delivery.wire import Dialler
from nemboks.domain.proof import Report, Way
from nemboks.domain.verdict import Verdict, verdict
from tests.fuzz.peer import FuzzTransport, Script
from tests.helpers.smtp_server import QUICK, make_mail

OUTCOMES = frozenset({*Verdict, "replies", "no reply", "broken"} - {Verdict.TLS})
LONGEST = 4_096
WORDS = (
    b"250 ok\r\n", b"354 go\r\n", b"250-", b"250 2.0.0 ", b"421 ", b"451 ", b"452 4.2.2 ", b"550 5.1.1 ", b"552 5.3.4 ",
    b"554 5.6.3 ", b"250\n", b"2_5", b"+25", b" 25", b"25O", b"\r", b"\n", b"\x1e", b"\0", b"\xc3\xb8", b"a@b.example",
)  # fmt: skip
OFFERS: dict[bytes, dict[str, str]] = {
    b"t": {}, b"p": {"pipelining": ""}, b"c": {"chunking": ""}, b"b": {"chunking": "", "pipelining": "", "size": "0"},
}  # fmt: skip
_MOST_LINES, _MOST_OCTETS = 100, 65_536  # RELIABILITY.md 5


def check(octets: bytes) -> str:
    """The verdict of a transaction, or for an input of another act what the reader made of it."""
    script = Script.of(octets)
    if script.act in OFFERS:
        return asyncio.run(_transaction(script, OFFERS[script.act]))
    return _read(b"".join(script.segments), script.step)


def _read(stream: bytes, step: int) -> str:
    reader = ReplyReader()
    replies = [reply for at in range(0, len(stream), step) for reply in reader.feed(stream[at : at + step])]
    codes, state = reference(stream)
    assert [reply.code for reply in replies] == codes
    assert (bool(reader.broken), reader.halfway) == (state == "broken", bool(state))
    for reply in replies:
        assert len(reply.text) <= 512 and reply.text.isprintable(), reply.text
        assert not reply.enhanced or reply.enhanced[0] == str(reply.code)[0]
    return "broken" if state == "broken" else "replies" if codes else "no reply"


def reference(stream: bytes) -> tuple[list[int], str]:
    """The codes of the whole replies at the stream's beginning; then "", "half" or "broken" for what follows."""
    codes: list[int] = []
    open_code, lines, size = b"", 0, 0
    while stream:
        line, end, stream = stream.partition(b"\n")
        size += len(line) + len(end)
        lines += 1
        if not end:
            return codes, "broken" if size > _MOST_OCTETS else "half"
        line = line[:-1] if line.endswith(b"\r") else line
        code, between, text = line[:3], line[3:4], line[4:]
        good = len(code) == 3 and code[:1] in b"2345" and all(48 <= digit <= 57 for digit in code)
        good = good and between in (b"", b" ", b"-") and all(sign == 9 or (sign >= 32 and sign != 127) for sign in text)
        if not good or (open_code and code != open_code) or lines > _MOST_LINES or size > _MOST_OCTETS:
            return codes, "broken"
        if between == b"-":
            open_code = code
        else:
            codes.append(int(code))
            open_code, lines, size = b"", 0, 0
    return codes, "half" if open_code else ""


class _Opened(Smtp):
    """A connection that is open already."""

    def take(self, wire: Wire) -> None:
        self._wire, self.usable = wire, True


class _Access:
    way = Way.OWN_SERVER


async def _transaction(script: Script, offers: dict[str, str]) -> str:
    transport = FuzzTransport(script)
    smtp = _Opened(Dialler(cast(Any, _Access()), cast(Any, None), "", QUICK, cast(Any, None)))
    smtp.take(Wire(transport, offers))
    reply, words = await transport.play(_sent(smtp))
    meaning = verdict(Report(smtp.progress.stage, "mail.example:465", reply, words=words))
    assert not (smtp.usable and reply is None)
    if meaning is Verdict.ACCEPTED:
        _was_accepted(transport, offers)
    smtp.abort()
    return meaning


async def _sent(smtp: Smtp) -> tuple[Any, str]:
    mail = make_mail()
    try:
        await smtp.envelope(mail)
        await smtp.body(mail)
        return await smtp.finish(), ""
    except Stopped as stopped:
        return stopped.reply, stopped.words


def _was_accepted(transport: FuzzTransport, offers: dict[str, str]) -> None:
    """By the other reading: MAIL, RCPT, DATA or one BDAT, each with its yes before the dot; then a yes to the dot."""
    dots = [at for at, text in enumerate(transport.written) if text in (b".\r\n", b"\r\n.\r\n", b"BDAT 0 LAST\r\n")]
    assert len(dots) == 1, "not one dot"
    before, state = reference(transport.said[: transport.said_before[dots[0]]])
    due = [250, 250, 250] if "chunking" in offers else [250, 250, 354]
    assert not state and len(before) == 3, "something unread before the dot"
    assert [code if code == 354 else code // 100 for code in before] == [c if c == 354 else c // 100 for c in due]
    after, _ = reference(transport.said)
    assert 200 <= after[3] <= 299, "no yes to the dot"
