"""A disk that fails or is full, and a ledger from an old backup; `./x torture power` does it at every call."""

import argparse

from tests.power import rolled_back, sick
from tests.power.machine import directory
from tests.power.ways import FORGETS, ON_RECEIPT

ONCE = argparse.Namespace(seed=1, every=1)


async def test_a_failed_sync_stops_the_program_and_loses_nothing() -> None:
    """EIO at a sync of the ledger, its journal or the spool: StoreBroken, and the next start is whole."""
    with directory() as at:
        tally = await sick.fsync(at, ONCE, step=25, ways=[FORGETS], modes=["delete"])

    assert tally.failures == []
    assert tally.restarts > tally.points >= 4


async def test_a_full_disk_loses_nothing() -> None:
    """No room at one write, or at all from there on: told, and with room again every letter goes its way."""
    with directory() as at:
        tally = await sick.full(at, ONCE, step=600, ways=[ON_RECEIPT], modes=["delete"])

    assert tally.failures == []
    assert tally.cells["ENOSPC: StoreFull"] > 0


async def test_an_old_ledger_only_repeats_what_it_forgot() -> None:
    """Where upstream keeps letters until their receipt, none is lost; copies are bounded by what was forgotten."""
    with directory() as at:
        tally = await rolled_back.every(at, ONCE, step=11, ways=[ON_RECEIPT])

    assert tally.failures == []
    assert tally.copies > 0
    assert tally.restarts >= 4
