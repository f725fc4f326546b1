"""Every stage against replies of every kind, as one page; and the finer points of what a report leads to."""

import re
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from random import Random
from typing import Any

import pytest

from nemboks.domain.delivery import Delivery, DeliveryState
from nemboks.domain.events import AttemptEnded, Confirmed, Hold, Later, PartConfirmed
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Address, Role
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Reply, Report, Stage
from nemboks.domain.verdict import (
    LONGEST_ASKED,
    RULES,
    TOO_LARGE_LIMIT,
    Verdict,
    asked,
    backoff,
    judge,
    proven,
    spread,
    verdict,
    wait,
)  # fmt: skip
from tests.domain.samples import AT, COPY, TLS, TWO_PARTS, at_dot, confirmation, letter, report

V = Verdict
SIGNS = {"A": V.ACCEPTED, "t": V.TEMPORARY, "F": V.FULL, "D": V.ADDRESS, "p": V.POLICY, "S": V.TOO_LARGE,
         "C": V.CONVERSION, "L": V.LOGIN, "X": V.TLS, "U": V.UNCERTAIN}  # fmt: skip
# One sign for each stage: Lookup Connect Tls Greeting login Mail Rcpt data(A) Body dot(Z).
PAGE = """
LCTGlMRABZ
ttXttttttU
ttXttttttA 250 | 200 | 251 2.1.5 | 252 | 299 5.1.1
ttXttttttU 354 | 120 | 300 3.0.0 | 100 | 600
tttttttttt 421 | 421 4.2.2 | 421 4.7.0
ttXttttttt 450 | 451 4.3.0 | 452 | 454 4.7.0 | 499
LtXtLLLLLL 530 | 534 5.7.9 | 535 5.7.8 | 538
ptXtLppppp 500 | 531 | 532 | 539 | 554 | 554 5.7.1 | 599 | 552 5.5.0 | 550 5.1.4 | 550 5.1.5 | 553 5.1.7 | 550 5.2.12
FtXtFFFFFF 452 4.2.2 | 450 4.2.2
FtXtLFFFFF 552 5.2.2 | 550 5.2.2
CtXtLCCCCC 554 5.6.3 | 550 5.6.3
StXtLSSSSS 552 5.3.4 | 554 5.2.3 | 500 5.3.4
DtXtLpDppD 550 5.1.1 | 553 5.1.0 | 550 5.1.2 | 553 5.1.3 | 551 5.1.6 | 556 5.1.10 | 550 5.2.1
ptXtLpDppp 550 | 551 | 553
ptXtLSFSSS 552
"""
CASES = [(words.strip(), row.split()[0]) for row in PAGE.split("\n")[2:-1] for words in row[10:].split("|")]


@pytest.mark.parametrize(("words", "signs"), CASES, ids=[words or "silence" for words, _ in CASES])
def test_what_a_reply_means_at_each_stage(words: str, signs: str) -> None:
    """One line of the page."""
    code, _, enhanced = words.partition(" ")
    reply = Reply(int(code), enhanced, "") if code else None
    found = [verdict(report(stage, reply)) for stage in Stage]
    assert found == [SIGNS[sign] for sign in signs]


def test_every_rule_is_on_the_page() -> None:
    """Each decides at least one of its cells, so that a new one needs a line."""
    said = [f"{words} " if words.isdecimal() else words for words, _ in CASES]
    for number, (stages, pattern, _) in enumerate(RULES):
        fits = [(stage, words) for stage in stages for words in said if words and re.match(pattern, words)]
        earlier = RULES[:number]
        assert [one for one in fits if not any(one[0] in row[0] and re.match(row[1], one[1]) for row in earlier)]


def test_a_server_that_says_more_asks_for_no_more() -> None:
    """Six hours at most, three sizes in a row."""
    assert (LONGEST_ASKED, TOO_LARGE_LIMIT) == (6 * 3600, 3)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("again in 10 s", 10), ("again in 10 m", 600), ("again in 2 h", 7200), ("again in 10 MINUTES", 600),
        ("wait 1:02:03", 3723), ("wait 02:03", 123), ("wait 0:00:01", 1), ("wait 6:00:00", 21_600),
        ("wait 6:00:01", 21_600), ("wait 7 h", 21_600), ("wait 0 s", 0),
    ],
)  # fmt: skip
def test_how_long_a_refusal_asks_us_to_wait(text: str, seconds: float) -> None:
    """Seconds, minutes and hours, with a unit or as a clock."""
    assert asked(text) == seconds


# --- waits ---

PACE = Pace()


@pytest.mark.parametrize(
    ("meaning", "failures", "hours", "seconds"),
    [
        (V.TEMPORARY, 0, 0, 60), (V.TEMPORARY, 1, 0, 60), (V.TEMPORARY, 5, 300, 3600), (V.TEMPORARY, 6, 5.99, 1800),
        (V.TEMPORARY, 6, 6, 3600), (V.TEMPORARY, 6, 24, 7200), (V.TEMPORARY, 6, 120, 21_600),
        (V.FULL, 1, 0, 1800), (V.FULL, 5, 0, 3600),
        (V.ADDRESS, 0, 0, 600), (V.ADDRESS, 1, 0, 600), (V.ADDRESS, 2, 0, 21_600),
        (V.POLICY, 1, 0, 600), (V.POLICY, 2, 0, 21_600), (V.TOO_LARGE, 1, 0, 600), (V.TOO_LARGE, 9, 0, 600),
        (V.CONVERSION, 0, 0, 0), (V.CONVERSION, 1, 0, 0), (V.CONVERSION, 2, 0, 300),
        (V.TLS, 1, 0, 3600), (V.UNCERTAIN, 1, 0, 900), (V.ACCEPTED, 1, 0, 60),
    ],
)  # fmt: skip
def test_the_middle_of_each_wait(meaning: Verdict, failures: int, hours: float, seconds: float) -> None:
    """By class, by how often in a row, by the letter's age."""
    assert wait(meaning, failures, hours * 3600, PACE, 0.5) == seconds


def test_the_jitter_of_each_wait() -> None:
    """A fifth either way; of logins up to two fifths more and never less."""
    assert [wait(V.LOGIN, 1, 0, PACE, chance) for chance in (0, 0.5, 1)] == pytest.approx([1800, 2160, 2520])
    assert [wait(V.TLS, 1, 0, PACE, chance) for chance in (0, 1)] == pytest.approx([2880, 4320])
    assert [spread(10, chance) for chance in (0, 1)] == pytest.approx([8, 12])


def test_outages_of_digital_post() -> None:
    """Doubled each time, up to a quarter of an hour, however long it lasts."""
    assert [backoff(n, PACE, 0.5) for n in (1, 2, 3, 5, 6)] == [30, 60, 120, 300, 300]
    slow = Pace(upstream_seconds=(1, 10_000_000))
    assert [backoff(n, slow, 0.5) for n in (20, 21, 22, 10_000)] == [2**19, 2**20, 2**20, 2**20]


# --- report -> event ---


def judged(found: Report, tried: Any, pace: Pace = PACE, chance: float = 0.5, smaller: Any = None) -> Any:
    return judge(found, tried, "anna@bageri.example", AT, pace, chance, "t-new", smaller)


def refused(code: int, enhanced: str = "", text: str = "", stage: Stage = Stage.RCPT, **other: Any) -> Report:
    return replace(report(stage, Reply(code, enhanced, text)), **other)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (refused(451, "4.3.0", "not now"), "451 4.3.0 not now"),
        (refused(451, "", "not now", words="seen"), "451 not now – seen"),
        (refused(451, "", "not now", words="not now"), "451 not now"),
        (report(Stage.CONNECT, None, "refused"), "refused"),
        (report(Stage.CONNECT, None), ""),
    ],
)
def test_the_words_of_an_event(found: Report, words: str) -> None:
    """What the server said, and what we make of it, unless that is the same."""
    assert judged(found, letter(State.SENDING)).words == words


@pytest.mark.parametrize(
    ("why", "before", "seconds"), [("", 0, 60), ("temporary", 1, 300), ("temporary", 2, 900), ("full", 4, 60)]
)
def test_failures_of_one_kind_are_counted(why: str, before: int, seconds: float) -> None:
    """Another kind begins anew."""
    event = judged(refused(451), letter(State.SENDING, why=why, failures=before))
    assert (event.why, event.due_at) == (V.TEMPORARY, AT + timedelta(seconds=seconds))


@pytest.mark.parametrize("seed", range(5))
def test_a_server_with_another_reason_each_time_is_not_asked_without_end(seed: int) -> None:
    """Each reason would begin the schedule anew; at most ninety attempts in five days all the same (RELIABILITY I8)."""
    reasons = cycle([refused(451), refused(552, "5.3.4", "too large"), refused(550, "5.1.1", "no such user")])
    tried, at, tries, draw = letter(State.SENDING, found_at=AT, fence=0), AT, 0, Random(seed)
    while at < AT + timedelta(days=5):
        tries += 1
        event = judge(next(reasons), tried, "anna@bageri.example", at, PACE, draw.random(), "t-new", None)
        tried, at = replace(tried, why=event.why, failures=1, fence=tries), event.due_at

    assert 40 < tries <= 90


def test_the_parts_that_went_are_no_tries_in_vain() -> None:
    """The tenth mail of a letter in many mails that is put off once is tried again in a minute."""
    went = tuple(replace(confirmation(), part=part) for part in range(1, 10))
    tenth = letter(State.SENDING, fence=10, proofs=went)
    assert judged(refused(451), tenth).due_at == AT + timedelta(seconds=60)


def test_age_counts_from_when_it_was_found() -> None:
    """Not from when the authority sent it."""
    old = letter(State.SENDING, why="temporary", failures=5, found_at=AT - timedelta(days=2))
    assert judged(refused(451), old).due_at == AT + timedelta(hours=2)


@pytest.mark.parametrize(
    ("text", "failures", "chance", "seconds"),
    [
        ("again in 1200 s", 0, 0, 1200), ("again in 1200 s", 0, 1, 1320), ("again in 1 s", 0, 0, 60),
        ("again in 60 s", 4, 0, 60), ("again in 60 s", 5, 0.5, 1800), ("again in 3 h", 5, 0, 10_800),
        ("graylist", 0, 0.5, 300), ("GREY-LISTED", 0, 0.5, 300), ("greylisted", 2, 0.5, 900), ("busy", 0, 0.5, 60),
    ],
)  # fmt: skip
def test_a_temporary_refusal_that_says_when(text: str, failures: int, chance: float, seconds: float) -> None:
    """Not sooner than asked nor than our first wait; after five in a row not sooner than our own schedule."""
    event = judged(refused(450, "4.7.1", text), letter(State.SENDING, why="temporary", failures=failures), PACE, chance)
    assert event.due_at == AT + timedelta(seconds=seconds)


BIG, SMALLER = refused(552, "5.3.4"), replace(COPY, parts=TWO_PARTS)


@pytest.mark.parametrize(
    ("found", "tried", "smaller", "split"),
    [
        (replace(BIG, limit=1), {}, SMALLER, True),
        (BIG, {}, SMALLER, False),
        (BIG, {"why": "too_large", "failures": 1}, SMALLER, True),
        (replace(BIG, limit=1), {}, None, False),
        (replace(BIG, limit=1), {"uncertain": 1}, SMALLER, False),
        (refused(554, "5.7.1", limit=1), {}, SMALLER, False),
    ],
)
def test_when_a_letter_is_split(found: Report, tried: dict[str, Any], smaller: Any, split: bool) -> None:
    """At once where the server announced a limit, else at its second refusal; never once a copy may lie there."""
    event = judged(found, letter(State.SENDING, **tried), smaller=smaller)
    assert isinstance(event, Later)
    assert (event.copy, event.due_at == AT) == (SMALLER if split else None, split)
    assert event.report == found and event.fence == 1


def test_the_third_refusal_for_size_is_held() -> None:
    """With what was said; a split that can still be made comes first."""
    third = letter(State.SENDING, why="too_large", failures=2)
    held = judged(refused(552, "5.3.4", "too much"), third)
    assert isinstance(held, Hold) and (held.words, held.report) == (
        "552 5.3.4 too much",
        refused(552, "5.3.4", "too much"),
    )
    assert isinstance(judged(BIG, letter(State.SENDING, why="too_large", failures=1)), Later)
    assert isinstance(judged(BIG, third, smaller=SMALLER), Later)
    assert isinstance(judged(refused(554, "5.7.1"), letter(State.SENDING, why="policy", failures=9)), Later)


@pytest.mark.parametrize(
    ("tried", "wrapped"),
    [({}, True), ({"uncertain": 1}, False), ({"copy": None}, False)],
)
def test_another_form_for_a_server_without_8_bit(tried: dict[str, Any], wrapped: bool) -> None:
    """Without the old form's signatures; never once a copy may lie there."""
    signed = replace(COPY, signatures=("x",))
    event = judged(refused(554, "5.6.3", "", Stage.MAIL), letter(State.SENDING, **{"copy": signed, **tried}))
    assert event.copy == (replace(COPY, wrap=True) if wrapped else None)
    assert judged(refused(554, "5.7.1"), letter(State.SENDING)).copy is None


def test_what_proves_nothing_is_uncertain() -> None:
    """A 2yz without TLS facts, silence at the dot: counted, with the report."""
    bare = replace(report(), tls=None)
    for found in (bare, report(reply=None)):
        event = judged(found, at_dot())
        assert isinstance(event, AttemptEnded) and event.report == found
    assert judged(bare, at_dot()).due_at > AT


def test_whose_confirmation_it_is() -> None:
    """The letter's, also where a further recipient's row was tried; its part; its transmission id, if it has one."""
    row = Delivery(9, 1, 1, Role.COPY, Address("bo@revisor.example"), "own", DeliveryState.SENDING, AT, fence=4)
    copied = judged(report(), row)
    assert isinstance(copied, Confirmed)
    assert (copied.confirmation.letter, copied.confirmation.attempt) == (1, 4)
    assert copied.transmission_id == "t-new"
    assert judged(report(), at_dot(transmission_id=None)).transmission_id == "t-new"
    assert judged(report(), at_dot()).confirmation.tls == TLS


@pytest.mark.parametrize(("copy", "part", "kind"), [
    (COPY, 1, Confirmed), (None, 1, Confirmed), (SMALLER, 1, PartConfirmed), (SMALLER, 2, Confirmed),
])  # fmt: skip
def test_the_last_part_makes_it_whole(copy: Any, part: int, kind: type) -> None:
    """Whatever the proof rests on."""
    event = proven(confirmation(part=part), letter(State.HANDED_OVER, copy=copy), AT, "t")
    assert type(event) is kind and event.due_at == AT


def test_a_quick_pace_is_heeded() -> None:
    """Where a demo's first wait is half a second, that is the least."""
    event = judged(refused(450, "", "again in 0 s"), letter(State.SENDING), Pace(retry_seconds=(0.5,)), 0)
    assert event.due_at == AT + timedelta(seconds=0.5)
