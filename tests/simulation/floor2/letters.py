"""The authorities' letters of one schedule, and what the world knows of each: the truth that the oracle goes by."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from tests.content.memos import File, Memo

TOKEN = "LETTER-{:04d}-OF-{}"


@dataclass(eq=False)
class Post:
    """One letter upstream."""

    number: int
    box: int  # which mailbox it was sent to
    raw: bytes
    token: str
    at: datetime
    essence: bytes  # must be found again, whole, in the mail
    taken: str = ""  # "" while it lies upstream; "us", or "others"
    since: float = 0.0  # virtual seconds: not there before
    listed: bool = False  # ever
    gave_up: bool = False  # a fault made it another letter, or none: what becomes of it is not ours
    address: str = ""  # where it has to go, and through which server
    server: str = ""
    transmissions: set[str] = field(default_factory=set)


def rest_id(number: int) -> str:
    return f"8c2ea15d-61fb-4ba9-9366-{number:012d}"


def _filler(random: Random) -> bytes:
    """Text that is hard on whoever counts dots and ends of lines."""
    lines = [random.choice((b".", b"..", b".x", b"", b"words of an authority", b"250 2.0.0 ok", b"* 1 EXPUNGE", b")"))
             for _ in range(random.choice((0, 3, 12, 40)))]  # fmt: skip
    if random.random() < 0.03:
        lines.append(b"\r\n".join([b"." * 70] * 2_200))  # more than a piece of 128 kB
    return b"\r\n".join(lines)


def memo_post(number: int, box: int, cvr: str, random: Random, at: datetime) -> Post:
    token = TOKEN.format(number, cvr)
    data = b"%PDF-1.7 " + token.encode() + b"\r\n" + _filler(random)
    memo = Memo(uuid=rest_id(number), recipient_id=cvr, title=f"Afgørelse {number}", files=[File(data)])
    return Post(number, box, memo.xml(), token, at, data)


def mail_post(number: int, box: int, cvr: str, random: Random, at: datetime) -> Post:
    token = TOKEN.format(number, cvr)
    body = token.encode() + b"\r\n" + _filler(random) + b"\r\n"
    eight = random.random() < 0.2
    if eight:
        body += "Årsopgørelse\r\n".encode()
    coding = b"8bit" if eight else b"7bit"
    head = (
        b"From: Skattestyrelsen <post@authority.example>\r\nTo: post@box.example\r\n"
        b"Subject: Afgoerelse %d\r\nDate: Sat, 21 Nov 2026 09:00:00 +0100\r\nMessage-ID: <%d@authority.example>\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: %b\r\n\r\n"
    ) % (number, number, coding)
    return Post(number, box, head + body, token, at, body)
