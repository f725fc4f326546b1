"""The invented companies that receive letters: who they are, how they log in, where their mail goes.

Promises: CVR numbers have a valid check digit; the same seed gives the same companies, ids and secrets; one company
has one face (REST or IMAP) and one mail address. Nobody here exists.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

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

    def as_item(self) -> dict[str, Any]:
        """The company as JSON shows it."""
        return asdict(self)


class Companies:
    """All companies of one run, found by CVR and by Basic token."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"companies {seed}")  # noqa: S311 -- repeatable on purpose, nothing to protect
        self._by_cvr: dict[str, Company] = {}

    def __iter__(self) -> Iterator[Company]:
        return iter(self._by_cvr.values())

    def by_cvr(self, cvr: str) -> Company | None:
        """The company with that CVR number, or None."""
        return self._by_cvr.get(cvr)

    def by_token(self, system_id: str, api_token: str) -> Company | None:
        """The company whose recipient system logs in with these two, or None."""
        found = (one for one in self if one.system_id and (one.system_id, one.api_token) == (system_id, api_token))
        return next(found, None)

    def register(self, face: Face, cvr: str | None = None, name: str | None = None) -> Company:
        """A new company; missing facts are invented.

        Raises ValueError for a CVR that is not eight digits or is taken, and for a name that cannot be printed.
        """
        cvr = cvr if cvr is not None else self._new_cvr()
        if len(cvr) != 8 or not (cvr.isascii() and cvr.isdigit()):
            raise ValueError("a CVR number is eight digits")
        if cvr in self._by_cvr:
            raise ValueError("this CVR number is registered already")
        name = name if name is not None else self._new_name()
        if not name.isprintable() or not name.strip():
            raise ValueError("a name is a line of printable text")
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
        )
        self._by_cvr[cvr] = company
        return company

    def new_secret(self) -> str:
        """A repeatable secret of 128 bits in hexadecimal."""
        return f"{self._random.getrandbits(128):032x}"

    def _next_server(self, face: Face) -> Server:
        # Counted within the face, so that with alternating faces each face still meets both servers.
        return "implicit" if sum(one.face == face for one in self) % 2 == 0 else "starttls"

    def _new_cvr(self) -> str:
        while True:
            first = f"{self._random.randrange(1_000_000, 10_000_000)}"
            digit = check_digit(first)
            if digit is not None and first + digit not in self._by_cvr:
                return first + digit

    def _new_name(self) -> str:
        kind, name, form = (self._random.choice(words) for words in (KINDS, NAMES, FORMS))
        return f"{kind} {name} {form}"


def check_digit(first_seven: str) -> str | None:
    """The eighth digit of a CVR number, or None when the first seven are never issued (remainder 1).

    Source: the modulus 11 rule of the business authority; worked example 13748136.
    """
    remainder = sum(weight * int(digit) for weight, digit in zip(CVR_WEIGHTS, first_seven, strict=True)) % 11
    return None if remainder == 1 else str((11 - remainder) % 11)


def _slug(name: str) -> str:
    plain = "".join(
        letter if letter.isascii() and letter.isalnum() else " " for letter in name.translate(PLAIN).lower()
    )
    words = [word for word in plain.split() if word not in ("aps", "a", "s", "i", "k")]
    return "-".join(words)[:40].strip("-") or "firma"
