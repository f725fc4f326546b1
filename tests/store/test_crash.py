"""kill -9 in the middle of moves: what was told as committed is there, and every row is whole."""

import asyncio
import re
import signal
import sys
from pathlib import Path

import pytest

from nemboks.domain.letter import State
from nemboks.store.store import Store
from tests.contracts.ledgers import place_of, vault
from tests.helpers.clock import PretendClock

ROOT = Path(__file__).parents[2]


async def killed_after(lines, directory, *url):
    """What the moving program told before it was killed."""
    command = (sys.executable, "-m", "tests.store.moving", str(directory), *url)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    told = []
    async with asyncio.timeout(60):
        while len(told) < lines:
            told.append((await process.stdout.readline()).decode())
        process.send_signal(signal.SIGKILL)
        told += (await process.stdout.read()).decode().splitlines(keepends=True)
        await process.wait()
    return [line.split() for line in told if line.endswith("\n")]


def snake(name):
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


@pytest.mark.parametrize("lines", [1, 57, 160])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_killed_process_leaves_a_whole_ledger(tmp_path, kind, lines):
    """After kill -9 every told move is in the history, and letters, attempts and events agree with each other."""
    with place_of(kind, tmp_path) as place:
        told = await killed_after(lines, tmp_path, *([place.url] if kind == "postgresql" else []))
        await _whole(Store.open(place, vault(tmp_path), PretendClock()), told, lines)


async def _whole(store, told, lines):
    store.lock_daemon()
    await store.check()
    letters = {x.id: x for x in await store.letters.list(limit=10_000)}
    histories = {id_: await store.letters.history(id_) for id_ in letters}
    await store.close()

    assert len(told) >= lines
    for id_, event, _ in told:
        assert snake(event) in [x.event for x in histories[int(id_)][1]]
    for id_, letter in letters.items():
        attempts, past = histories[id_]
        assert past[-1].to_state is letter.state
        assert [x.number for x in attempts] == list(range(1, letter.fence + 1))
        assert [x.outcome for x in attempts] == (
            [""] if letter.state is State.SENDING else ["confirmed"] * letter.fence
        )
        assert (letter.confirmation is None) == (letter.state not in (State.FORWARDED, State.ACKNOWLEDGED))
