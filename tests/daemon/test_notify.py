"""What systemd hears: ready, alive, stopping; nothing where there is no systemd."""

import asyncio
import socket

import pytest

from nemboks.daemon.notify import Systemd
from nemboks.daemon.ticks import Ticks


@pytest.mark.parametrize("abstract", [False, True])
def test_a_state_goes_to_the_managers_socket(tmp_path, abstract: bool) -> None:
    """A path and an abstract name both work (sd_notify(3))."""
    name = f"nemboks-test-{tmp_path.name}-{abstract}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name if abstract else name)
        manager.settimeout(5)
        systemd = Systemd({"NOTIFY_SOCKET": "@" + name if abstract else name, "WATCHDOG_USEC": "60000000"})
        systemd.say("READY=1")
        heard = manager.recv(100)

    assert (heard, systemd.watchdog_seconds) == (b"READY=1", 60.0)


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": "/nowhere/at/all"}, {"WATCHDOG_USEC": "soon"}])
def test_without_a_manager_nothing_happens(environ) -> None:
    """No socket, or one that nobody reads, is no reason to stop."""
    systemd = Systemd(environ)
    systemd.say("READY=1")

    assert systemd.watchdog_seconds is None


async def test_a_chore_that_raises_is_told_and_never_swallowed() -> None:
    """APScheduler would only log it; the process has to end."""
    failed, ran = asyncio.Event(), asyncio.Event()

    async def good() -> None:
        ran.set()

    async def bad() -> None:
        raise ZeroDivisionError

    ticks = Ticks(lambda _: failed.set())
    ticks.every(0.01, good)
    ticks.every(0.01, bad)
    ticks.start()
    try:
        async with asyncio.timeout(10):
            await ran.wait()
            await failed.wait()
    finally:
        ticks.stop()


async def test_a_chore_that_a_stop_cuts_is_no_error(caplog) -> None:
    """What is due stands in the store: the log of an ordinary stop has no error in it."""
    begun, cut = asyncio.Event(), asyncio.Event()

    async def long() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cut.set()

    ticks = Ticks(lambda _: None)
    ticks.every(0.01, long)
    ticks.start()
    async with asyncio.timeout(10):
        await begun.wait()
        ticks.stop()
        await cut.wait()
        for _ in range(5):  # the library's own callbacks
            await asyncio.sleep(0)

    assert [one.message for one in caplog.records if one.levelname == "ERROR"] == []


async def test_a_chore_that_takes_longer_than_its_interval_fills_no_log(caplog) -> None:
    """It is not begun twice at a time, which is as it should be: nobody reads that four times a second."""
    begun = 0

    async def long() -> None:
        nonlocal begun
        begun += 1
        await asyncio.sleep(0.2)

    ticks = Ticks(lambda _: None)
    ticks.every(0.01, long)
    ticks.start()
    await asyncio.sleep(0.1)
    ticks.stop()

    assert (begun, caplog.records) == (1, [])
