"""Which ways to people a trouble blocks, and who is in which circle (circles.py), cause by cause."""

from dataclasses import replace
from typing import Any

import pytest

from nemboks.domain.circles import Circle, Failing, address_of, circles, domain_of, failing, language_of, mail_path
from nemboks.domain.incidents import Cause, Sick
from nemboks.domain.mailbox import Address, Mailbox, Options
from tests.domain.samples import AT, MAILBOX

C = Cause
ANNA, OLE, KIM = Address("anna@bageri.example"), Address("ole@bageri.example"), Address("kim@far.example")
OPERATOR = Address("drift@nemboks.example")
NOTHING = Failing(frozenset(), frozenset(), frozenset())

# What a trouble says of (the very address, its domain, its server, its server for other companies).
BLOCKS: dict[Cause, str] = {
    C.ADDRESS: "AD..", C.FULL: "A...", C.POLICY: "AD..", C.TOO_LARGE: "....", C.LOGIN: "ADSO", C.TLS: "ADSO",
    C.CERTIFICATE: "....", C.LATE: "ADS.", C.HELD: "....", C.RETURNED: "A...", C.SILENT: "ADS.", C.BOUNCED: "A...",
    C.JUNK: "A...", C.COPY: "AD..", C.VANISHED: "....", C.REFUSED: "....",
    C.UNUSABLE: "....", C.UNLISTED: "....", C.OUR_CERTIFICATE: "....",
}  # fmt: skip


def ill(cause: Cause, mailbox: int = 1, **changes: Any) -> Sick:
    return replace(Sick(cause, mailbox, 1, AT, "1", "550", "bageri", "Anna@bageri.example", True), **changes)


def told(way: Failing, other: Failing) -> str:
    """Which of the four kinds of ways are blocked: for the mailbox itself, and for another."""
    said = {
        "A": way.blocks(mail_path("da", ANNA), "relay"),
        "D": way.blocks(mail_path("da", OLE), "relay"),
        "S": way.blocks(mail_path("da", KIM), "bageri"),
        "O": other.blocks(mail_path("da", KIM), "bageri"),
    }
    return "".join(letter if blocked else "." for letter, blocked in said.items())


@pytest.mark.parametrize(("cause", "blocked"), BLOCKS.items(), ids=str)
def test_what_a_trouble_says_of_the_ways(cause: Cause, blocked: str) -> None:
    """Of another mailbox's trouble only what is certain counts: that very address, that very server."""
    found = failing([ill(cause), ill(C.HELD, 2, address="x@y.example", destination="y")])
    assert told(found[1], found[2]) == blocked
    assert found[2].blocks(mail_path("da", ANNA), "relay") is ("A" in blocked)
    assert not found[2].blocks(mail_path("da", OLE), "relay")


def test_what_the_daily_check_says() -> None:
    """A fault is as good as a refusal of the server too; what only ends soon says nothing."""
    assert set(BLOCKS) | {C.PREFLIGHT} == set(C)
    fault = failing([ill(C.PREFLIGHT), ill(C.HELD, 2)])
    assert told(fault[1], fault[2]) == "ADS."
    assert failing([ill(C.PREFLIGHT, definite=False)])[1] == NOTHING


def test_what_has_no_place_blocks_none() -> None:
    """A trouble that names neither an address nor a server."""
    found = failing([ill(C.LOGIN, address="", destination="")])[1]
    assert (found.domains, found.destinations) == (frozenset(), frozenset())
    assert failing([]) == {}


def test_several_troubles_of_one_mailbox() -> None:
    """All that each says."""
    late = [ill(C.LATE, address=KIM, destination="far"), ill(C.SILENT, address=KIM, destination="relay")]
    found = failing([ill(C.ADDRESS), *late, ill(C.HELD)])[1]
    assert found == Failing(
        frozenset({"anna@bageri.example", KIM}), frozenset({"bageri.example", "far.example"}),
        frozenset({"far", "relay"}),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("way", "blocked"),
    [
        (NOTHING, False),
        (replace(NOTHING, addresses=frozenset({"anna@bageri.example"})), True),
        (replace(NOTHING, addresses=frozenset({"ole@bageri.example"})), False),
        (replace(NOTHING, domains=frozenset({"bageri.example"})), True),
        (replace(NOTHING, destinations=frozenset({"direct:bageri.example"})), True),
        (replace(NOTHING, destinations=frozenset({"bageri.example"})), False),
    ],
)
def test_a_way_by_mail_is_blocked_by_address_domain_or_server(way: Failing, blocked: bool) -> None:
    """Each alone; a webhook by none."""
    assert way.blocks(mail_path("da", Address("ANNA@bageri.example")), "direct") is blocked
    assert not way.blocks("webhook:kontor", "direct")


def test_how_paths_are_written() -> None:
    """And read back: the language, the address, the domain of one."""
    assert mail_path("en", ANNA) == "mail:en:anna@bageri.example"
    assert [language_of(path) for path in ("mail:en:a@b.dk", "mail:da:a@b.dk", "webhook:en:")] == ["en", "da", "da"]
    assert [address_of(path) for path in ("mail:en:a@b.dk", "webhook:x")] == ["a@b.dk", None]
    assert [domain_of(one) for one in ("A@B.dk", "", "x")] == ["b.dk", "", "x"]


# --- circles ---


def box(contact: Address | None = KIM, **changes: Any) -> Mailbox:
    options = replace(Options(second_contact=contact), **changes.pop("options", {}))
    return replace(MAILBOX, options=options, **changes)


def people(mailbox: Mailbox | None, operator: Address | None = None, blocked: Failing = NOTHING) -> list[Circle]:
    return circles(mailbox, operator, blocked, "relay")


BY_KIM, BY_ANNA, BY_OPERATOR = f"mail:da:{KIM}", f"mail:da:{ANNA}", f"mail:da:{OPERATOR}"
DEAD = replace(NOTHING, addresses=frozenset({str(ANNA)}))
FAR = replace(NOTHING, domains=frozenset({"far.example", "nemboks.example"}))


@pytest.mark.parametrize(
    ("mailbox", "operator", "blocked", "found"),
    [
        (box(), None, NOTHING, [Circle(BY_KIM, (BY_KIM,)), Circle(BY_ANNA, (BY_ANNA,))]),
        (box(), OPERATOR, NOTHING,
         [Circle(BY_KIM, (BY_KIM,)), Circle(BY_ANNA, (BY_ANNA,)), Circle(BY_OPERATOR, (BY_OPERATOR,))]),
        (box(), None, DEAD, [Circle(BY_KIM, (BY_KIM,))]),
        (box(), OPERATOR, FAR, [Circle(BY_KIM, ()), Circle(BY_ANNA, (BY_ANNA,)), Circle(BY_OPERATOR, ())]),
        (box(None), None, NOTHING, [Circle(BY_ANNA, (BY_ANNA,))]),
        (box(None), None, DEAD, [Circle("mailbox:1", ())]),
        (box(ANNA), None, NOTHING, [Circle(BY_ANNA, (BY_ANNA,))]),
        (box(OPERATOR), OPERATOR, NOTHING, [Circle(BY_ANNA, (BY_ANNA,)), Circle(BY_OPERATOR, (BY_OPERATOR,))]),
        (box(None), ANNA, NOTHING, [Circle(BY_ANNA, (BY_ANNA,))]),
        (box(None), ANNA, DEAD, [Circle(BY_ANNA, ())]),
        (box(frozen_at=AT), OPERATOR, NOTHING, [Circle(BY_OPERATOR, (BY_OPERATOR,))]),
        (box(None, frozen_at=AT, boundary_at=AT), None, NOTHING, [Circle(BY_ANNA, (BY_ANNA,))]),
        (None, OPERATOR, NOTHING, [Circle(BY_OPERATOR, (BY_OPERATOR,))]),
        (None, None, NOTHING, []),
    ],
)  # fmt: skip
def test_who_hears(mailbox: Mailbox | None, operator: Address | None, blocked: Failing, found: list[Circle]) -> None:
    """Those whom the company named, its own address, the operator; of an undecided estate only the operator."""
    assert people(mailbox, operator, blocked) == found


def test_those_whom_a_company_named_are_one_circle() -> None:
    """In one order, each in its own language; it stays the same when one of its ways is blocked."""
    named = box(options={"webhooks": ("b", "a"), "contact_language": "en", "language": "en"})
    who = f"mail:en:{KIM}+webhook:a+webhook:b"
    assert people(named)[0] == Circle(who, (f"mail:en:{KIM}", "webhook:a", "webhook:b"))
    assert people(named, blocked=FAR)[0] == Circle(who, ("webhook:a", "webhook:b"))
    assert people(named)[1] == Circle(f"mail:en:{ANNA}", (f"mail:en:{ANNA}",))
