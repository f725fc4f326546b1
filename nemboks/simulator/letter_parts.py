"""The pieces that invented letters are made of: authorities, titles, texts and files.

Promises: everything comes from the random generator that is handed in, so it can be made again; large files are made
in pieces. The authorities are real in name only; persons and numbers are invented, and the CPR-shaped one cannot exist.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

FAKE_CPR = "010101-0000"  # serial 0000 is never issued
PIECE = 57 * 1024  # a multiple of 57, so that base64 lines of 76 characters (RFC 2045 6.8) never straddle two pieces

# Name and invented CVR number; the last two fail modulus 11, as some real senders' numbers do.
AUTHORITIES = (
    ("Skattestyrelsen", "24256790"),
    ("Arbejdstilsynet", "13748136"),
    ("Åbylund Kommune", "13585628"),
    ("Erhvervsstyrelsen", "24256790"),
    ("Aaby Kommune – Teknik & Miljø", "13585628"),
    ("Møllerup Forsyning", "12345678"),
    ("Retten i Åbylund", "10000000"),
)
SUBJECTS = (
    "Årsopgørelse for moms",
    "Varsel om tilsynsbesøg",
    "Afgørelse om byggetilladelse",
    "Påmindelse: indberetning mangler",
    "Ændret forskudsopkrævning",
    "Kvittering for anmeldelse",
    "Høring om lokalplan nr. 4711",
    'Vedr. "Café Solhjørnet" & naboer <orientering>',
    "Rykker – betalingsfrist overskredet",
    "=?UTF-8?Q?Ikke_et_kodet_ord?= i en titel",
    "Besked med tegn fra højre: \u200fשלום",
    "En meget lang titel om " + "sagsbehandling og høringsfrister, " * 6 + "som her slutter",
)
_VOCABULARY = """virksomheden afgørelsen oplysninger senest fristen indberetning moms sagen brevet ændring året
køretøj ejendom tilladelse øvrige påbud kontrol bilag gebyr besøg måned loven styrelsen kommunen ansøgning"""
WORDS = tuple(_VOCABULARY.split())
NAMES = ("Brev", "Afgørelse", "Bilag 1", "Kort over området", "Vejledning", "Skema", "Påbud")


@dataclass(frozen=True)
class File:
    """One file of a letter; its bytes come in pieces, the same each time they are asked for."""

    media_type: str
    name: str
    seed: str
    size: int
    reference: str
    exact: bool = False

    def pieces(self) -> Iterator[bytes]:
        """The bytes, about `size` of them (exactly so many when `exact`), with the letter's reference inside."""
        rng = random.Random(self.seed)  # noqa: S311 -- repeatable on purpose
        if self.exact:
            yield from _filler(rng, self.size, f"%PDF-1.4\n% Reference: {self.reference}\n".encode())
        elif self.size:
            yield MAKERS.get(self.media_type, _plain)(rng, self)


def text(rng: random.Random, size: int) -> str:
    """Danish-looking sentences of about so many bytes, in lines below 80 characters."""
    lines, length = [], 0
    while length < size:
        words = rng.choices(WORDS, k=rng.randint(4, 9))
        line = " ".join(words).capitalize()[:78] + "."
        lines.append(line)
        length += len(line.encode()) + 2
    return "\r\n".join(lines)


def random_size(rng: random.Random) -> int:
    """The size of a file: mostly small, up to 150 kB, one in forty about a megabyte."""
    if rng.random() < 1 / 40:
        return rng.randint(900_000, 1_100_000)
    return int(min(150_000, 600 * 2 ** rng.expovariate(0.45)))


def _filler(rng: random.Random, size: int, opening: bytes) -> Iterator[bytes]:
    for start in range(0, size, PIECE):
        piece = rng.randbytes(min(PIECE, size - start))
        yield (opening + piece[len(opening) :])[: len(piece)] if start == 0 else piece


def _plain(rng: random.Random, file: File) -> bytes:
    return f"Reference: {file.reference}\r\n\r\n{text(rng, file.size)}\r\n".encode()


def _html(rng: random.Random, file: File) -> bytes:
    body = text(rng, file.size).replace("\r\n", "</p>\n<p>")
    page = f'<!DOCTYPE html>\n<html lang="da"><head><meta charset="utf-8"><title>{file.reference}</title></head>\n'
    return f"{page}<body><h1>Reference: {file.reference}</h1>\n<p>{body}</p></body></html>\n".encode()


def _pdf(rng: random.Random, file: File) -> bytes:
    """A PDF of one page that shows the reference, padded to about the size by a stream nobody looks at."""
    shown = f"BT /F1 12 Tf 72 720 Td (Reference: {file.reference}) Tj ET".encode()
    padding = rng.randbytes(max(0, file.size - 700))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(shown), shown),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(padding), padding),
    ]
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


MAKERS = {"application/pdf": _pdf, "text/html": _html, "text/plain": _plain}
