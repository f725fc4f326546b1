"""What is concluded from a report: every row of RELIABILITY 4e and 5, and rules for everything else."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemboks.domain.events import AttemptEnded, Confirmed, HandedOver, Hold, Later, PartConfirmed, Reason
from nemboks.domain.letter import State, move
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Evidence, Reply, Report, Stage, Way
from nemboks.domain.verdict import (
    LONGEST_ASKED,
    TOO_LARGE_LIMIT,
    Verdict,
    asked,
    judge,
    may_lie_there,
    proven,
    verdict,
)
from tests.domain.samples import AT, COPY, TLS, TWO_PARTS, at_dot, confirmation, letter, report
from tests.domain.test_delivery import at_dot as copy_at_dot

LOOKUP = Stage.LOOKUP
C, T, G, L = Stage.CONNECT, Stage.TLS, Stage.GREETING, Stage.LOGIN
M, R, D, B, Z = Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.BODY, Stage.DOT
V = Verdict

# stage, what the server said ("" for nothing readable), verdict, row of RELIABILITY 4e
ROWS = [
    (C, "", V.TEMPORARY, "S01"), (C, "", V.TEMPORARY, "S03"),
    (LOOKUP, "550 5.1.2", V.ADDRESS, "S02: NXDOMAIN"), (LOOKUP, "556 5.1.10", V.ADDRESS, "S02: null MX"),
    (LOOKUP, "451 4.4.3", V.TEMPORARY, "S01"), (R, "550 5.1.10", V.ADDRESS, "S02: null MX"),
    (G, "421", V.TEMPORARY, "S04"), (G, "450 4.3.2", V.TEMPORARY, "S04"), (G, "554 5.7.1", V.TEMPORARY, "S04"),
    (G, "502 5.5.1", V.TEMPORARY, "S05"), (G, "", V.TEMPORARY, "S05"),
    (T, "", V.TLS, "S06, S07, S08"), (T, "454 4.7.0", V.TLS, "S06"), (T, "502", V.TLS, "S06"),
    (L, "535 5.7.8", V.LOGIN, "S09"), (L, "534", V.LOGIN, "S09"), (L, "538", V.LOGIN, "S09"),
    (M, "530 5.7.0", V.LOGIN, "S09"), (L, "454 4.7.0", V.TEMPORARY, "S09"), (L, "", V.TEMPORARY, "S09"),
    (M, "451 4.3.0", V.TEMPORARY, "S10"), (M, "550 5.7.1", V.POLICY, "S10"), (M, "552 5.3.4", V.TOO_LARGE, "S10"),
    (M, "552", V.TOO_LARGE, "S10"),
    (R, "450 4.2.0", V.TEMPORARY, "S11"), (R, "451 4.7.1", V.TEMPORARY, "S11"),
    (R, "452 4.2.2", V.FULL, "S12"), (R, "552 5.2.2", V.FULL, "S12"), (R, "552", V.FULL, "S12"),
    (Z, "452 4.2.2", V.FULL, "S12"), (Z, "552 5.2.2", V.FULL, "S12"),
    (R, "550 5.1.1", V.ADDRESS, "S13"), (R, "550", V.ADDRESS, "S13"), (R, "553 5.1.3", V.ADDRESS, "S13"),
    (R, "550 5.2.1", V.ADDRESS, "S13"), (Z, "550 5.1.1", V.ADDRESS, "S13"), (R, "550 5.7.1", V.POLICY, "S13"),
    (R, "551", V.ADDRESS, "S14"), (R, "551 5.1.6", V.ADDRESS, "S14"),
    (D, "554", V.POLICY, "S15"), (D, "503 5.5.1", V.POLICY, "S15"), (D, "554 5.3.4", V.TOO_LARGE, "S15"),
    *((stage, "421 4.3.2", V.TEMPORARY, "S16") for stage in (G, L, M, R, D, B, Z)),
    (B, "", V.TEMPORARY, "S17"), (B, "451 4.3.0", V.TEMPORARY, "S17"), (B, "552", V.TOO_LARGE, "S17"),
    (Z, "", V.UNCERTAIN, "S18, S19, S22, S23"),
    (Z, "451 4.3.0", V.TEMPORARY, "S20"), (Z, "554 5.7.1", V.POLICY, "S20"), (Z, "552", V.TOO_LARGE, "S20"),
    (Z, "554 5.6.3", V.CONVERSION, "S20"), (Z, "250 2.0.0", V.ACCEPTED, "S20"),
    (Z, "252", V.ACCEPTED, "S21"), (Z, "200 2.1.5", V.ACCEPTED, "S21"),
    (Z, "354", V.UNCERTAIN, "S22"), (Z, "100", V.UNCERTAIN, "S22"), (M, "354", V.TEMPORARY, "S22"),
    (M, "250", V.TEMPORARY, "S22: an answer that does not belong there"),
    (M, "552 5.2.3", V.TOO_LARGE, "S26"), (M, "550 5.6.3", V.CONVERSION, "S27"),
]  # fmt: skip


def said(stage: Stage, words: str) -> Report:
    code, _, enhanced = words.partition(" ")
    return report(stage, Reply(int(code), enhanced, "") if code else None)


@pytest.mark.parametrize(("stage", "words", "expected", "row"), ROWS, ids=str)
def test_every_row_of_the_fault_table(stage: Stage, words: str, expected: Verdict, row: str) -> None:
    """Stage and reply lead to the class that RELIABILITY names."""
    assert verdict(said(stage, words)) is expected


enhanced = st.one_of(st.just(""), st.from_regex(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", fullmatch=True))


@given(st.sampled_from(Stage), st.integers(200, 599), enhanced)
def test_every_stage_and_code_has_a_verdict_that_is_safe(stage: Stage, code: int, more: str) -> None:
    """Before the dot nothing is accepted or uncertain; at the dot 2yz alone is accepted, 4yz and 5yz are definite."""
    meaning = verdict(report(stage, Reply(code, more, "")))
    if stage is not Z:
        assert meaning not in (V.ACCEPTED, V.UNCERTAIN)
    else:
        assert (meaning is V.ACCEPTED) == (code // 100 == 2)
        assert (meaning is V.UNCERTAIN) == (code // 100 == 3)


def test_the_plain_codes_are_all_there() -> None:
    """Every stage with every code from 200 to 599, with and without an enhanced one of its class: 11,000 of them."""
    for stage in Stage:
        for code in range(200, 600):
            for more in ("", f"{code // 100}.1.1", f"{code // 100}.2.2"):
                meaning = verdict(report(stage, Reply(code, more, "")))
                assert stage is Z or meaning not in (V.ACCEPTED, V.UNCERTAIN)


@pytest.mark.parametrize("stage", Stage)
def test_silence_is_uncertain_at_the_dot_only(stage: Stage) -> None:
    """Unknown means "try again" before the dot and "nobody knows" at it."""
    meaning = verdict(report(stage, None, "closed"))
    assert meaning is {Z: V.UNCERTAIN, T: V.TLS}.get(stage, V.TEMPORARY)


# --- report -> event ---


def judged(found: Report, of: object = None, chance: float = 0.5, smaller: object = None):  # type: ignore[no-untyped-def]
    tried = of or at_dot()
    return judge(found, tried, "anna@bageri.example", AT, Pace(), chance, "t-new", smaller)  # type: ignore[arg-type]


def test_a_2yz_at_the_dot_becomes_a_confirmation() -> None:
    """With the attempt, address, server, reply and TLS facts of this very report."""
    assert judged(report()) == Confirmed(confirmation(), "t-new", AT)


def test_a_letter_keeps_its_one_transmission_id() -> None:
    """All receipts of a letter carry the same."""
    event = judged(report(), at_dot(transmission_id="t-old"))
    assert isinstance(event, Confirmed) and event.transmission_id == "t-old"


def test_a_2yz_without_tls_facts_is_uncertain() -> None:
    """It proves nothing, and says nothing against a copy."""
    assert isinstance(judged(replace(report(), tls=None)), AttemptEnded)


def test_no_reply_at_the_dot_is_an_uncertain_end() -> None:
    """Counted, and sent again after a quarter of an hour."""
    event = judged(report(reply=None, words="no answer"))
    assert isinstance(event, AttemptEnded) and 720 <= (event.due_at - AT).total_seconds() <= 1080
    assert move(at_dot(), event, AT).uncertain == 1


@given(st.sampled_from(Stage), st.none() | st.integers(200, 599), enhanced, st.floats(0, 0.999))
def test_every_judgement_is_a_legal_move(stage: Stage, code: int | None, more: str, chance: float) -> None:
    """Whatever the courier reports, the open attempt can be ended with it, and no copy goes uncounted."""
    found = Report(stage, "s:1", Reply(code, more, "") if code else None, TLS)
    before = at_dot() if stage is Z else letter(State.SENDING)
    after = move(before, judged(found, before, chance), AT)
    assert after.state is not State.SENDING and after.deadline_at is None
    if stage is Z and (code is None or code // 100 == 3):
        assert after.uncertain == 1


def test_too_large_is_held_at_the_third_refusal_in_a_row() -> None:
    """Size does not change by waiting; only a person can help."""
    big = report(Z, Reply(552, "5.3.4", ""))
    events = [judged(big, at_dot(why="too_large" if n else "", failures=n)) for n in range(TOO_LARGE_LIMIT)]
    assert [type(e) for e in events] == [Later, Later, Hold]
    assert isinstance(events[-1], Hold) and (events[-1].reason, events[-1].fence) == (Reason.TOO_LARGE, 1)


def test_another_form_is_tried_once_at_once_and_never_after_an_uncertain_end() -> None:
    """Copies must be identical; and a server that refuses both forms is not hammered."""
    no = report(M, Reply(554, "5.6.3", ""))
    first = judged(no, letter(State.SENDING))
    assert isinstance(first, Later) and (first.due_at, first.copy) == (AT, replace(COPY, wrap=True))
    second = judged(no, letter(State.SENDING, why=first.why, failures=1, copy=first.copy))
    third = judged(no, letter(State.SENDING, why=first.why, failures=6, copy=first.copy))
    assert [(e.due_at - AT).total_seconds() for e in (second, third)] == [300, 1800]
    uncertain = judged(no, letter(State.SENDING, uncertain=1))
    assert isinstance(uncertain, Later) and uncertain.copy is None
    elsewhere = judged(no, letter(State.SENDING, uncertain=1, copy=replace(COPY, before=1)))
    assert isinstance(elsewhere, Later) and elsewhere.copy is not None


def test_what_may_lie_at_an_address() -> None:
    """What ended uncertain since the mails were made for it; nothing where none were made."""
    assert may_lie_there(letter(State.WAITING, uncertain=1)) and not may_lie_there(letter(State.WAITING))
    assert not may_lie_there(letter(State.WAITING, uncertain=1, copy=None))
    assert not may_lie_there(letter(State.WAITING, uncertain=2, copy=replace(COPY, before=2)))


# --- relays, parts, a smaller form ---


def test_a_relays_2yz_is_a_hand_over() -> None:
    """It confirms nothing; the next look and the silence have their times (D8)."""
    found = replace(report(), way=Way.RELAY)
    event = judged(found)
    assert isinstance(event, HandedOver) and event.report == found
    assert [(x - AT).total_seconds() for x in (event.due_at, event.silent_at)] == [300, 14_400]


def test_a_relay_that_the_owner_trusts_confirms_weakly() -> None:
    """The rung is lowered knowingly and stands in the proof; a copy needs no more than a relay's word."""
    trusted = judged(replace(report(), way=Way.RELAY, trusted=True))
    copied = judged(replace(report(), way=Way.RELAY), copy_at_dot())
    for event in (trusted, copied):
        assert isinstance(event, Confirmed) and event.confirmation.evidence is Evidence.RELAY


@pytest.mark.parametrize("way", [Way.OWN_SERVER, Way.DIRECT])
def test_the_companys_own_server_and_its_domains_mx_confirm(way: Way) -> None:
    """Both are the end of the letter's way."""
    event = judged(replace(report(), way=way))
    assert isinstance(event, Confirmed) and event.confirmation.evidence is Evidence.FINAL


def test_the_last_part_makes_it_confirmed() -> None:
    """A part before it is a fact of its own, and the rest is due at once."""
    first = at_dot(copy=replace(COPY, parts=TWO_PARTS))
    event = judged(report(), first)
    assert event == PartConfirmed(confirmation(), AT)
    last = judged(report(), at_dot(copy=first.copy, proofs=(confirmation(),), fence=2))
    assert last == Confirmed(confirmation(2, part=2), "t-new", AT)


def test_a_proof_from_elsewhere_is_judged_like_a_reply() -> None:
    """A notification or a landing of the last part confirms, of another part it does not."""
    handed = letter(State.HANDED_OVER, copy=replace(COPY, parts=TWO_PARTS))
    assert isinstance(proven(confirmation(evidence=Evidence.DSN), handed, AT, "t"), PartConfirmed)
    assert isinstance(proven(confirmation(evidence=Evidence.DSN), letter(State.HANDED_OVER), AT, "t"), Confirmed)


def test_a_letter_that_can_be_split_is_split_at_once() -> None:
    """In place of a wait; but copies must be identical, so never after an uncertain end."""
    big, smaller = report(M, Reply(552, "5.3.4", "")), replace(COPY, parts=TWO_PARTS)
    event = judged(big, letter(State.SENDING, why="too_large", failures=2), smaller=smaller)
    assert isinstance(event, Later) and (event.due_at, event.copy) == (AT, smaller)
    after = judged(big, letter(State.SENDING, uncertain=1), smaller=smaller)
    assert isinstance(after, Later) and after.copy is None and after.due_at > AT


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Greylisted, please try again in 300 seconds", 300),
        ("4.7.1 try again in 5 minutes", 300),
        ("Greylisting in effect, please come back in 00:04:59", 299),
        ("retry after 2 hours", 7200),
        ("please wait 90s before trying again", 90),
        ("Try again later, delayed for 1 min", 60),
        ("come back in 4:30", 270),
        ("too many connections, retry in 90000 seconds", LONGEST_ASKED),
        ("try again later", None),
        ("queued as 4711", None),
        ("mailbox full, 95 percent used", None),
        ("", None),
    ],
)
def test_how_long_a_server_asks_us_to_stay_away(text: str, seconds: float | None) -> None:
    """As Postgrey, Exim and people write it; at most six hours."""
    assert asked(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("try again in 1200 seconds", 1260), ("try again in 1 s", 63), ("Greylisted", 300), ("busy", 60)],
)
def test_a_temporary_refusal_is_waited_out_as_asked(text: str, seconds: float) -> None:
    """Never sooner than asked or than the first wait; a greylist has its least."""
    event = judged(report(R, Reply(450, "4.7.1", text)), letter(State.SENDING))
    assert isinstance(event, Later) and (event.due_at - AT).total_seconds() == seconds


def test_a_server_that_asks_every_minute_for_ever_is_not_asked_every_minute() -> None:
    """After as many tries as our own schedule begins with, that decides again."""
    tried = letter(State.SENDING, why="temporary", failures=5)
    event = judged(report(R, Reply(450, "4.7.1", "try again in 60 seconds")), tried)
    assert isinstance(event, Later) and (event.due_at - AT).total_seconds() >= 1800


def test_only_a_temporary_refusal_is_obeyed() -> None:
    """What a server that refuses for good says about time moves nothing."""
    event = judged(report(R, Reply(550, "5.7.1", "greylisted, try again in 10 seconds")), letter(State.SENDING))
    assert isinstance(event, Later) and (event.due_at - AT).total_seconds() == 600


@given(st.text(max_size=200))
def test_no_text_asks_for_too_long(text: str) -> None:
    """Whatever a server writes, the wait is none or between nothing and six hours."""
    found = asked(text)
    assert found is None or 0 <= found <= LONGEST_ASKED


def test_our_own_words_are_not_said_twice() -> None:
    """A reply that we made ourselves, such as for a size, has the same words as what we make of it."""
    ours = report(M, Reply(552, "5.3.4", "too much"), words="too much")
    assert judged(ours, letter(State.SENDING)).words == "552 5.3.4 too much"
