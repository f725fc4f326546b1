"""Scene 2: the largest lawful letters pass without the daemon growing."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nemboks.cli.demo_oracle import whole
from nemboks.cli.demo_world import World

GROWTH = 60 << 20  # bytes of peak memory above idle


def _memory(pid: int, what: str) -> int:
    """Bytes of the process's memory: VmRSS is now, VmHWM the peak."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{what}:\s+(\d+) kB", status)[1]) << 10


def _wait(seconds: float, done: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.2)


@pytest.fixture(params=["rest", "imap"])
def world(request, tmp_path) -> Iterator[World]:
    with World(tmp_path, 1, request.param, "on-receipt", 1) as world:
        world.write_config()
        world.start_daemon()
        yield world


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_very_large_letter_raises_peak_memory_by_at_most_60_mb(world: World) -> None:
    """A 95 MB MeMo (about 71 MB of document) and a 70 MB message are streamed from end to end."""
    company = world.ask("companies")[0]
    assert world._daemon is not None
    pid = world._daemon.pid
    world.tell("letters", cvr=company["cvr"], seed=1, index=1)
    _wait(60, lambda: all(x["removed"] for x in world.ask("letters")))
    idle = _memory(pid, "VmRSS")
    size = 71_400_000 if company["face"] == "rest" else 51_500_000  # base64 makes 95 MB and 70 MB of them

    world.tell("letters", cvr=company["cvr"], seed=1, index=2, document_bytes=size)
    _wait(200, lambda: all(x["removed"] for x in world.ask("letters")))

    large = world.ask("letters")[1]
    assert whole([max(world.ask("mails"), key=lambda m: m["size"])], large)
    assert large["size"] > (95_000_000 if company["face"] == "rest" else 69_000_000)
    assert _memory(pid, "VmHWM") - idle <= GROWTH
