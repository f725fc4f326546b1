"""The ledger and the pure rules agree: any events in any order give the same letters, refused and accepted alike."""

import asyncio
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nemboks.domain import letter as rules
from nemboks.domain.letter import (
    Acknowledged,
    AttemptEnded,
    Believed,
    Bounced,
    Cleared,
    ContentsLost,
    Dismissed,
    DotBegun,
    FetchBegun,
    HandedOver,
    Hold,
    Later,
    PartConfirmed,
    Postponed,
    Reappeared,
    Reason,
    ReceiptBegun,
    Recomposed,
    Released,
    Retried,
    Returned,
    ReturnedElsewhere,
    Stale,
    State,
    Vanished,
)
from nemboks.domain.proof import Stage
from nemboks.domain.routing import BY_MAILBOX
from nemboks.store.events import NAMES
from tests.contracts.ledgers import ledger_of
from tests.helpers import builders as make

CLASSES = {name: kind for kind, name in NAMES.items()}
KINDS = sorted(CLASSES)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
PARTS = ((), ((0,), (1,)))  # one mail, or two
OUTCOMES = ("temporary", "policy", "unavailable")
FORWARD = {
    State.FOUND: "collected", State.WAITING: "claimed", State.SENDING: "dot_begun", State.HANDED_OVER: "confirmed",
    State.FORWARDED: "acknowledged", State.HELD: "released", State.VANISHED: "reappeared",
    State.ACKNOWLEDGED: "cleared",
}  # fmt: skip
steps = st.lists(
    st.tuples(
        st.sampled_from(("forward", "forward", "legal", "any")),  # by chance alone few letters would leave FOUND
        st.sampled_from(KINDS),
        st.integers(0, 2),  # which attempt it speaks of, counted back from the latest
        st.sampled_from(sorted(set(Reason) - BY_MAILBOX)),  # those ask the mailbox, which a pure move does not see
        TEXTS,
        st.integers(0, 3000),  # seconds until the next due time
        st.booleans(),
    ),
    min_size=4,
    max_size=20,
)


def kind_of(road, drawn, letter):
    """The drawn kind, or in its place one that the state allows, or the next on the way."""
    if road == "forward" and letter.state in FORWARD:
        proof = "confirmed" if letter.part == letter.parts else "part_confirmed"
        return proof if letter.dot_begun_at or letter.state is State.HANDED_OVER else FORWARD[letter.state]
    legal = [k for k in KINDS if letter.state in rules.MOVES[CLASSES[k]].sources]
    return legal[KINDS.index(drawn) % len(legal)] if road == "legal" and legal else drawn


def event_of(step, letter, now):
    """The event that a drawn step means for this letter."""
    road, drawn, back, reason, words, seconds, flag = step
    due, fence = now + timedelta(seconds=seconds), max(0, letter.fence - (back if flag else 0))
    report = make.report(Stage.DOT, reply=make.reply(451, "", words)) if flag else make.report(Stage.MAIL, words=words)
    why = OUTCOMES[back]
    return {
        "fetch_begun": lambda: FetchBegun(make.sealed(back + 1)),
        "collected": lambda: make.collected(due, back + 1, copy=make.copy(parts=PARTS[seconds % 2])),
        "vanished": lambda: Vanished(words),
        "reappeared": lambda: Reappeared(due),
        "postponed": lambda: Postponed(why, words, due, flag),
        "claimed": lambda: make.claimed(now),
        "dot_begun": lambda: DotBegun(fence),
        "confirmed": lambda: make.confirmed(letter, due, attempt=fence, part=letter.part),
        "recomposed": lambda: Recomposed(fence, make.copy(seed=words), make.sealed(back + 7)),
        "part_confirmed": lambda: PartConfirmed(make.confirmation(letter, attempt=fence, part=letter.part), due),
        "handed_over": lambda: HandedOver(words, due, due, report),
        "later": lambda: Later(fence, why, words, due, report),
        "hold": lambda: Hold(reason, words, fence if letter.state is State.SENDING else None, report=report),
        "attempt_ended": lambda: AttemptEnded(fence, words, due),
        "returned": lambda: Returned(reason, words),
        "returned_elsewhere": lambda: ReturnedElsewhere(make.ADDRESS, 1, words),
        "bounced": lambda: Bounced(words),
        "believed": lambda: Believed("anna", due),
        "released": lambda: Released("anna", due),
        "retried": lambda: Retried("anna", due),
        "dismissed": lambda: Dismissed("anna"),
        "contents_lost": lambda: ContentsLost(words, due, fence if letter.state is State.SENDING else None),
        "receipt_begun": ReceiptBegun,
        "acknowledged": lambda: Acknowledged(words, flag),
        "cleared": Cleared,
    }[kind_of(road, drawn, letter)]()


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

        @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(drawn=steps)
        def agree(drawn):
            runner.run(walk(ledger, f"letter-{next(names)}", drawn))

        agree()
        runner.run(opened.__aexit__(None, None, None))
