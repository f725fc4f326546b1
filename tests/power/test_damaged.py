"""A damaged ledger and damaged sealed files: refused with words, or mended; never a receipt or a letter astray."""

import argparse
import asyncio
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nemboks.cli.main import program
from nemboks.clock import RealClock
from nemboks.daemon import run
from nemboks.settings import load
from nemboks.store.errors import StoreDamaged
from nemboks.store.store import Store
from nemboks.store.vault import Vault
from nemboks.wiring import services
from tests.power.damaged import octets, spooled
from tests.power.machine import directory
from tests.power.ways import FORGETS

ONCE = argparse.Namespace(seed=1, every=1)
PAGE = 4096


@pytest.fixture
async def place(tmp_path: Path) -> Path:
    """A folder with settings, key and an empty ledger."""
    (tmp_path / "nemboks.toml").write_text(
        f'state_dir = "{tmp_path}"\nmaster_key_file = "{tmp_path}/master.key"\n'
        '[upstream]\nrest_url = "https://127.0.0.1:1/"\n'
    )
    keys = Vault.create(tmp_path / "master.key")
    await Store.open(tmp_path / "nemboks.db", keys, RealClock(), threaded=False).close()
    return tmp_path


def drained(place: Path) -> Result:
    """What the daemon says to one pass."""
    return CliRunner().invoke(program, ["drain", "--config", str(place / "nemboks.toml"), "--json"])


def root_of(ledger: Path, table: str) -> int:
    with sqlite3.connect(ledger) as connection:
        found = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    connection.close()
    return int(found[0])


def test_a_daemon_does_not_start_on_a_damaged_ledger(place: Path) -> None:
    """A page that no start reads by itself: it is looked for, nothing is begun, and 78 keeps systemd from trying on."""
    ledger = place / "nemboks.db"
    at = (root_of(ledger, "ix_estate_documents_estate") - 1) * PAGE
    content = ledger.read_bytes()
    ledger.write_bytes(content[:at] + b"\xff" * PAGE + content[at + PAGE :])

    done = drained(place)

    assert done.exit_code == 78
    assert "restore a backup" in done.stdout and "Traceback" not in done.output


async def test_what_rots_while_the_daemon_runs_is_found_within_a_day(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same page after the start, which had read it whole: the daemon ends, and the next start says what to do."""
    monkeypatch.setattr(run, "DAY", 0.1)
    ledger = place / "nemboks.db"
    async with services(load(place / "nemboks.toml", {})) as ready:
        daemon = run.Daemon(ready)
        serving = asyncio.create_task(daemon.run())
        await asyncio.sleep(0.5)
        assert not daemon.failed
        with ledger.open("r+b") as file:
            file.seek((root_of(ledger, "ix_estate_documents_estate") - 1) * PAGE)
            file.write(b"\xff" * PAGE)
        async with asyncio.timeout(20):
            await serving

    assert daemon.failed
    assert isinstance(daemon.fault, StoreDamaged)
    assert "restore a backup" in str(daemon.fault)


def test_a_schema_that_is_no_text_is_told_as_damage(place: Path) -> None:
    """SQLite quotes the damaged words in its error, which Python then cannot read: still no traceback."""
    ledger = place / "nemboks.db"
    content = ledger.read_bytes()
    ledger.write_bytes(content.replace(b"CREATE TABLE letters (", b"CREATE TABLE letters \xb3", 1))

    done = drained(place)

    assert done.exit_code == 78
    assert "restore a backup" in done.stdout and "Traceback" not in done.output


async def test_flipped_octets_bring_no_receipt_and_no_letter_astray() -> None:
    """Refused at the start, stopped later, shown by the chain or harmless; a slice of the long run."""
    with directory() as at:
        tally = await octets(at, ONCE, number=12)

    assert tally.failures == []
    assert tally.restarts == 12


@pytest.mark.slow
async def test_a_damaged_sealed_file_is_fetched_again_or_told() -> None:
    """Deleted, cut, lengthened or flipped at any time: from upstream if it has it, else called vanished, never sent."""
    with directory() as at:
        tally = await spooled(at, ONCE, step=9, ways=[FORGETS])

    assert tally.failures == []
    assert tally.cells["lost, with an alarm"] > 0
    assert tally.cells["lost, and nobody knows"] == 0
