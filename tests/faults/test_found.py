"""What the fault table found in the program, each named after what a user would have seen."""

import socket
from dataclasses import dataclass, field
from typing import cast

import pytest

from nemboks.daemon.notify import Systemd
from nemboks.daemon.run import Daemon
from nemboks.settings import Rates, Seats, Settings
from nemboks.store.spool import Spool
from nemboks.wiring import Services
from tests.faults.village import village


@pytest.mark.timeout(10)
def test_a_service_manager_that_reads_nothing_stops_every_letter(tmp_path) -> None:
    """Its queue is full after some messages: that is its own business, and the loop goes on without being heard."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        systemd = Systemd({"NOTIFY_SOCKET": path})
        for _ in range(1_000):
            systemd.say("WATCHDOG=1")
        first = manager.recv(100)

    assert first == b"WATCHDOG=1"


@pytest.mark.parametrize("hours", [1, 8])
async def test_after_a_clock_was_put_back_no_mailbox_is_looked_into_for_hours(tmp_path, monkeypatch, hours) -> None:
    """What was due in five minutes is due now, not in five minutes and so many hours (RELIABILITY I15)."""
    async with village(tmp_path) as place:
        monkeypatch.setattr(place.clock, "monotonic", lambda: 0.0)  # goes on, whatever becomes of the wall clock
        await place.round()
        spool = cast(Spool, place.world.contents)
        daemon = Daemon(Services(cast(Settings, _Seated()), place.store, place.world, spool))
        now = place.clock.advance(-hours * 3_600)
        await daemon._overdue()
        (mailbox,) = await place.store.mailboxes.all()

    assert mailbox.due_at == now


@dataclass
class _Seated:
    seats: Seats = field(default_factory=Seats)
    rates: Rates = field(default_factory=Rates)
