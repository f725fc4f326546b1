"""What the fault table found in the program, each named after what a user would have seen."""

import socket

import pytest

from nemboks.daemon.notify import Systemd


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
