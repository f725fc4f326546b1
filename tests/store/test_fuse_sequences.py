"""Whatever happens to letters in whatever order, the fuse lets out none that nobody has confirmed."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from nemboks.desk.access import Asking
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.fuses import fuse_reset, tripped
from nemboks.domain.fuse import Limits, confirmed
from nemboks.domain.letter import (
    Acknowledged,
    Bounced,
    Dismissed,
    DotBegun,
    Hold,
    Reason,
    ReceiptBegun,
    Released,
    Stale,
    State,
)
from nemboks.ports import Listed, Withheld
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock

LETTERS = 3
ASK, RESET, WAIT, WHOLE = "ask", "reset", "wait", "the whole way to its confirmation"
EVENTS = {
    "collect": lambda letter, now: make.collected(now),
    "claim": lambda letter, now: make.claimed(now),
    "dot": lambda letter, now: DotBegun(letter.fence),
    "confirm": make.confirmed,
    "hold": lambda letter, now: Hold(Reason.ASKED),
    "release": lambda letter, now: Released("anna", now),
    "dismiss": lambda letter, now: Dismissed("anna"),
    "begin": lambda letter, now: ReceiptBegun(),
    "acknowledge": lambda letter, now: Acknowledged("200"),
    "bounce": lambda letter, now: Bounced("550"),
}
WAY = ("collect", "claim", "dot", "confirm")
STEPS = st.tuples(st.sampled_from([*EVENTS, *[WHOLE] * 5, *[ASK] * 5, RESET, RESET, WAIT]), st.integers(0, LETTERS - 1))


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    """One ledger for all sequences, each with letters of its own."""
    folder, clock = tmp_path_factory.mktemp("sequences"), PretendClock()
    store = Store.open(folder / "nemboks.db", vault(folder), clock, threaded=False)
    asyncio.run(store.mailboxes.add(make.declared(), "settings"))
    yield store, clock
    asyncio.run(store.close())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, min_size=10, max_size=60))
def test_no_unconfirmed_letter_is_let_out(ledger, steps):
    """A permit was given only for a letter that was FORWARDED and confirmed in every part at that moment."""
    asyncio.run(_run(*ledger, steps))


async def _run(store, clock, steps) -> None:
    fuse = store.fuse(Limits(per_cvr=1_000), tripped)
    (box,) = await store.mailboxes.all()
    now, first = clock.advance(3601), len(await store.letters.list(limit=10_000))
    ids = [f"{first}-{number}" for number in range(LETTERS)]
    await store.letters.found(box, [Listed(one) for one in ids], now, now)
    letters = {one.upstream_id: one.id for one in await store.letters.list(limit=LETTERS)}
    for step, number in steps:
        letter = await store.letters.get(letters[ids[number]])
        if step == ASK:
            await _ask(fuse, letter)
        elif step == RESET:
            with suppress(RefusedByRule):
                await fuse_reset(store, Asking("dorte (operator)"), None, "looked")
        elif step == WAIT:
            clock.advance(60)
        for name in WAY if step == WHOLE else [step] if step in EVENTS else ():
            with suppress(Stale):
                letter = await store.letters.move(letter, EVENTS[name](letter, clock.now()))
    assert [] == await store.reckoning.unproven(box.id)


async def _ask(fuse, letter) -> None:
    try:
        await fuse.permit(letter.mailbox, letter.upstream_id)
    except Withheld:
        event("stopped")
        return
    event("let out")
    assert letter.state is State.FORWARDED
    assert confirmed(letter)
    assert not letter.bounced
