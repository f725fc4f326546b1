"""Another program holds the ledger while the mail server has just said yes (RELIABILITY D01)."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

from nemboks.domain.letter import State
from nemboks.store.spool import Spool
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.helpers import builders as make
from tests.journey.town import SlowCourier, Town, memo, settle, uuid, with_courier
from tests.power.vfs import watched

HALF_A_MINUTE = 30.0


class Nobody:
    def tell(self, *args: Any, **named: Any) -> None:
        pass


class Holder:
    """A program that writes for half a minute of SQLite's own waiting, which takes no time here."""

    def __init__(self, ledger: Path) -> None:
        self._ledger, self.slept = ledger, 0.0
        self._connection: sqlite3.Connection | None = None

    def hold(self) -> None:
        if self.slept == 0:
            self._connection = sqlite3.connect(self._ledger, isolation_level=None, check_same_thread=False)
            self._connection.execute("BEGIN IMMEDIATE")

    def waited(self, seconds: float) -> None:
        self.slept += seconds
        if self.slept >= HALF_A_MINUTE and self._connection is not None:
            self._connection.execute("COMMIT")
            self._connection.close()
            self._connection = None


async def test_a_confirmation_outlasts_half_a_minute_of_another_program(tmp_path: Path) -> None:
    """The daemon asks again and again: one mail, one receipt, and the receipt only after the confirmation is in."""
    holder, keys = Holder(tmp_path / "nemboks.db"), vault(tmp_path)
    town = with_courier(Town(), SlowCourier(after=holder.hold))
    town.inbox.put(uuid(1), memo())
    with watched(Nobody(), holder.waited):
        store = Store.open(tmp_path / "nemboks.db", keys, town.clock)
        await store.mailboxes.declare([make.declared()])
        ours: dict[str, Any] = {"letters": store.letters, "mailboxes": store.mailboxes, "deliveries": store.deliveries}
        world = replace(town.world, contents=Spool(tmp_path / "spool", keys), **ours)
        await settle(world, town.clock)
        (letter,) = await store.letters.list(limit=9)
        await store.close()

    assert holder.slept >= HALF_A_MINUTE
    assert (letter.state, letter.uncertain) == (State.ACKNOWLEDGED, 0)
    assert (len(town.courier.sent), len(town.inbox.receipts)) == (1, 1)
