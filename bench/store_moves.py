"""What a letter costs in the ledger: CPU of all threads and wall time for its six moves, at several in flight.

Usage: ./x python bench/store_moves.py [LETTERS] [DIRECTORY]

The moves are collected, claimed, dot_begun, confirmed, receipt_begun, acknowledged, each committed with its event row
(and its attempt's). Listing the letters is not counted. The directory should be on the disk that is asked about.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from nemboks.clock import RealClock
from nemboks.domain.headline import Authority, Copy, Document, Headline, Kind, Role, Sealed
from nemboks.domain.letter import Acknowledged, Claimed, Collected, Confirmed, DotBegun, Letter, ReceiptBegun, State
from nemboks.domain.mailbox import Address, Cvr, Face, Mailbox
from nemboks.domain.proof import Confirmation, Reply, TlsFacts
from nemboks.ports import Listed
from nemboks.store.connect import open_writer
from nemboks.store.mailboxes import Declared
from nemboks.store.store import Store
from nemboks.store.vault import Vault

DOCUMENTS = tuple(Document(Role.MAIN, f"bilag-{n}.pdf", "application/pdf", 50_000, "ab" * 32) for n in range(3))
TLS = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", "mail.bageri.example", "ef" * 32)
CLOCK = RealClock()


async def carry(store: Store, mailbox: Mailbox, letter: Letter) -> None:
    """One letter's six moves."""
    now = CLOCK.now()
    head = Headline(Kind.MEMO, Authority("Skattestyrelsen", "19552101", "CVR"), "Brev", 60_000, "cd" * 32, DOCUMENTS)
    sealed = Sealed(f"{letter.id:032x}", "k" * 120)
    sender = "post@nemboks.example"
    copy = Copy(f"<{letter.id}@nemboks.example>", now, "seed", letter.upstream_id, "Annas Bageri ApS", sender)
    letter = await store.letters.move(letter, Collected(head, sealed, copy, now))
    route = mailbox.route
    claim = Claimed(now + timedelta(minutes=20), now, route.version, route.address, route.server)
    letter = await store.letters.move(letter, claim)
    letter = await store.letters.move(letter, DotBegun(letter.fence))
    reply = Reply(250, "2.0.0", "queued as 4711")
    proof = Confirmation(letter.id, letter.fence, route.address, "mail.bageri.example:465", reply, TLS, now)
    letter = await store.letters.move(letter, Confirmed(proof, CLOCK.uuid(), now))
    letter = await store.letters.move(letter, ReceiptBegun())
    await store.letters.move(letter, Acknowledged("200 OK"))


async def measure(directory: Path, number: int, in_flight: int) -> tuple[float, float]:
    """CPU and wall seconds for all letters."""
    store = Store.open(directory / f"{in_flight}.db", Vault.create(directory / f"{in_flight}.key"), CLOCK)
    new = Declared(
        Cvr("13748136"), "Annas Bageri ApS", Face.REST, Address("a@bageri.example"), "bageri", {"token": "x"}
    )
    mailbox = await store.mailboxes.add(new, "bench")
    now = CLOCK.now()
    await store.letters.found(mailbox, [Listed(str(n)) for n in range(number)], now, now)
    letters = iter(await store.letters.due(State.FOUND, CLOCK.now(), number))
    cpu, wall = time.process_time(), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(_seat(store, mailbox, letters))
    spent = time.process_time() - cpu, time.perf_counter() - wall
    await store.close()
    return spent


async def _seat(store: Store, mailbox: Mailbox, letters: Iterator[Letter]) -> None:
    for letter in letters:
        await carry(store, mailbox, letter)


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as made:
        directory = Path(made)
        tx = open_writer(directory / "mode.db")
        mode = [tx.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous")]
        tx.close()
        print(f"{number} letters, journal mode {mode[0]}, synchronous {mode[1]}; per letter:")
        for in_flight in (1, 16, 64):
            cpu, wall = asyncio.run(measure(directory, number, in_flight))
            print(f"{in_flight:>4} in flight: {cpu / number * 1e6:7.0f} us CPU {wall / number * 1e6:7.0f} us wall")


if __name__ == "__main__":
    main()
