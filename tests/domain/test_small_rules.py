"""The rules of small files, each in one table: headline, states, incidents, announcements, returns, fuse, try-outs."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nemboks.domain.announcements import CODED
from nemboks.domain.announcements import Kind as Told
from nemboks.domain.custody import Custody
from nemboks.domain.doubts import DoubtKind, doubts
from nemboks.domain.fuse import KEPT, REPEATS, WINDOW, Answer, Limits, Load, Trip, asked, confirmed
from nemboks.domain.incidents import TELLS_ALL, NoticeKind
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Address, Field, Mailbox, Route, Rule
from nemboks.domain.proof import Evidence, Level, Stage, at_address
from nemboks.domain.returns import Action, StatusNotice, Token
from nemboks.domain.states import ON_ITS_WAY, UNDELIVERED
from nemboks.domain.tryout import Tried, tried
from tests.domain.samples import AT, COPY, HEADLINE, MAILBOX, ROUTE, TWO_PARTS, confirmation, letter

S = State


def test_of_how_many_mails_a_letter_consists() -> None:
    """One, unless it was split; and which comes next."""
    counts = [replace(COPY, parts=parts).count for parts in ((), ((0,),), TWO_PARTS)]
    assert counts == [1, 1, 2]
    whole, split = letter(S.WAITING), letter(S.WAITING, copy=replace(COPY, parts=TWO_PARTS), proofs=(confirmation(),))
    assert [(one.part, one.parts) for one in (letter(S.FOUND), whole, split)] == [(1, 1), (1, 1), (2, 2)]


def test_which_mails_are_the_same() -> None:
    """Signatures aside, on both sides."""
    signed = replace(COPY, signatures=("x",))
    assert COPY.makes_the_same(signed) is signed.makes_the_same(COPY) is True
    assert signed.makes_the_same(replace(signed, signatures=("y",)))
    assert not signed.makes_the_same(replace(signed, seed="other"))


def test_which_letters_the_company_does_not_have() -> None:
    """The machine is at them, or a person has to be."""
    assert set(ON_ITS_WAY) == {S.FOUND, S.WAITING, S.SENDING, S.HANDED_OVER}
    assert set(UNDELIVERED) == {*ON_ITS_WAY, S.HELD}


def test_which_notices_say_all_that_was_said_before() -> None:
    """A reminder and the end; and which announcements bring a code."""
    assert {NoticeKind.STILL, NoticeKind.SOLVED} == TELLS_ALL
    assert {Told.ADDRESS_CODE, Told.ADDRESS_ASKED, Told.ADDRESS_PROOF, Told.ESTATE_CODE} == CODED


def test_whose_parts_count() -> None:
    """All at one address, or none: nobody is left with half a letter."""
    here, there = confirmation(), confirmation(part=2, address="bo@bageri.example")
    assert at_address((), "x") == ()
    assert at_address((here,), "anna@bageri.example") == (here,)
    assert at_address((here, there), "anna@bageri.example") == at_address((here,), "bo@bageri.example") == ()


def test_ranks() -> None:
    """Stages come in the order of a conversation, levels from weak to strong, evidence has four words."""
    assert [one.name for one in sorted(Stage)][::3] == ["LOOKUP", "GREETING", "RCPT", "DOT"]
    assert sorted(Level) == [Level.UNSIGNED_MX, Level.MTA_STS, Level.DANE, Level.CONFIGURED]
    assert len(Evidence) == 4


@pytest.mark.parametrize(
    ("recipient", "speaks"),
    [
        ("", True), ("anna@bageri.example", True), ("Anna@Bageri.EXAMPLE", True), ("bo@bageri.example", False),
        ("anna+40bageri.example", True), ("an+6ea@bageri.example", True), ("anna+4Xbageri.example", False),
        ("nna@bageri.example", False),
    ],
)  # fmt: skip
def test_of_whom_a_notice_speaks(recipient: str, speaks: bool) -> None:
    """The recipient that it names, plain or in xtext; one that names nobody may mean us."""
    notice = StatusNotice(Token(1, 1, 1), Action.FAILED, "5.1.1", "x", "", recipient)
    assert notice.speaks_of("ANNA@bageri.example") is speaks
    assert recipient == "" or recipient not in repr(notice)
    assert replace(notice, recipient="anna+40x@bageri.example").speaks_of("anna+40x@bageri.example")


# --- doubts ---

NEAR = [
    ("bageri.example", False), ("bagerx.example", True), ("bager.example", True), ("bageriy.example", True),
    ("abgeri.example", True), ("bagrei.example", True), ("bagreix.example", False), ("bageri.exampel", True),
    ("bageri.exampleab", False), ("ageri.example", True), ("xbageri.example", True), ("bgaeir.example", False),
    ("bageri.examplx", True), ("bagerx.examplx", False), ("bageri.exampl", True), ("bageir.examplx", False),
]  # fmt: skip


@pytest.mark.parametrize(("domain", "near"), NEAR)
def test_one_slip_away_from_the_companys_own_domain(domain: str, near: bool) -> None:
    """One sign more, less or other, or two neighbours that changed places; two slips are another domain."""
    found = [one.meant for one in doubts(Address(f"anna@{domain}"), {"bageri.example", "other.example"})]
    assert found == (["bageri.example"] if near else [])


@pytest.mark.parametrize(
    ("domain", "meant"),
    [("yahoo.dk", ""), ("yaho.dk", "yahoo.dk"), ("lve.dk", "live.dk"), ("jubi.dk", "jubii.dk"), ("live.de", ""),
     ("lave.com", "live.com"), ("love.dk", ""), ("proton.mee", "proton.me"), ("gmail.com", ""), ("gmx.com", ""),
     ("hotmail.de", ""), ("mail.com", ""), ("hotmail.no", "")],
)  # fmt: skip
def test_slips_of_domains_that_many_have(domain: str, meant: str) -> None:
    """Of short ones only those that are known, for many of those are one sign apart and real."""
    assert [one.meant for one in doubts(Address(f"anna@{domain}"), ())] == ([meant] if meant else [])


def test_what_a_doubt_says() -> None:
    """What was meant, of several near domains the first; a common mailbox names its domain, and is not grave."""
    both = doubts(Address("info@bagerx.example"), {"bageri.example", "bagera.example"})
    assert [(one.kind, one.meant, one.grave) for one in both] == [
        (DoubtKind.NEAR, "bagera.example", True), (DoubtKind.ROLE, "bagerx.example", False),
    ]  # fmt: skip
    assert doubts(Address("info@bageri.example"), {"bageri.example"}) == ()


# --- the fuse ---

LIMITS = Limits(per_cvr=5, in_all=20, least_seconds=24)


def ask(tried: Letter | None, load: Load | None = None, minutes: float = 0, box: Mailbox = MAILBOX) -> Answer:
    return asked(tried, box, load or Load(), LIMITS, AT + timedelta(minutes=minutes))


def test_the_fuses_numbers() -> None:
    """An hour's ceilings, two days of memory, a hundred repeats beyond what the pace explains."""
    assert (timedelta(hours=1), timedelta(days=2), 100) == (WINDOW, KEPT, REPEATS)
    assert Limits() == Limits(500, 20_000, 24)


@pytest.mark.parametrize(
    ("tried", "says", "trip"),
    [
        (None, "no letter of this id", Trip.UNCONFIRMED),
        (letter(S.HELD, confirmation=confirmation()), "letter 1 is HELD without", Trip.UNCONFIRMED),
        (letter(S.FORWARDED, confirmation=None), "letter 1 is FORWARDED without", Trip.UNCONFIRMED),
        (letter(S.ACKNOWLEDGED), "acknowledged already", None),
        (letter(S.FORWARDED, bounced="5.2.1"), "came back", None),
        (letter(S.FORWARDED), "", None),
    ],
)
def test_what_the_fuse_answers(tried: Letter | None, says: str, trip: Trip | None) -> None:
    """Why not, and whether it trips."""
    found = ask(tried)
    assert says in found.why and bool(found.why) is bool(says)
    assert found.trip is trip


@pytest.mark.parametrize(
    ("load", "minutes", "trip", "says"),
    [
        (Load(4, 19), 0, None, ""),
        (Load(5, 19), 0, Trip.TOO_MANY, "5 letters in an hour"),
        (Load(4, 20), 0, Trip.TOO_MANY_IN_ALL, "20 letters of all"),
        (Load(5, 20, 99, AT), 0, None, ""),
        (Load(0, 0, 100, AT), 0, Trip.REPEATED, "tried 100 times"),
        (Load(0, 0, 100, AT), 0.4, None, ""),
        (Load(0, 0, 101, AT), 0.4, Trip.REPEATED, "tried 101 times"),
        (Load(0, 0, 102, AT), 1.2, None, ""),
        (Load(0, 0, 103, AT), 1.2, Trip.REPEATED, "tried 103 times"),
    ],
)
def test_what_was_let_through_before(load: Load, minutes: float, trip: Trip | None, says: str) -> None:
    """Ceilings for a letter's first receipt; for its repeats what the pace explains, one more each 24 seconds."""
    found = ask(letter(S.FORWARDED), load, minutes)
    assert found.trip is trip
    assert says in found.why and bool(found.why) is bool(says)


def test_custody_is_asked_by_the_fuse_too() -> None:
    """Whatever the program believes."""
    assert ask(letter(S.FORWARDED), box=replace(MAILBOX, custody=Custody(unproven=True))).why
    twice = letter(S.FORWARDED, copy=replace(COPY, parts=TWO_PARTS), proofs=(confirmation(letter=2),))
    assert not confirmed(replace(twice, confirmation=confirmation(part=2)))
    assert confirmed(letter(S.ACKNOWLEDGED)) is True


# --- rules tried out ---


def rule(field: Field, value: str) -> Rule:
    return Rule(field, value, Address("b@udenfor.example"), "own")


def route(*rules: Rule, **other: Any) -> Route:
    return replace(ROUTE, rules=rules, **other)


LEGAL, KLE, ALL = rule(Field.CLASS, "legal"), rule(Field.KLE, "27.*"), rule(Field.CLASS, "*")


def read(id: int, **says: Any) -> Letter:
    return letter(S.WAITING, id=id, headline=replace(HEADLINE, **says))


def test_what_each_rule_would_have_got() -> None:
    """By the first that fits; the rest apart, and what was never read."""
    past = [read(1, legal=True, kle="27"), read(2, kle="27.1"), read(3), read(4), letter(S.FOUND, id=5)]
    trial = tried(route(KLE, LEGAL), past)
    assert (trial.number, trial.unread, trial.rest, trial.held) == (4, 1, (3, 4), False)
    assert trial.rules == (Tried(KLE, (2,), 2, False), Tried(LEGAL, (1,), 0, False))
    assert [one.nothing for one in trial.rules] == [False, False]
    assert tried(route(LEGAL), [read(1)]).rules[0].nothing
    unnumbered = read(1, authority=replace(HEADLINE.authority, id=""))
    assert tried(route(rule(Field.AUTHORITY, "x")), [unnumbered]).rules[0].silent == 0


@pytest.mark.parametrize(
    ("rules", "number", "swallows"),
    [
        ((KLE,), 2, True), ((KLE,), 1, False), ((LEGAL,), 2, False), ((ALL,), 0, True),
        ((rule(Field.AUTHORITY, "*"),), 0, True), ((rule(Field.KLE, "*"),), 0, False),
        ((rule(Field.CLASS, "ordinary"),), 1, False), ((rule(Field.CLASS, "ordinary"),), 2, True),
        ((KLE, LEGAL), 2, True), ((LEGAL, KLE), 2, True),
    ],
)  # fmt: skip
def test_a_rule_that_takes_all(rules: tuple[Rule, ...], number: int, swallows: bool) -> None:
    """By what it took of two or more, or by its own words; unless it stood so before."""
    trial = tried(route(*rules), [read(n, kle="27.1") for n in range(number)])
    assert trial.swallows(ROUTE) is swallows
    assert not trial.swallows(route(*rules))


@pytest.mark.parametrize(
    ("rules", "number", "taken"),
    [((), 0, True), ((), 1, True), ((LEGAL,), 0, False), ((LEGAL,), 1, False), ((LEGAL,), 2, True), ((KLE,), 2, False)],
)
def test_a_tray_that_takes_all(rules: tuple[Rule, ...], number: int, taken: bool) -> None:
    """Where no rule is, or none fits any of two or more; without a tray the rest goes to the usual address."""
    past = [read(n, kle="27.1") for n in range(number)]
    held = tried(route(*rules, unrouted="anna"), past)
    assert held.tray_swallows is taken
    assert held.swallows(route(*rules)) is taken
    assert not held.swallows(route(*rules, unrouted="bo"))
    assert not tried(route(*rules), past).tray_swallows


def test_a_tray_that_takes_most() -> None:
    """One letter of three that a rule fits is enough for it not to swallow."""
    past = [read(1), read(2), read(3, legal=True)]
    assert not tried(route(LEGAL, unrouted="anna"), past).swallows(route())
