"""Values of the domain with sensible contents; a test names only what it is about.

The cast: Anna owns a bakery ApS (CVR 13748136), Bo keeps the books for others (CVR 29189846).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from nemboks.domain.headline import Authority, Copy, Document, Headline, Kind, Role, Sealed
from nemboks.domain.letter import Claimed, Collected, Confirmed, Letter, State
from nemboks.domain.mailbox import Address, Cvr, Face, Mailbox, Route
from nemboks.domain.proof import Confirmation, Reply, Report, Stage, TlsFacts
from nemboks.store.mailboxes import Declared
from tests.helpers.clock import START

ANNA, BO = Cvr("13748136"), Cvr("29189846")
ADDRESS = Address("anna@bageri.example")
SERVER = "bageri"


def route(version: int = 1, address: str = ADDRESS, server: str = SERVER, vouched_by: str = "settings") -> Route:
    return Route(version, Address(address), server, START, vouched_by)


def mailbox(id: int = 1, cvr: Cvr = ANNA, **changes: Any) -> Mailbox:
    return replace(Mailbox(id, cvr, "Annas Bageri ApS", Face.REST, route(), START), **changes)


def declared(cvr: Cvr = ANNA, **changes: Any) -> Declared:
    secrets: Mapping[str, str] = {"token": f"token of {cvr}"}
    return replace(Declared(cvr, "Annas Bageri ApS", Face.REST, ADDRESS, SERVER, secrets), **changes)


def headline(**changes: Any) -> Headline:
    document = Document(Role.MAIN, "Årsopgørelse.pdf", "application/pdf", 40_000, "ab" * 32)
    authority = Authority("Skattestyrelsen", "19552101", "CVR")
    return replace(
        Headline(Kind.MEMO, authority, "Årsopgørelse", 60_000, "cd" * 32, (document,), created_at=START), **changes
    )


def copy(**changes: Any) -> Copy:
    return replace(
        Copy("<1.13748136@nemboks.example>", START, "seed-1", "letter-1", "Eksempel ApS", "post@nemboks.example"),
        **changes,
    )


def sealed(number: int = 1) -> Sealed:
    return Sealed(f"{number:032x}", f"wrapped-{number}")


def letter(state: State = State.FOUND, **changes: Any) -> Letter:
    return replace(Letter(1, 1, "letter-1", state, START, START, due_at=START), **changes)


def reply(code: int = 250, enhanced: str = "2.0.0", text: str = "queued as 4711") -> Reply:
    return Reply(code, enhanced, text)


def tls(**changes: Any) -> TlsFacts:
    return replace(TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", "mail.bageri.example", "ef" * 32), **changes)


def report(stage: Stage = Stage.DOT, **changes: Any) -> Report:
    return replace(Report(stage, "mail.bageri.example:465", None, tls(), "", 1.5), **changes)


def confirmation(of: Letter, **changes: Any) -> Confirmation:
    whole = Confirmation(of.id, of.fence, ADDRESS, "mail.bageri.example:465", reply(), tls(), START)
    return replace(whole, **changes)


# --- events ---


def collected(now: datetime = START, number: int = 1, **changes: Any) -> Collected:
    return replace(Collected(headline(), sealed(number), copy(), now), **changes)


def claimed(now: datetime = START, seconds: float = 1200, **changes: Any) -> Claimed:
    deadline = now + timedelta(seconds=seconds)
    return replace(Claimed(deadline, now + timedelta(seconds=60), 1, ADDRESS, SERVER), **changes)


def confirmed(of: Letter, now: datetime = START, **changes: Any) -> Confirmed:
    return Confirmed(confirmation(of, **changes), "8d0e5a52-6b6e-4e56-9f0e-2f4b3f3f9a01", now)
