"""How long `nemboks cvr board` and `nemboks status` take over many companies: seconds, as the installed command.

Usage: ./x python bench/board.py [COMPANIES] [LETTERS] [DIRECTORY]     (5,000 and 100,000 unless said otherwise)

The issue asks for at most one second for `cvr board` over 5,000 companies with 100,000 letters. The ledger is made in
a folder of its own in DIRECTORY, removed afterwards, the same for the same numbers: one letter in fifty is not
delivered, one in two hundred is held. Printed are the medians of five runs.
"""

import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from nemboks.clock import RealClock
from nemboks.desk.access import Asking
from nemboks.desk.board import board
from nemboks.domain.headline import Authority, Copy, Document, Headline, Kind, Role
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Address, Cvr, Face, Mailbox, Options, Route
from nemboks.domain.proof import Confirmation, Reply, TlsFacts
from nemboks.ports import Books
from nemboks.store.connect import open_writer
from nemboks.store.rows import values_of
from nemboks.store.schema import letters as table
from nemboks.store.store import Store
from nemboks.store.vault import Vault

RUNS = 5
SLICE = 5_000
SETTINGS = """\
state_dir = "{folder}"
master_key_file = "{folder}/master.key"
[upstream]
rest_url = "https://127.0.0.1:1/"
[servers.own]
host = "localhost"
port = 1
internal = true
"""
DOCUMENTS = tuple(Document(Role.MAIN, f"bilag-{n}.pdf", "application/pdf", 50_000, "ab" * 32) for n in range(3))
HEADLINE = Headline(Kind.MEMO, Authority("Skattestyrelsen", "19552101", "CVR"), "Brev", 60_000, "cd" * 32, DOCUMENTS)
TLS = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", "mail.bageri.example", "ef" * 32)


def fill_mailboxes(books: Books, companies: int) -> None:
    """One mailbox for each company, looked into a moment from now."""
    for number in range(companies):
        address = Address(f"post@firma{number}.example")
        route = Route(1, address, "own", books.at, "bench")
        options = Options(second_contact=Address(f"anden@kontakt{number}.example"))
        name = f"Firma {number} ApS"
        box = Mailbox(0, Cvr(f"{10_000_000 + number}"), name, Face.REST, route, books.at, options=options)
        made = books.add_mailbox(box, {"token": "x"}, "bench")
        books.keep(replace(made, due_at=books.at + timedelta(hours=1)))


def letters(companies: int, number: int, at: datetime) -> Iterator[dict[str, Any]]:
    """The rows of the letters, the oldest first."""
    rng = random.Random(1)  # noqa: S311 -- the same ledger every time
    for n in range(number):
        found = at - timedelta(minutes=10 * (number - n) / companies + 5)
        state = State.HELD if n % 200 == 7 else State.WAITING if n % 50 == 3 else State.ACKNOWLEDGED
        done = state is State.ACKNOWLEDGED
        proof = Confirmation(
            n + 1, 1, "post@firma.example", "mail.firma.example:465", Reply(250, "2.0.0", "ok"), TLS, at
        )
        copy = Copy(f"<{n}@nemboks.example>", found, "seed", str(n), "Firma ApS", "post@nemboks.example")
        yield values_of(
            Letter(
                n + 1, rng.randrange(companies) + 1, f"letter-{n}", state, found, found, None if done else at,
                why="" if done else "too_large" if state is State.HELD else "full", fence=1, headline=HEADLINE,
                copy=copy, confirmation=proof if done else None, acknowledged_at=at if done else None,
            )
        )  # fmt: skip


async def make(folder: Path, companies: int, number: int) -> None:
    """The ledger with all of them, and the settings file beside it."""
    (folder / "nemboks.toml").write_text(SETTINGS.format(folder=folder))
    key = Vault.create(folder / "master.key")
    store = Store.open(folder / "nemboks.db", key, RealClock(), threaded=False)
    await store.act(lambda books: fill_mailboxes(books, companies))
    await store.close()
    rows = list(letters(companies, number, RealClock().now()))
    with open_writer(folder / "nemboks.db") as tx:
        tx.exec_driver_sql("BEGIN IMMEDIATE")
        for start in range(0, len(rows), SLICE):
            tx.execute(table.insert(), rows[start : start + SLICE])
        tx.exec_driver_sql("COMMIT")


def command(folder: Path, *words: str) -> float:
    """Seconds that the installed command takes, start and all."""
    begun = time.perf_counter()
    whole = [sys.executable, "-m", "nemboks.cli.main", *words, "--json", "--config", str(folder / "nemboks.toml")]
    done = subprocess.run(whole, capture_output=True, check=False)  # noqa: S603 -- our own command
    if done.returncode not in (0, 5, 6):
        raise SystemExit(done.stderr.decode())
    return time.perf_counter() - begun


async def inside(folder: Path) -> list[float]:
    """Seconds that the desk alone takes, in a process that runs already."""
    store = Store.open(folder / "nemboks.db", Vault.load(folder / "master.key"), RealClock(), threaded=False)
    taken = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        await board(store, Asking("bench (operator)"), limit=50)
        taken.append(time.perf_counter() - begun)
    await store.close()
    return taken


def measure(folder: Path, companies: int, number: int) -> None:
    """Prints the table."""
    begun = time.perf_counter()
    asyncio.run(make(folder, companies, number))
    size = (folder / "nemboks.db").stat().st_size / 1e6
    print(f"{companies} companies, {number} letters, {size:.0f} MB; made in {time.perf_counter() - begun:.0f} s")
    print("seconds  what (median of five)")
    print(f"{statistics.median(asyncio.run(inside(folder))):7.2f}  the desk's board, in a process that runs")
    for words in (("version",), ("cvr", "board", "--limit", "50"), ("cvr", "board"), ("status",)):
        print(
            f"{statistics.median(command(folder, *words) for _ in range(RUNS)):7.2f}  nemboks {' '.join(words)} --json"
        )


def main() -> None:
    companies = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    with tempfile.TemporaryDirectory(dir=sys.argv[3] if len(sys.argv) > 3 else None) as folder:
        measure(Path(folder), companies, number)


if __name__ == "__main__":
    main()
