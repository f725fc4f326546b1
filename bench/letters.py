"""Invented letters for the IMAP mailboxes: the same seed, the same bytes.

A text with lines that begin with a dot, and a PDF in base64: what authorities' mails are made of.
"""

import base64
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MIX = ((60_000, 80), (400_000, 15), (3_000_000, 5))  # bytes and how many of a hundred: a mean of 270 kB
LARGE = ((95_000_000, 1),)
TEXT = """\
Kære virksomhed

Her er brev nummer {number} til CVR {cvr}. Det vedh=C3=A6ftede dokument er en del af brevet.
.En linje, der begynder med et punktum
..og en med to

Med venlig hilsen
Eksempelstyrelsen
"""
HEAD = """\
Date: Mon, 06 Oct 2025 08:{minute:02}:00 +0200
From: Eksempelstyrelsen <svar-ikke@myndighed.example>
To: CVR {cvr} <{cvr}@post.example>
Subject: =?utf-8?q?Afg=C3=B8relse_nr=2E_{number}?=
Message-ID: {message_id}
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="{boundary}"

--{boundary}
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

"""
FILE = """
--{boundary}
Content-Type: application/pdf; name="brev-{number}.pdf"
Content-Disposition: attachment; filename="brev-{number}.pdf"
Content-Transfer-Encoding: base64

"""


@dataclass(frozen=True)
class Letter:
    """One letter, as a file with LF line ends; the digest is of its body as the network carries it."""

    cvr: str
    recipient: str
    message_id: str
    path: Path
    size: int
    digest: str


def cvrs(number: int) -> list[str]:
    """So many CVR-shaped user names."""
    return [f"{20_000_000 + 11 * n}" for n in range(number)]


def recipient(cvr: str) -> str:
    """Where the letters of a CVR go."""
    return f"post@firma{cvr}.example"


def make(folder: Path, users: list[str], each: int, mix: tuple[tuple[int, int], ...] = MIX) -> list[Letter]:
    """So many letters for each user, in the folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(f"{len(users)} {each} {mix}")  # noqa: S311 -- the same letters every time
    return [_one(folder, chance, cvr, number, mix) for cvr in users for number in range(each)]


def _one(folder: Path, chance: random.Random, cvr: str, number: int, mix: tuple[tuple[int, int], ...]) -> Letter:
    size = chance.choices([bytes_ for bytes_, _ in mix], [weight for _, weight in mix])[0]
    message_id = f"<{chance.getrandbits(64):016x}.{number}@myndighed.example>"
    path = folder / f"{cvr}.{number}.eml"
    with path.open("wb") as file:
        file.writelines(_pieces(chance, cvr, number, message_id, size))
    raw = path.read_bytes().replace(b"\n", b"\r\n")
    body = memoryview(raw)[raw.index(b"\r\n\r\n") + 4 :]
    return Letter(cvr, recipient(cvr), message_id, path, len(raw), hashlib.sha256(body).hexdigest())


def _pieces(chance: random.Random, cvr: str, number: int, message_id: str, size: int) -> Iterator[bytes]:
    words = {"cvr": cvr, "number": number, "minute": number % 60, "message_id": message_id,
             "boundary": f"=_bench_{chance.getrandbits(64):016x}"}  # fmt: skip
    for text in (HEAD, TEXT, FILE):
        yield text.format(**words).encode()
    left = max(600, int((size - 1_200) / 1.351))
    yield base64.encodebytes(b"%PDF-1.7\n" + chance.randbytes(left))
    yield "\n--{boundary}--\n".format(**words).encode()
