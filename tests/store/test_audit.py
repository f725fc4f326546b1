"""The chain of history: what somebody with the file and a database program can do to it, and what is then said."""

import asyncio
import shutil
import sqlite3
import tracemalloc
from contextlib import contextmanager
from dataclasses import astuple
from datetime import timedelta

import pytest

from nemboks.domain.chain import FIELDS, GENESIS, Head, Outcome, Verdict, hash_of
from nemboks.store import events
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.helpers import builders as make
from tests.helpers.clock import START, PretendClock

ROWS = 1_000
TRIGGERS = ("events_never_changed", "events_never_removed", "events_in_order")
CHANGES = {
    "detail": "detail = replace(detail, ':', ': ')",
    "at": "at = replace(at, '2026', '2025')",
    "event": "event = event || '_'",
    "letter": "letter_id = coalesce(letter_id, 0) + 1",
    "hash": "hash = lower(hex(randomblob(32)))",
}


def rows(number):
    """Rows of a daemon's day: letters' moves, a mailbox's own, and every fifth a recipient domain's."""
    for n in range(number):
        mailbox, letter = (None, None) if n % 5 == 0 else (1, n % 7 or None)
        yield events.row(mailbox, "noted", START + timedelta(seconds=n), {"words": f"ok {n} æøå", "n": n}, letter)


async def fill(store, number):
    """Adds so many rows; Anna's mailbox itself has left two of them."""
    await store.mailboxes.add(make.declared(), "settings")
    await store._writer.unit(lambda tx: events.add(tx, *rows(number - 2)))


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("history")

    async def make_it():
        store = Store.open(folder / "nemboks.db", vault(folder), PretendClock(), threaded=False)
        await fill(store, ROWS)
        await store.close()

    asyncio.run(make_it())
    return folder


@pytest.fixture
async def history(filled, tmp_path, open_store):
    """A store with a history of a thousand rows."""
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    store = open_store(threaded=False)
    yield store
    await store.close()


@contextmanager
def thief(tmp_path):
    """The file in the hands of somebody who has taken the triggers off."""
    db = sqlite3.connect(tmp_path / "nemboks.db", isolation_level=None)
    db.execute("PRAGMA synchronous=OFF")
    for name in TRIGGERS:
        db.execute(f"DROP TRIGGER IF EXISTS {name}")
    try:
        yield db
    finally:
        db.close()


def chained_anew(db, first):
    """Makes every hash from this row on anew, as whoever knows the recipe can."""
    before = db.execute("SELECT hash FROM events WHERE id = ?", (first - 1,)).fetchone() or (GENESIS,)
    before = before[0]
    for number, *values in db.execute(f"SELECT id, {', '.join(FIELDS)} FROM events WHERE id >= ?", (first,)).fetchall():
        before = hash_of(number, before, values)
        db.execute("UPDATE events SET hash = ? WHERE id = ?", (before, number))


async def test_a_history_that_nobody_touched_is_whole(history):
    """All rows fit, and a head that was kept elsewhere vouches for those up to it."""
    head = await history.audit.head()

    assert head.number == ROWS
    assert await history.audit.verify() == Verdict(Outcome.WHOLE, ROWS, None, 0, Head(ROWS, head.hash))
    assert (await history.audit.verify([head])).proven == ROWS


@pytest.mark.parametrize("change", CHANGES)
async def test_each_altered_row_is_named(history, tmp_path, change):
    """Threat 37: each of a thousand rows, altered in one of five ways: the verdict is ALTERED and names the row."""
    columns, first = ", ".join(("hash", *FIELDS)), 1 + list(CHANGES).index(change)
    with thief(tmp_path) as db:
        for number in range(first, ROWS + 1, len(CHANGES)):
            was = db.execute(f"SELECT {columns} FROM events WHERE id = ?", (number,)).fetchone()
            db.execute(f"UPDATE events SET {CHANGES[change]} WHERE id = ?", (number,))
            found = await history.audit.verify()
            back = f"UPDATE events SET ({columns}) = (?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?"
            db.execute(back, (*was, number))
            assert (found.outcome, found.row, found.rows) == (Outcome.ALTERED, number, number - 1)

    assert (await history.audit.verify()).outcome is Outcome.WHOLE


@pytest.mark.parametrize("number", [1, 2, 500, ROWS - 1])
async def test_a_row_taken_out_is_named(history, tmp_path, number):
    """A row that is missing between two shows, even if those after it are made anew."""
    with thief(tmp_path) as db:
        db.execute("DELETE FROM events WHERE id = ?", (number,))
        found = await history.audit.verify()
        chained_anew(db, number + 1)
        again = await history.audit.verify()

    assert (found.outcome, found.row) == (again.outcome, again.row) == (Outcome.ALTERED, number)


@pytest.mark.parametrize("number", [0, -5, -(2**63)])
async def test_a_row_put_in_before_the_first_is_seen(history, tmp_path, number):
    """Nothing hides under a number that a walk from 1 on would never reach."""
    with thief(tmp_path) as db:
        db.execute(
            "INSERT INTO events (id, at, event, detail, hash) VALUES (?, ?, 'noted', '{}', ?)",
            (number, "2026-11-21T09:00:00.000000Z", "a" * 64),
        )

    found = await history.audit.verify()

    assert (found.outcome, found.row) == (Outcome.ALTERED, 1)


@pytest.mark.parametrize("value", [b"\x00\x01", b"\xff\xfe{}"], ids=["not a text", "not UTF-8"])
async def test_a_damaged_value_is_a_verdict_and_no_crash(history, tmp_path, value):
    """Bytes that are no text at all are named like any other change."""
    with thief(tmp_path) as db:
        kept = "?" if value[0] == 0 else "CAST(? AS TEXT)"
        db.execute(f"UPDATE events SET detail = {kept} WHERE id = 700", (value,))

    assert astuple(await history.audit.verify())[:3] == ("altered", 699, 700)


@pytest.mark.parametrize("left", [ROWS - 1, 400, 0])
async def test_a_cut_tail_shows_against_a_head_that_was_kept(history, tmp_path, left):
    """The verdict is CUT, with the first row that is missing. Without a head elsewhere nobody could tell."""
    head = await history.audit.head()
    with thief(tmp_path) as db:
        db.execute("DELETE FROM events WHERE id > ?", (left,))

    found = await history.audit.verify([head])

    assert (found.outcome, found.rows, found.row) == (Outcome.CUT, left, left + 1)
    assert (await history.audit.verify()).outcome is Outcome.WHOLE


@pytest.mark.parametrize("first", [1, 400, ROWS])
async def test_a_history_made_anew_shows_against_a_head_that_was_kept(history, tmp_path, first):
    """A chain that is whole in itself and another one: REWRITTEN, with the row that the head speaks of."""
    head = await history.audit.head()
    with thief(tmp_path) as db:
        db.execute("UPDATE events SET event = 'never_was' WHERE id = ?", (first,))
        chained_anew(db, first)

    found = await history.audit.verify([head])

    assert (found.outcome, found.rows, found.row) == (Outcome.REWRITTEN, ROWS, ROWS)
    assert (await history.audit.verify()).outcome is Outcome.WHOLE


async def test_a_rewriting_lies_between_two_heads(history, tmp_path):
    """Of several heads the first that does not fit is named, and those before it still vouch."""
    with sqlite3.connect(tmp_path / "nemboks.db") as db:
        heads = [Head(n, db.execute("SELECT hash FROM events WHERE id = ?", (n,)).fetchone()[0]) for n in (300, 600, 9)]
    db.close()
    with thief(tmp_path) as db:
        chained_anew(db, 1)  # the same again
        assert (await history.audit.verify(heads)).proven == 600
        db.execute("UPDATE events SET event = 'never_was' WHERE id = 450")
        chained_anew(db, 450)

    found = await history.audit.verify(heads)

    assert (found.outcome, found.row, found.proven) == (Outcome.REWRITTEN, 600, 300)


async def test_a_tail_that_was_cut_and_has_grown_again_is_rewritten(history, tmp_path):
    """After the cut the program writes on under the same numbers: they are other rows."""
    head = await history.audit.head()
    with thief(tmp_path) as db:
        db.execute("DELETE FROM events WHERE id > 990")
    await history._writer.unit(lambda tx: events.add(tx, *rows(50)))

    found = await history.audit.verify([head])

    assert (found.outcome, found.row) == (Outcome.REWRITTEN, ROWS)


async def test_a_thief_who_forgets_the_anchors_is_found_out(history, tmp_path):
    """The ledger's own anchors are compared too, though they vouch for nothing."""
    anchored = await history.audit.anchor(START)
    whole = await history.audit.verify()
    with thief(tmp_path) as db:
        db.execute("DELETE FROM events WHERE id > 990")
    found = await history.audit.verify()

    assert anchored.number == ROWS
    assert (whole.outcome, whole.proven) == (Outcome.WHOLE, 0)
    assert (found.outcome, found.row) == (Outcome.CUT, 991)


async def test_a_broken_chain_is_altered_whatever_the_heads_say(history, tmp_path):
    """Only a chain that is whole in itself is called cut or rewritten."""
    head = await history.audit.head()
    with thief(tmp_path) as db:
        db.execute("UPDATE events SET event = 'never_was' WHERE id = 450")
        db.execute("DELETE FROM events WHERE id > 900")

    found = await history.audit.verify([head, Head(10, "f" * 64)])

    assert (found.outcome, found.row) == (Outcome.ALTERED, 450)


async def test_an_anchor_once_a_day(store, clock):
    """A head is told at once, then once a day, and again when the clock was put back; of no history none is."""
    assert await store.audit.anchor(clock.now()) is None
    assert await store.audit.head() is None
    await store.mailboxes.add(make.declared(), "settings")
    head = await store.audit.head()

    hours = (0, 1, 23.9, 24, 47, 48.5, -1_000, -999)
    told = [await store.audit.anchor(START + timedelta(hours=one)) for one in hours]

    assert told == [head, None, None, head, None, head, head, None]


async def test_rows_of_one_mailbox_and_since(history):
    """An export may be of one CVR, and of what was written since a time."""
    everything = [row async for row in history.audit.rows()]
    annas = [row async for row in history.audit.rows([1])]
    late = [row async for row in history.audit.rows(since=START + timedelta(seconds=990))]

    assert [row.number for row in everything] == list(range(1, ROWS + 1))
    assert {row.cvr for row in everything} == {make.ANNA, None}
    assert annas == [row for row in everything if row.cvr == make.ANNA]
    assert [row.number for row in late] == list(range(993, ROWS + 1))
    assert [row async for row in history.audit.rows([2])] == []


@pytest.mark.slow
async def test_a_long_history_is_verified_in_little_memory(open_store):
    """A hundred thousand rows take no more memory than a few pages of them."""
    store = open_store(threaded=False)
    await fill(store, 100_000)
    tracemalloc.start()
    try:
        found = await store.audit.verify()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    await store.close()

    assert (found.outcome, found.rows) == (Outcome.WHOLE, 100_000)
    assert most < 6_000_000
