"""Invented MeMo letters, as varied as real ones and all of them deliverable.

Promises: the same (seed, index, recipient) gives the same bytes; any twelve neighbouring indices show every oddity
named in DIGITAL-POST.md 1.5 and 6.8 once; each letter has a reference of its own inside, so that no two digests are
equal. A large document is made while it is read, never held.
"""

import base64
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from xml.sax.saxutils import escape

from nemboks.simulator.letter_parts import AUTHORITIES, FAKE_CPR, NAMES, SUBJECTS, File, random_size, text

MEMO = "https://DigitalPost.dk/MeMo-1"
GRD = "https://data.gov.dk/model/core/"
KLE = "http://kle-online.dk/"
ODDITIES = (
    "plain",
    "old-names",
    "same-name",
    "appointment",
    "self-service",
    "technical",
    "legal",
    "reply",
    "year-one",
    "cpr-shaped",
    "empty-file",
    "future",
)
MAX_TITLE, MAX_NOTE = 256, 150  # memoTextType and memoNotificationType of the schema
NEMSMS_TEXT = "Husk din tid i dag kl. 14.30. Medbring bilag. Ændring kan ske på kommunens hjemmeside."


@dataclass(frozen=True)
class Order:
    """Which letter to make, and for whom."""

    seed: int
    index: int
    cvr: str
    name: str
    document_bytes: int | None = None
    nemsms: bool = False
    p_number: str = ""  # the workplace it is meant for; with the whom of some letters, with the what of others
    se_number: str = ""
    kle: str = ""  # the subject's number

    def generator(self, purpose: str) -> random.Random:
        """A random generator for one purpose of this letter."""
        return random.Random(f"{purpose} {self.seed} {self.index} {self.cvr}")  # noqa: S311 -- repeatable on purpose


def memo_letter(order: Order) -> Iterator[bytes]:
    """The letter's XML in pieces; not longer than about 80 kB each."""
    return _Memo(order).pieces()


class _Memo:
    def __init__(self, order: Order) -> None:
        self._order = order
        self._rng = order.generator("memo")
        self._version = ("1.1", "1.2", "1.0", "1.1")[order.index % 4]
        self._prefix = {3: "", 5: "m:"}.get(order.index % 11, "memo:")
        self._odd = {ODDITIES[order.index % len(ODDITIES)]}
        self._odd |= {one for one in ODDITIES[1:] if self._rng.random() < 0.08}
        self._reference = f"{order.seed}-{order.index}-{order.cvr}"
        self._files: list[File] = []

    def pieces(self) -> Iterator[bytes]:
        if self._order.index % 5 == 2:
            yield b"\xef\xbb\xbf"
        # NUL cannot occur in XML, so it can mark where a file's contents go.
        for place, part in enumerate(self._message().split("\0")):
            if place % 2 == 0:
                yield part.encode()
            else:
                encode = base64.encodebytes if self._order.index % 3 == 0 else base64.b64encode
                yield from map(encode, self._files[int(part)].pieces())

    def _e(self, name: str, *children: str) -> str:
        inside = "".join(children)
        return f"<{self._prefix}{name}>{inside}</{self._prefix}{name}>"

    def _t(self, name: str, value: str) -> str:
        return self._e(name, escape(value))

    def _message(self) -> str:
        declared = f'xmlns:{self._prefix[:-1]}="{MEMO}"' if self._prefix else f'xmlns="{MEMO}"'
        schema = "" if self._version == "1.2" else f' memoSchVersion="{self._version}.0"'
        body = "" if self._order.nemsms else self._body()
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<{self._prefix}Message {declared} xmlns:grd="{GRD}" memoVersion="{self._version}"{schema}>'
            f"{self._header()}{body}</{self._prefix}Message>\n"
        )

    def _header(self) -> str:
        nemsms, flags = self._order.nemsms, ""
        legal = "legal" in self._odd and not nemsms
        if self._version != "1.2" or legal:
            flags = self._t("mandatory", "false") + self._t("legalNotification", str(legal).lower())
        return self._e(
            "MessageHeader",
            self._t("messageType", "NEMSMS" if nemsms else "DIGITALPOST"),
            self._t("messageUUID", self._uuid(upper=self._order.index % 4 == 1)),
            self._t("messageID", f"MSG-{self._order.index:06}"),
            self._t("label", self._title()),
            self._note(),
            "" if nemsms else self._reply_rule(),
            self._t("doNotDeliverUntilDate", "2031-02-28") if "future" in self._odd else "",
            flags,
            self._sender(),
            self._recipient(),
            self._content_data(),
            self._reply_data() if "reply" in self._odd and not nemsms else "",
        )

    def _title(self) -> str:
        title = SUBJECTS[(self._order.index * 7 + self._order.seed) % len(SUBJECTS)]
        return f"{title} (sag {self._rng.randint(20, 26)}/{self._rng.randint(1000, 9999)})"[:MAX_TITLE]

    def _note(self) -> str:
        if self._order.nemsms:
            return self._t("notification", NEMSMS_TEXT[:MAX_NOTE])
        if "cpr-shaped" in self._odd:
            return self._t("notification", f"Vedrører {FAKE_CPR}, se vedlagte")
        return self._t("notification", "Ny post fra det offentlige") if self._rng.random() < 0.3 else ""

    def _reply_rule(self) -> str:
        if "reply" not in self._odd:
            return self._t("reply", "false")
        return self._t("reply", "true") + self._t("replyByDateTime", "2027-01-31T22:59:59Z")

    def _sender(self) -> str:
        name, cvr = AUTHORITIES[self._rng.randrange(len(AUTHORITIES))]
        representative = ""
        if self._version == "1.2":
            representative = self._e(
                "Representative",
                self._t("representativeID", "13748136"),
                self._t("idType", "CVR"),
                self._t("label", "Fællesoffentlig Drift"),
            )
        person = ""
        if "cpr-shaped" in self._odd:
            inside = self._t("personID", FAKE_CPR) + self._t("label", "Sagsbehandler Ågård")
            person = self._e("AttentionData", self._e("AttentionPerson", inside))
        return self._e(
            "Sender",
            self._t("senderID", cvr),
            self._t("idType", "CVR"),
            self._t("label", name),
            person,
            representative,
        )

    def _recipient(self) -> str:
        return self._e(
            "Recipient",
            self._t("recipientID", self._order.cvr),
            self._t("idType", "cvr" if self._order.index % 9 == 4 else "CVR"),
            self._t("label", self._order.name),
            self._attention(),
        )

    def _attention(self) -> str:
        se = f"<grd:SEnumber>{self._grd('seNumber', self._order.se_number)}</grd:SEnumber>"
        inside = self._production_unit(0) + (se if self._order.se_number else "")
        return self._e("AttentionData", inside) if inside else ""

    def _production_unit(self, place: int) -> str:
        """The element where the schema allows it: in the AttentionData of even letters, the ContentData of odd ones."""
        if not self._order.p_number or self._order.index % 2 != place:
            return ""
        return f"<grd:ProductionUnit>{self._grd('productionUnitNumber', self._order.p_number)}</grd:ProductionUnit>"

    def _content_data(self) -> str:
        company = f"<grd:CVRdata>{self._grd('cvrNumber', self._order.cvr)}"
        company += f"{self._grd('companyName', self._order.name)}</grd:CVRdata>"
        case = self._e("CaseID", self._t("caseID", f"SAG-{self._reference}"), self._t("caseSystem", "Fagsystem"))
        return self._e("ContentData", company, case, self._subject(), self._production_unit(1))

    def _subject(self) -> str:
        if not self._order.kle:
            return ""
        key = f"<kle:subjectKey>{escape(self._order.kle)}</kle:subjectKey>"
        return (
            f'<kle:KLEdata xmlns:kle="{KLE}">{key}<kle:version>1</kle:version><kle:label>Emne</kle:label></kle:KLEdata>'
        )

    def _grd(self, name: str, value: str) -> str:
        return f"<grd:{name}>{escape(value)}</grd:{name}>"

    def _reply_data(self) -> str:
        return self._e("ReplyData", self._t("messageUUID", self._uuid()), self._t("caseID", self._reference))

    def _body(self) -> str:
        created = f"2026-{self._rng.randint(1, 12):02}-{self._rng.randint(1, 28):02}T08:15:00Z"
        if "year-one" in self._odd:
            created = "0001-01-01T00:00:00Z"
        elif "future" in self._odd:
            created = "2031-02-27T12:00:00Z"
        return self._e("MessageBody", self._t("createdDateTime", created), *self._documents())

    def _documents(self) -> Iterator[str]:
        names = self._rng.sample(NAMES, k=4)
        big = self._order.document_bytes
        yield self._document("Main", names[0], self._new_file(names[0], "application/pdf", exact=big), self._action())
        if self._order.index % 2:
            html = self._new_file(names[1], "text/html")
            yield self._document("Additional", names[1], html + self._new_file(names[1], "text/plain"), "")
        if "same-name" in self._odd:
            for _ in range(2):
                yield self._document("Additional", names[0], self._new_file(names[0], "application/pdf"), "")
        if "empty-file" in self._odd:
            yield self._document("Additional", names[2], self._new_file(names[2], "text/plain", exact=0), "")
        if "technical" in self._odd:
            yield self._document("Technical", "Data", self._new_file("data", "text/plain"), "")

    def _document(self, kind: str, label: str, files: str, action: str) -> str:
        number = self._t(f"{kind[0].lower()}{kind[1:]}DocumentID", str(self._rng.randint(1000, 999999)))
        return self._e(f"{kind}Document", number, self._t("label", label), files, action)

    def _new_file(self, name: str, media_type: str, exact: int | None = None) -> str:
        ending = {"application/pdf": "pdf", "text/html": "html"}.get(media_type, "txt")
        if "old-names" in self._odd:
            name = f"a/b:{name}?"  # refused since September 2025, still found in older letters
        place = len(self._files)
        size = random_size(self._rng) if exact is None else exact
        seed = f"{self._reference} {place}"
        self._files.append(File(media_type, f"{name}.{ending}", seed, size, self._reference, exact is not None))
        return self._e(
            "File",
            self._t("encodingFormat", media_type),
            self._t("filename", f"{name}.{ending}"),
            self._t("language", "da"),
            self._e("content", f"\0{place}\0"),
        )

    def _action(self) -> str:
        if "appointment" in self._odd:
            return self._e("Action", self._t("label", "Aftale"), self._t("actionCode", "AFTALE"), self._reservation())
        if "self-service" in self._odd or "old-names" in self._odd:
            scheme = "http" if "old-names" in self._odd else "https"
            url = f"{scheme}://selvbetjening.example/blanketter/ændring?sag=åben&nr={self._order.index}"
            entry = self._e("EntryPoint", self._t("url", url))
            return self._e("Action", self._t("label", "Gå til"), self._t("actionCode", "SELVBETJENING"), entry)
        return ""

    def _reservation(self) -> str:
        return self._e(
            "Reservation",
            self._t("description", text(self._rng, 60)[:250]),
            self._t("reservationUUID", self._uuid()),
            self._t("abstract", "Tilsynsbesøg"),
            self._t("location", "Rådhuspladsen 1, 9999 Åbylund"),
            self._t("startDateTime", "2026-12-01T09:00:00Z"),
            self._t("endDateTime", "2026-12-01T10:00:00Z"),
            self._t("organizerMail", "tilsyn@myndighed.example"),
            self._t("organizerName", "Tilsynet"),
        )

    def _uuid(self, *, upper: bool = False) -> str:
        made = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        return made.upper() if upper else made
