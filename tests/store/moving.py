"""A program for the crash test: moves letters until it is killed, and tells each move only after it was committed.

Usage: python -m tests.store.moving DIRECTORY [URL]
"""

import asyncio
import sys
from pathlib import Path

from nemboks.clock import RealClock
from nemboks.domain.letter import Acknowledged, DotBegun, ReceiptBegun
from nemboks.store.postgres_line import PostgresHome
from nemboks.store.server_clock import ServerClock
from tests.contracts.ledgers import Ledger, ledger_of
from tests.helpers import builders as make

AT_A_TIME = 8


async def main(directory: Path, url: str = "") -> None:
    place = PostgresHome(url, ServerClock(RealClock())) if url else None
    async with ledger_of("sqlite", directory, place) as ledger, asyncio.TaskGroup() as group:
        for seat in range(AT_A_TIME):
            group.create_task(carry(ledger, seat))


async def carry(ledger: Ledger, seat: int) -> None:
    """Letters of one seat, one after the other, the whole way and without end."""
    for n in range(1_000_000):
        letter = await ledger.found(f"{seat}-{n}")
        steps = (
            lambda now, x: make.collected(now, x.id),
            lambda now, x: make.claimed(now),
            lambda now, x: DotBegun(x.fence),
            lambda now, x: make.confirmed(x, now),
            lambda now, x: ReceiptBegun(),
            lambda now, x: Acknowledged("200"),
        )
        for step in steps:
            event = step(ledger.clock.now(), letter)
            letter = await ledger.letters.move(letter, event)
            print(letter.id, type(event).__name__, letter.state, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
