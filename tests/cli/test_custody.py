"""`nemboks mailbox` and `nemboks fuse` on a real ledger: answers, exit codes, what is asked for."""

import asyncio

import pytest

from nemboks.desk.fuses import tripped
from nemboks.domain.fuse import Trip
from tests.helpers import builders as make


async def _fill(place, trip: bool) -> None:
    store = place.store()
    await store.mailboxes.add(make.declared(), "settings")
    if trip:
        await store.act(lambda books: tripped(books, books.mailbox(make.ANNA), Trip.UNCONFIRMED, "letter 3 is WAITING"))
    await store.close()


@pytest.fixture
def anna(empty):
    """Anna's mailbox and no letters."""
    asyncio.run(_fill(empty, trip=False))
    return empty


@pytest.fixture
def blown(empty):
    """Anna's mailbox with a fuse that has tripped."""
    asyncio.run(_fill(empty, trip=True))
    return empty


def test_shadow_and_going_live(anna) -> None:
    """By the keyboard's operator; the second going live is refused with 4."""
    answer = anna.ask("mailbox", "shadow", make.ANNA, "--days", "7")
    assert ("nemboks.custody/1", True) == (answer["schema"], answer["item"]["receipts_wait"])
    assert False is anna.ask("mailbox", "golive", make.ANNA, "--dry-run")["item"]["live"]
    assert "er sat i drift" in anna.run("mailbox", "golive", make.ANNA).output
    assert 4 == anna.run("mailbox", "golive", make.ANNA).exit_code


def test_a_legal_hold_wants_a_reason(anna) -> None:
    """Without one it is wrong use; with one it stands in the answer."""
    assert 2 == anna.run("mailbox", "legal-hold", make.ANNA, "on").exit_code
    item = anna.ask("mailbox", "legal-hold", make.ANNA, "on", "--reason", "sag 17/2026")["item"]
    assert item["legal_hold_since"] and item["legal_hold_by"].endswith("(operator)")
    assert 4 == anna.run("mailbox", "legal-hold", make.ANNA, "on", "--reason", "igen").exit_code


@pytest.mark.parametrize("words", [
    ("mailbox", "shadow", "10000009"), ("mailbox", "golive", "10000009"), ("mailbox", "reconcile", "10000009"),
    ("mailbox", "legal-hold", "10000009", "on", "--reason", "x"), ("fuse", "reset", "10000009", "--reason", "x"),
    ("fuse", "show", "--as", "egon"),
])  # fmt: skip
def test_what_is_not_there(anna, words) -> None:
    """A CVR without a mailbox, or a name that nobody has, ends with 3."""
    assert 3 == anna.run(*words).exit_code


def test_a_tripped_fuse_is_shown_and_reset(blown) -> None:
    """Exit 5 and the reason in words; after the reset 0; a second reset is refused with 4."""
    (item,) = blown.ask("fuse", "show", code=5)["items"]
    assert ("unconfirmed", make.ANNA) == (item["fuse"], item["cvr"])
    assert "Det blev stoppet" in blown.run("fuse", "show").output
    assert "It was stopped" in blown.run("fuse", "show", "--lang", "en").output

    (item,) = blown.ask("fuse", "reset", "--all", "--reason", "looked")["items"]
    assert (None, 0) == (item["fuse"], item["receipts_owed"])
    assert [] == blown.ask("fuse", "show")["items"]
    assert 4 == blown.run("fuse", "reset", make.ANNA, "--reason", "again").exit_code


def test_a_reset_names_one_or_all(blown) -> None:
    """Neither, or both, is wrong use."""
    for words in ([], [make.ANNA, "--all"]):
        assert 2 == blown.run("fuse", "reset", *words, "--reason", "x").exit_code


def test_a_mailbox_that_cannot_be_listed_is_tried_later(anna) -> None:
    """No Digital Post, no comparison: 75, and the words say why."""
    answer = anna.ask("mailbox", "reconcile", make.ANNA, code=75)
    assert not answer["ok"] and answer["item"]["trouble"]
    assert make.ANNA == answer["item"]["cvr"]
