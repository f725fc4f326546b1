"""What systemd hears: ready, alive, stopping; nothing where there is no systemd."""

import socket

import pytest

from nemboks.daemon.notify import Systemd


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
