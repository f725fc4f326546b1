"""Postfix and Dovecot as the torture treats them: stopped, started, killed and frozen, on the same ports and folders.

Both run in the foreground of sessions of their own, so that one signal to the session's group reaches every process of
theirs and none of anybody else. They need root, as everywhere in these tests.
"""

import os
import pwd
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.delivery.postfix_peer import Postfix
from tests.helpers.peers import require_peer

SECONDS = 20.0


def free_port() -> int:
    """A port that nobody has now: neither server can be asked which one it got."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def await_port(port: int, alive: Callable[[], bool]) -> None:
    """Returns when somebody listens. RuntimeError when nobody does in time, or the process ended."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end or not alive():
                raise RuntimeError(f"nobody listens on {port}") from None
            time.sleep(0.02)


class Dovecot:
    """One Dovecot; every line of its log goes to `hear` with the time at which it came."""

    def __init__(self, base: Path, config: Callable[["Dovecot"], str], hear: Callable[[float, str], None]) -> None:
        self.base, self.port, self._config, self._hear = base, free_port(), config, hear
        self.quota = ""  # e.g. "*:bytes=1"; the configuration may look at it
        self.owner = pwd.getpwnam("mail")
        base.mkdir(mode=0o755)
        (base / "mail").mkdir()
        os.chown(base / "mail", self.owner.pw_uid, self.owner.pw_gid)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The leader of its group, while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Returns when it listens."""
        if self.pid is not None:
            return
        self._write()
        command = [require_peer("dovecot"), "-F", "-c", str(self.base / "dovecot.conf")]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
        self._process = process
        threading.Thread(target=self._read, args=(process,), name="dovecot's log", daemon=True).start()
        await_port(self.port, lambda: process.poll() is None)

    def reload(self) -> None:
        """Its configuration, as it is to be now, is in force for what begins from now on."""
        self._write()
        if (pid := self.pid) is not None:
            os.kill(pid, signal.SIGHUP)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Nothing of it runs any more."""
        if self._process is None:
            return
        if number is signal.SIGTERM and self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(SECONDS)
        (self.base / "run/master.pid").unlink(missing_ok=True)

    def _write(self) -> None:
        (self.base / "dovecot.conf").write_text(self._config(self))

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                self._hear(time.time(), line.decode("utf-8", "replace"))


class Mta:
    """A Postfix that was started for us, and how to treat it."""

    def __init__(self, postfix: Postfix) -> None:
        self.postfix = postfix
        self._command = [require_peer("postfix"), "-c", str(postfix.home / "etc")]

    @property
    def pid(self) -> int | None:
        """Its master, while it runs; also the leader of its group."""
        try:
            pid = int((self.postfix.home / "queue/pid/master.pid").read_text())
            name = Path(f"/proc/{pid}/comm").read_text().strip()
        except (OSError, ValueError):
            return None
        return pid if name == "master" else None  # after thousands of kills another process may have its number

    def start(self) -> None:
        """Returns when it listens."""
        if self.pid is None:
            subprocess.run([*self._command, "start"], capture_output=True, timeout=60, check=True)
        for port in self.postfix.ports.values():
            await_port(port, lambda: True)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Its master is gone; SIGKILL takes all its processes with it at once."""
        if (pid := self.pid) is None:
            return
        if number is not signal.SIGKILL:
            freeze(pid, signal.SIGCONT)  # one that stands still could not hear it
            with suppress(subprocess.TimeoutExpired):
                subprocess.run([*self._command, "stop"], capture_output=True, timeout=SECONDS)
        if self.pid is not None:
            os.killpg(pid, signal.SIGKILL)
        end = time.monotonic() + SECONDS
        while self.pid is not None and time.monotonic() < end:
            time.sleep(0.02)

    def flush(self) -> None:
        """What it has put off is tried now."""
        subprocess.run([*self._command, "flush"], capture_output=True, timeout=60)


def freeze(pid: int | None, number: signal.Signals) -> None:
    """SIGSTOP or SIGCONT for the whole group, if it is there."""
    if pid is not None:
        with suppress(ProcessLookupError):
            os.killpg(pid, number)
