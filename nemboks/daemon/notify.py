"""Telling systemd that we are ready, alive and stopping (sd_notify(3)); silent where there is no systemd."""

import os
import socket
from collections.abc import Mapping


class Systemd:
    """The service manager's notification socket, if it gave us one."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        path = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + path[1:] if path.startswith("@") else path
        usec = environ.get("WATCHDOG_USEC", "")
        self.watchdog_seconds = int(usec) / 1_000_000 if usec.isdigit() and usec != "0" else None

    def say(self, message: str) -> None:
        """Send one state line such as READY=1; a manager that does not listen is no reason to stop."""
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as s:
            s.setblocking(False)  # the loop must not wait for a manager whose queue is full
            try:
                s.sendto(message.encode(), self._address)
            except OSError:
                return
