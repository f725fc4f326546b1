"""The invented letters whose mails are kept as files: one for each thing that a mail may be asked to carry."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from nemboks.content.message import MessageReader
from nemboks.domain.headline import Copy, Headline, Style
from tests.content.memos import COPY, File, Memo, action, case, entry, mail_of, read, reservation, seen_of, writer

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
ACTIVE = PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>")
PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>Afgørelse</title><style>p{color:red}</style></head>
<body bgcolor="#ffffe0"><h1>Afgørelse om tilskud</h1><p>Kære <b>Eksempel ApS</b></p>
<p>Vi har behandlet jeres ansøgning og giver tilskud til disse arbejder:</p>
<table border="1" width="900"><tr><th>Arbejde</th><th>Journalnummer</th><th>Beløb</th></tr>
<tr><td>Nye vinduer i hele stueetagen</td><td>2026-17-000000000000000000001</td><td>12.500 kr.</td></tr>
<tr><td>Efterisolering af loft</td><td>2026-18</td><td>8.000 kr.</td></tr></table>
<ul><li>I skal sende regningen.</li><li>Husk fotografier før og efter.</li></ul>
<p>Læs mere på <a href="https://styrelsen.example/tilskud?id=7">vores side</a> <img src="https://t.example/p.gif">
eller <a href="javascript:alert(1)">tryk her</a>.</p><script>alert(1)</script></body></html>"""
TEXT = """Kære Eksempel ApS

Vi har modtaget jeres ansøgning og vender tilbage:

  1. inden otte dage, hvis noget mangler
  2. ellers inden jul

.
Venlig hilsen
Styrelsen"""
ONE = File(PDF, "Brev.pdf")
THREE = [
    ONE,
    File(PDF * 3, "Vejledning.pdf", role="AdditionalDocument"),
    File(b"Aar;Tal\r\n2026;1\r\n", "Tal.csv", "text/csv; charset=utf-8", role="AdditionalDocument"),
]
FORBIDDEN = ["../../etc/cron.d/x", "C:\\a\\CON.pdf", "fdp\u202e.exe", 'a"b;\r\nc.pdf', ".htaccess", "", "🍎.pdf"]
FORWARDED = (
    "<memo:ForwardData><memo:messageUUID>8C2EA15D-61FB-4BA9-9366-42F8B194C110</memo:messageUUID>"
    "<memo:originalMessageDateTime>2026-11-01T10:00:00Z</memo:originalMessageDateTime>"
    "<memo:originalSender>Vejle Kommune</memo:originalSender></memo:ForwardData>"
)
ACTIONS = (
    action("Selvbetjening", "SELVBETJENING", entry("https://virk.example/a?b=1&c=2"))
    + action("Betal", "BETALING", "<memo:endDateTime>2026-12-09T22:59:00Z</memo:endDateTime>")
    + action("Log ind", "SELVBETJENING", entry("http://virk.example/a"))
    + action("Læs mere", "INFORMATION", entry("javascript:alert(1)"))
)
MESSAGE = (
    b"Received: from a.example by b.example; Sat, 21 Nov 2026 14:05:00 +0100\r\n"
    b"From: =?UTF-8?Q?B=C3=B8rnehuset?= <brev@digitalpost.example>\r\n"
    b"To: 12345678@digitalpost.example\r\n"
    b"Subject: =?UTF-8?B?w4Vyc29wZ8O4cmVsc2U=?=\r\n =?UTF-8?Q?_2026?=\r\n"
    b"Date: Sat, 21 Nov 2026 14:05:12 +0100\r\n"
    b"Message-ID: <abc.1@digitalpost.example>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n"
    b"\r\n"
    b"--b\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nKaere Eksempel\r\n.\r\n..\r\n"
    b"--b\r\nContent-Type: application/pdf; name=Brev.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n"
    b"--b--\r\n"
)


@dataclass(frozen=True)
class Golden:
    """One mail: the stored letter, how the company wants it, and which of its mails it is."""

    name: str
    raw: bytes
    files: tuple[bytes, ...] = ()  # what is attached, in order, but for what is ours
    copy: Copy = COPY
    part: int = 1
    given: dict[str, Any] = field(default_factory=dict)

    @property
    def headline(self) -> Headline:
        """What the ledger knows of it."""
        if self.raw.startswith(b"<?xml"):
            return read(self.raw)
        reader = MessageReader()
        reader.feed(self.raw)
        return reader.close()

    def octets(self, step: int = 1 << 18) -> bytes:
        """The mail, the stored letter fed in pieces of `step`."""
        headline = self.headline
        seen = seen_of(self.raw, headline, self.copy, step)
        mail = writer(headline, self.copy, seen=seen, part=self.part, **self.given)
        octets = mail_of(self.raw, mail, step)
        assert len(octets) == mail.size
        return octets


def _letter(name: str, memo: Memo, style: Style | None = None, **given: Any) -> Golden:
    """The one mail of a MeMo."""
    files = tuple(file.data for file in memo.files)
    return Golden(name, memo.xml(), files, replace(COPY, style=style or Style()), given=given)


def _parts() -> list[Golden]:
    """The three mails of a split letter."""
    raw = Memo(title="Tre bilag", files=THREE).xml()
    copy = replace(COPY, parts=((0,), (1,), (2,)))
    return [Golden(f"split-{n}-of-3", raw, (THREE[n - 1].data,), copy, n) for n in (1, 2, 3)]


GOLDEN: list[Golden] = [
    _letter("minimum", Memo(title="Brev", authority="Skat", files=[ONE], created="")),
    _letter(
        "full",
        Memo(
            title="Tilsyn 2026",
            authority="Miljø- og Fødevarestyrelsen",
            extra="<memo:reply>true</memo:reply><memo:replyByDateTime>2026-12-03T22:59:00Z</memo:replyByDateTime>",
            tail=case("2026-17") + FORWARDED,
            legal="true",
            mandatory="true",
            files=[replace(THREE[0], actions=ACTIONS + action("Tilsyn", "AFTALE", reservation())), *THREE[1:]],
        ),
        Style(code_phrase="blå cykel", with_cvr=True, original=True),
        not_before=datetime(2026, 11, 21, 12, 50, tzinfo=UTC),
    ),
    _letter("three-files", Memo(files=THREE)),
    _letter("danish-letters", Memo("Ærø: æøå ÆØÅ é 🍎", "Børne- og Ungestyrelsen på Ærø", files=[
        replace(ONE, name="Årsopgørelse på Ærø.pdf"),
    ])),
    _letter("duplicate-names", Memo(files=[replace(ONE, name=name) for name in ("Brev.pdf", "BREV.pdf", "Brev.pdf")])),
    _letter("forbidden-names", Memo(files=[replace(ONE, name=name) for name in FORBIDDEN])),
    _letter("html-letter", Memo(title="Afgørelse", files=[File(PAGE.encode(), "Afgørelse.html", "text/html")])),
    _letter("text-letter", Memo(files=[File(TEXT.encode(), "Brev.txt", "text/plain; charset=utf-8")])),
    _letter("long-title", Memo(title="Årsopgørelse for virksomheder i Region Midtjylland " * 6)),
    _letter("cpr-everywhere", Memo("Om 010101-0000", "Borger 0101010000", files=[
        File(b"Vedr. 010101-0000", "010101-0000.txt", "text/plain"),
    ], tail=case("0101010000-1"))),
    _letter("reservation", Memo(title="Møde", files=[replace(ONE, actions=action("Møde", "AFTALE", reservation()))])),
    _letter("deadline-on-a-holiday", Memo(title="Høring", extra="<memo:reply>true</memo:reply>"
            "<memo:replyByDateTime>2026-12-24T22:59:00Z</memo:replyByDateTime>")),
    _letter("deadline-in-a-week", Memo(title="Høring", extra="<memo:reply>true</memo:reply>"
            "<memo:replyByDateTime>2026-11-27T11:00:00Z</memo:replyByDateTime>")),
    _letter("legal", Memo(title="Stævning", authority="Retten i Ærøskøbing", legal="true")),
    _letter("mandatory", Memo(title="Påbud", mandatory="true")),
    _letter("forwarded", Memo(tail=FORWARDED)),
    _letter("case-thread", Memo(tail=case("2026-17"))),
    _letter("actions", Memo(files=[replace(ONE, actions=ACTIONS)])),
    _letter("empty-file", Memo(files=[replace(ONE, data=b"")])),
    _letter("no-file", Memo(title="Kun et emne", files=[])),
    _letter("active-pdf", Memo(files=[replace(ONE, data=ACTIVE)])),
    _letter("english", Memo(title="Årsopgørelse", legal="true", extra="<memo:reply>true</memo:reply>"
            "<memo:replyByDateTime>2026-12-03T11:00:00Z</memo:replyByDateTime>"), Style(language="en")),
    _letter("neutral-subject", Memo(title="Konkursbegæring"), Style(neutral_subject=True)),
    _letter("code-phrase", Memo(), Style(code_phrase="blå cykel")),
    _letter("several-companies", Memo(), Style(with_cvr=True)),
    _letter("original-attached", Memo(), Style(original=True)),
    _letter("stays-upstream", Memo(), Style(removed=False)),
    _letter("fallback-copy", Memo(), Style(role="fallback", removed=False)),
    _letter("accountants-copy", Memo(), Style(role="copy", removed=False)),
    *_parts(),
    Golden("imap-letter", MESSAGE),
    Golden("imap-wrapped", MESSAGE.replace(b"Kaere", b"K\xc3\xa6re").replace(b"\r\n..\r\n", b"\n..\r\n")),
]  # fmt: skip
