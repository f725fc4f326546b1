"""Whose post it is and where it goes: Cvr, Address, Mailbox, Route."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from nemboks.domain.custody import NO_CUSTODY, Consent, Custody, Life

_WEIGHTS = (2, 7, 6, 5, 4, 3, 2, 1)
_CVR = re.compile(r"[0-9]{8}")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_USUAL = "æøåäöüéèáíóúýðþ"  # in the names of Danish companies and their neighbours


class Cvr(str):
    """Eight ASCII digits. ValueError for another shape; a wrong check digit is only `doubtful` (DIGITAL-POST 4.7)."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        digits = "".join(text.split()).upper().removeprefix("DK")
        if not _CVR.fullmatch(digits):
            raise ValueError(f"{text!r} is not a CVR number: it has eight digits, such as 13748136")
        return super().__new__(cls, digits)

    @property
    def doubtful(self) -> bool:
        """Whether the modulus 11 check fails: worth a warning, never a refusal."""
        return sum(w * int(d) for w, d in zip(_WEIGHTS, self, strict=True)) % 11 != 0


class Address(str):
    """One plain e-mail address: dot-atom before the @, a domain with a dot after it, the domain in IDNA.

    ValueError for anything else: display names, quotes, comments, lists, literals, control characters (S-B64).
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        local, at, domain = text.partition("@")
        if at and not local.isascii() and local.isprintable():
            raise ValueError(
                f"{text!r}: signs other than a-z before the @ reach few mail servers; give another address"
            )
        domain = _in_ascii(domain)
        labels = domain.split(".")
        fits = len(local) <= 64 and len(local) + 1 + len(domain) <= 254  # RFC 5321 4.5.3.1; IDNA makes names longer
        if not (at and fits and _LOCAL.fullmatch(local) and len(labels) > 1 and all(map(_LABEL.fullmatch, labels))):
            raise ValueError(f"{text!r} is not an address that mail can go to; write it as name@company.dk")
        if labels[-1].isdigit():
            raise ValueError(f"{text!r} ends in a number; write the domain's name")
        return super().__new__(cls, f"{local}@{domain}")

    @property
    def domain(self) -> str:
        return self.rpartition("@")[2]

    @property
    def warning(self) -> str:
        """Why a person should look twice, "" for an ordinary domain; never a refusal (SECURITY 8, B66)."""
        shown = ".".join(map(_as_shown, self.domain.split(".")))
        odd = "".join(dict.fromkeys(sign for sign in shown if not (sign.isascii() or sign in _USUAL)))
        if not odd:
            return ""
        scripts = sorted({unicodedata.name(sign, "unknown").split()[0].capitalize() for sign in odd})
        return f"{shown} has letters that look like others: {' '.join(odd)} ({', '.join(scripts)}); it is {self.domain}"

    @property
    def masked(self) -> str:
        """The address as a log may show it."""
        local, _, domain = self.partition("@")
        return f"{local[:1]}***@{domain}"


def _in_ascii(domain: str) -> str:
    """The domain as the DNS knows it (IDNA), "" if it is none or would turn into another: `straße` into `strasse`."""
    if domain.isascii():
        return domain.lower()
    try:
        known = domain.encode("idna").decode("ascii").lower()
        same = known.encode("ascii").decode("idna") == unicodedata.normalize("NFC", domain.lower())
    except UnicodeError:
        return ""
    return known if same else ""


def _as_shown(label: str) -> str:
    """A label of a domain as programs show it to people."""
    try:
        shown = label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label
    except UnicodeError:
        return label
    return shown if shown.isprintable() else label


class Face(StrEnum):
    """By which of Digital Post's doors a mailbox is read."""

    REST = "rest"
    IMAP = "imap"


DIRECT = "direct"  # in place of a server's name: the MX of the address's own domain


def destination(server: str, address: Address) -> str:
    """What takes the mails of an address: the name of a server, or `direct:` and the domain."""
    return f"{DIRECT}:{address.domain}" if server == DIRECT else server


class Role(StrEnum):
    """What a further recipient is; only the primary's delivery lets a letter leave Digital Post."""

    COPY = "copy"  # gets every letter too; never delays or triggers a receipt
    FALLBACK = "fallback"  # gets a marked copy when the primary has been out of reach for a day


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody besides the primary; of several fallbacks the order counts."""

    role: Role
    address: Address
    server: str  # a name in the settings' [servers], or "direct"
    language: str = "da"
    certificate: str = ""  # PEM; a company that has its mails encrypted has the copies encrypted too


class Field(StrEnum):
    """What a letter says of itself that a rule may go by."""

    AUTHORITY = "authority"  # its name or its CVR number
    P_NUMBER = "p_number"
    SE_NUMBER = "se_number"
    KLE = "kle"
    CASE = "case"
    CLASS = "class"  # legal, mandatory, ordinary


@dataclass(frozen=True, slots=True)
class Rule:
    """Letters that say this go there; a value that ends in * fits whatever follows."""

    field: Field
    value: str
    address: Address
    server: str


@dataclass(frozen=True, slots=True)
class Holiday:
    """For a while everything goes there; at `until` it goes where it went before. In force in [since, until)."""

    since: datetime
    until: datetime
    address: Address
    server: str
    copy: bool = False  # the usual address gets a copy of what goes there


@dataclass(frozen=True, slots=True)
class Route:
    """Where a mailbox's letters go, dated and versioned; `vouched_by` is who answered for the addresses."""

    version: int
    address: Address
    server: str  # a name in the settings' [servers], or "direct"
    since: datetime
    vouched_by: str
    others: tuple[Recipient, ...] = ()
    fallback_decides: bool = False  # the owner's choice: a confirmed fallback lets the letter leave Digital Post
    rules: tuple[Rule, ...] = ()  # the first that fits; routing.py
    holiday: Holiday | None = None
    unrouted: str = ""  # who looks after letters that no rule fits; "" where those go to `address`

    @property
    def destination(self) -> str:
        return destination(self.server, self.address)


@dataclass(frozen=True, slots=True)
class Options:
    """What a company chose for its mails and notices."""

    language: str = "da"  # of its mails: "da" or "en"
    neutral_subject: bool = False
    code_phrase: str = ""  # tells our mails from phishing; never in a log
    original: bool = False  # the letter as it lay in Digital Post (MeMo XML) as one more attachment
    certificate: str = ""  # PEM of the recipient's: mails are encrypted to it (S/MIME), never silently plain
    second_contact: Address | None = None  # is told when the address fails; better at another domain
    contact_language: str = "da"
    webhooks: tuple[str, ...] = ()  # names in the settings' [webhooks]
    landing: str = ""  # a name in the settings' [landings]: where we may look whether a mail arrived
    digest: Address | None = None  # gets a digest every morning there is something to tell


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The inbox of one CVR, as the store knows it. Credentials are not here: the store opens them for intake only."""

    id: int
    cvr: Cvr
    name: str
    face: Face
    route: Route
    due_at: datetime
    listed_at: datetime | None = None  # the last complete listing
    paused_at: datetime | None = None
    paused_by: str = ""
    parked_until: datetime | None = None  # upstream refused this CVR; the others go on
    trouble: str = ""  # why the last listing failed, "" after a good one
    failures: int = 0  # listings failed in a row
    unusable: int = 0  # entries of the last complete listing that name no letter we could ask for
    unusable_since: datetime | None = None  # the first listing of those in a row that had any
    options: Options = Options()
    account: int | None = None  # None: the operator's own
    reference: str = ""  # the accountant's own number for the client
    consent: Consent = Consent.GIVEN
    life: Life = Life.UNKNOWN
    looked_up_at: datetime | None = None  # when upstream was last asked about the company
    curator: bool = False  # upstream says that a curator's access is active
    custody: Custody = NO_CUSTODY
    frozen_at: datetime | None = None  # an estate was registered: nothing goes to the people of before
    boundary_at: datetime | None = None  # it is in effect: from then on letters go to the kurator (by available_at)
    serves_until: datetime | None = None  # the plan's end: from then on nothing new is fetched or sent
    sealing: int = 0  # another with other credentials; says nothing of them, and means nothing to another process
