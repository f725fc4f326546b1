"""The invented companies that receive letters, and the vendor that collects for them: who they are, how they log in.

Promises: CVR numbers have a valid check digit; the same seed gives the same companies, ids and secrets; one company
has one face (REST or IMAP) and one mail address, and may change its standing only. Nobody here exists.
"""

import random
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from nemboks.simulator.standing import Standing

Face = Literal["rest", "imap"]
Server = Literal["implicit", "starttls"]

KINDS = (
    "Bageriet",
    "Tømrerfirmaet",
    "Kaffebaren",
    "Bogladen",
    "Cykelsmedjen",
    "Gartneriet",
    "Frisørsalonen",
    "Mejeriet",
)
NAMES = (
    "Solsikken",
    "Nordlyset",
    "Blåmejsen",
    "Åkanden",
    "Rønnebær",
    "Havørnen",
    "Æblegården",
    "Mågen",
    "Strandsneglen",
)
FORMS = ("ApS", "A/S", "I/S", "K/S")
PLAIN = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "Æ": "ae", "Ø": "oe", "Å": "aa"})
CVR_WEIGHTS = (2, 7, 6, 5, 4, 3, 2)


@dataclass(frozen=True)
class Company:
    """One recipient. REST companies have system_id and api_token, IMAP companies user and password."""

    cvr: str
    name: str
    face: Face
    system_id: str | None
    api_token: str | None
    user: str | None
    password: str | None
    address: str
    server: Server
    standing: Standing = field(default_factory=Standing)

    def as_item(self) -> dict[str, Any]:
        """The company as JSON shows it, life, curator and consent among the rest."""
        facts = asdict(self)
        standing: dict[str, Any] = facts.pop("standing")
        return facts | standing


@dataclass(frozen=True)
class Vendor:
    """Whoever runs the program under test: companies name its CVR in recipient systems of theirs (delegatedCVR)."""

    cvr: str
    name: str
    system_id: str
    api_token: str
    standing: Standing = field(default_factory=Standing)

    def as_item(self) -> dict[str, Any]:
        """The vendor as JSON shows it."""
        return {"cvr": self.cvr, "name": self.name, "system_id": self.system_id, "api_token": self.api_token}


Caller = Company | Vendor


class Companies:
    """All companies of one run, found by CVR and by Basic token; `vendor` is not among them."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"companies {seed}")  # noqa: S311 -- repeatable on purpose, nothing to protect
        self._by_cvr: dict[str, Company] = {}
        self._faces: Counter[Face] = Counter()
        self._cvrs: dict[tuple[str, str], str] = {}  # by login: hundreds of companies may be polled every second
        self.vendor = _vendor(random.Random(f"vendor {seed}"))  # noqa: S311 -- likewise

    def __iter__(self) -> Iterator[Company]:
        return iter(self._by_cvr.values())

    def by_cvr(self, cvr: str) -> Company | None:
        """The company with that CVR number, or None."""
        return self._by_cvr.get(cvr)

    def organisation(self, cvr: str) -> Caller | None:
        """Whoever has that CVR number, the vendor too, or None."""
        return self.vendor if cvr == self.vendor.cvr else self.by_cvr(cvr)

    def by_token(self, system_id: str, api_token: str) -> Caller | None:
        """Whose system logs in with these two, or None."""
        if (system_id, api_token) == (self.vendor.system_id, self.vendor.api_token):
            return self.vendor
        return self.by_cvr(self._cvrs.get((system_id, api_token), ""))

    def check(self, cvr: str | None, name: str | None) -> None:
        """Nothing; a company with these two can be registered.

        Raises ValueError for a CVR that is not eight digits or is taken, and for a name that cannot be printed.
        """
        if cvr is not None and (len(cvr) != 8 or not (cvr.isascii() and cvr.isdigit())):
            raise ValueError("a CVR number is eight digits")
        if cvr is not None and self.organisation(cvr) is not None:
            raise ValueError("this CVR number is registered already")
        if name is not None and (not name.isprintable() or not name.strip()):
            raise ValueError("a name is a line of printable text")

    def register(
        self, face: Face, cvr: str | None = None, name: str | None = None, standing: Standing | None = None
    ) -> Company:
        """A new company; missing facts are invented. Raises ValueError as `check` does."""
        self.check(cvr, name)
        cvr = cvr if cvr is not None else self._new_cvr()
        name = name if name is not None else self._new_name()
        # Taken whether needed or not, so that the next company does not depend on this one's face.
        system_id, secret = str(uuid.UUID(int=self._random.getrandbits(128), version=4)), self.new_secret()
        rest = face == "rest"
        company = Company(
            cvr=cvr,
            name=name,
            face=face,
            system_id=system_id if rest else None,
            api_token=secret if rest else None,
            user=None if rest else f"cvr{cvr}",
            password=None if rest else secret,
            address=f"post@{_slug(name)}-{cvr}.example",
            server=self._next_server(face),
            standing=standing or Standing(),
        )
        self._by_cvr[cvr] = company
        if rest:
            self._cvrs[system_id, secret] = cvr
        return company

    def change(self, cvr: str, standing: Standing) -> Company:
        """The company with its new standing. KeyError for an unknown CVR."""
        self._by_cvr[cvr] = company = replace(self._by_cvr[cvr], standing=standing)
        return company

    def new_secret(self) -> str:
        """A repeatable secret of 128 bits in hexadecimal."""
        return f"{self._random.getrandbits(128):032x}"

    def _next_server(self, face: Face) -> Server:
        # Counted within the face, so that with alternating faces each face still meets both servers.
        self._faces[face] += 1
        return "implicit" if self._faces[face] % 2 else "starttls"

    def _new_cvr(self) -> str:
        while True:
            cvr = _cvr(self._random)
            if self.organisation(cvr) is None:
                return cvr

    def _new_name(self) -> str:
        kind, name, form = (self._random.choice(words) for words in (KINDS, NAMES, FORMS))
        return f"{kind} {name} {form}"


def check_digit(first_seven: str) -> str | None:
    """The eighth digit of a CVR number, or None when the first seven are never issued (remainder 1).

    Source: the modulus 11 rule of the business authority; worked example 13748136.
    """
    remainder = sum(weight * int(digit) for weight, digit in zip(CVR_WEIGHTS, first_seven, strict=True)) % 11
    return None if remainder == 1 else str((11 - remainder) % 11)


def _cvr(chance: random.Random) -> str:
    while True:
        first = f"{chance.randrange(1_000_000, 10_000_000)}"
        digit = check_digit(first)
        if digit is not None:
            return first + digit


def _vendor(chance: random.Random) -> Vendor:
    # Chance of its own, so that companies are the same with and without a vendor.
    system_id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    return Vendor(_cvr(chance), "Postrytteriet ApS", system_id, f"{chance.getrandbits(128):032x}")


def _slug(name: str) -> str:
    plain = "".join(
        letter if letter.isascii() and letter.isalnum() else " " for letter in name.translate(PLAIN).lower()
    )
    words = [word for word in plain.split() if word not in ("aps", "a", "s", "i", "k")]
    return "-".join(words)[:40].strip("-") or "firma"
