"""The ledger and the pure rules agree: any events in any order give the same letters, refused and accepted alike."""

import asyncio
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nemboks.domain import letter as rules
from nemboks.domain.letter import (
    Acknowledged,
    AttemptEnded,
    ContentsLost,
    Dismissed,
    DotBegun,
    HandedOver,
    Hold,
    Later,
    PartConfirmed,
    Postponed,
    Reappeared,
    Reason,
    ReceiptBegun,
    Released,
    Retried,
    Returned,
    Stale,
    State,
    Vanished,
)
from nemboks.domain.proof import Stage
from tests.contracts.ledgers import ledger_of
from tests.helpers import builders as make

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
OUTCOMES = ("temporary", "policy", "unavailable")
KINDS = (
    "collected", "vanished", "reappeared", "postponed", "claimed", "dot_begun", "confirmed", "part_confirmed",
    "handed_over", "later", "hold", "attempt_ended", "returned", "released", "retried", "dismissed", "contents_lost",
    "receipt_begun", "acknowledged",
)  # fmt: skip
# The way forward is drawn more often: else few runs would come beyond FOUND.
FORWARD = ("collected", "claimed", "dot_begun", "confirmed", "receipt_begun", "acknowledged")
steps = st.lists(
    st.tuples(
        st.sampled_from(KINDS + FORWARD * 3),
        st.integers(0, 2),  # which attempt it speaks of, counted back from the latest
        st.sampled_from(list(Reason)),
        TEXTS,
        st.integers(0, 3000),  # seconds until the next due time
        st.booleans(),
    ),
    max_size=14,
)


def event_of(step, letter, now):
    """The event that a drawn step means for this letter."""
    kind, back, reason, words, seconds, flag = step
    due, fence = now + timedelta(seconds=seconds), max(0, letter.fence - (back if flag else 0))
    report = make.report(Stage.DOT, reply=make.reply(451, "", words)) if flag else make.report(Stage.MAIL, words=words)
    why = OUTCOMES[back]
    return {
        "collected": lambda: make.collected(due, back + 1),
        "vanished": lambda: Vanished(words),
        "reappeared": lambda: Reappeared(due),
        "postponed": lambda: Postponed(why, words, due, flag),
        "claimed": lambda: make.claimed(now),
        "dot_begun": lambda: DotBegun(fence),
        "confirmed": lambda: make.confirmed(letter, due, attempt=fence),
        "part_confirmed": lambda: PartConfirmed(fence, due),
        "handed_over": lambda: HandedOver(words, due),
        "later": lambda: Later(fence, why, words, due, report),
        "hold": lambda: Hold(reason, words, fence if letter.state is State.SENDING else None, report=report),
        "attempt_ended": lambda: AttemptEnded(fence, words, due),
        "returned": lambda: Returned(reason, words),
        "released": lambda: Released("anna", due),
        "retried": lambda: Retried("anna", due),
        "dismissed": lambda: Dismissed("anna"),
        "contents_lost": lambda: ContentsLost(words, due, fence if letter.state is State.SENDING else None),
        "receipt_begun": ReceiptBegun,
        "acknowledged": lambda: Acknowledged(words),
    }[kind]()


def pure(letter, event, now):
    try:
        return rules.move(letter, event, now)
    except Stale:
        return None


async def stored(ledger, letter, event):
    try:
        return await ledger.letters.move(letter, event)
    except Stale:
        return None


async def check_history(ledger, letter, accepted):
    """The rows beside the letter's own say the same as it does."""
    attempts, past = await ledger.letters.history(letter.id)
    open_ = [x.number for x in attempts if not x.outcome]
    assert [x.number for x in attempts] == list(range(1, letter.fence + 1))
    assert open_ == ([letter.fence] if letter.state is State.SENDING else [])
    assert (len(past) - 1, past[-1].to_state) == (accepted, letter.state)


async def walk(ledger, name, drawn):
    """Takes one new letter through the drawn steps in both worlds."""
    letter, accepted = await ledger.found(name), 0
    for step in drawn:
        event = event_of(step, letter, ledger.clock.now())
        expected = pure(letter, event, ledger.clock.now())
        assert await stored(ledger, letter, event) == expected
        letter, accepted = expected or letter, accepted + (expected is not None)
        assert await ledger.letters.get(letter.id) == letter
        ledger.clock.advance(1)
    await check_history(ledger, letter, accepted)


def test_any_sequence_of_events_is_the_same_in_sql_and_in_the_rules(tmp_path):
    """After every step the row is what the pure move says, or unchanged where that refuses."""
    names = iter(range(1_000_000))
    with asyncio.Runner() as runner:
        opened = ledger_of("sqlite_inline", tmp_path)
        ledger = runner.run(opened.__aenter__())

        @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(drawn=steps)
        def agree(drawn):
            runner.run(walk(ledger, f"letter-{next(names)}", drawn))

        agree()
        runner.run(opened.__aexit__(None, None, None))
