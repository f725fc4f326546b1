"""The installed daemon as a process: started, heard, ended in every way, and asked through its own command line."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from nemboks.logs import EVENTS

BIN = Path(sys.executable).parent
READY, STOPPED = "daemon_ready", ""  # the latter: its log has ended
START_SECONDS = 30.0


class DaemonEnded(Exception):
    """It ended by itself, or otherwise than it was asked to."""


class Daemon:
    """One life of `nemboks run`; every event of its log passes `watch` in the thread that reads it."""

    def __init__(
        self, config: Path, log: Path, watch: Callable[["Daemon", dict[str, Any]], None] | None = None,
        command: Sequence[str] = (str(BIN / "nemboks"),), words: Sequence[str] = (), **more: Any,
    ) -> None:  # fmt: skip
        self.events: queue.Queue[dict[str, Any]] = queue.Queue()
        self.last = STOPPED  # the event that was logged last
        self.began = time.monotonic()
        self.ready_seconds = 0.0
        self._log, self._watch = log, watch
        self.process = subprocess.Popen(
            [*command, "run", "--config", str(config), *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, start_new_session=True, **more,
        )  # fmt: skip
        self._thread = threading.Thread(target=self._read, name="daemon's log", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines, self._log.open("ab") as log:
            for line in lines:
                log.write(line)
                with suppress(ValueError):
                    self._hear(json.loads(line))
        self.events.put({"event": STOPPED})

    def _hear(self, event: dict[str, Any]) -> None:
        if event.get("event") in EVENTS:  # not what a library says
            self.last = event["event"]
        if event.get("event") == READY:
            self.ready_seconds = time.monotonic() - self.began
        if self._watch is not None:
            self._watch(self, event)
        self.events.put(event)

    def until(self, name: str, seconds: float = START_SECONDS) -> bool:
        """Whether the event was logged in time and before the log ended; what came before it is forgotten."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                event = self.events.get(timeout=left)
            except queue.Empty:
                return False
            if event.get("event") in (name, STOPPED):
                return event.get("event") == name
        return False

    def signal(self, number: signal.Signals) -> None:
        """Nothing, also if it has just ended."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def kill(self) -> None:
        """SIGKILL. Raises DaemonEnded if it had ended before."""
        self.signal(signal.SIGKILL)
        if (code := self._gone(10)) != -signal.SIGKILL:
            raise DaemonEnded(f"it had ended by itself with {code}; see {self._log}")

    def stop(self, seconds: float = 30.0) -> float:
        """Seconds that its end took after SIGTERM. Raises DaemonEnded unless it ended with 0."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        if (code := self._gone(seconds)) != 0:
            raise DaemonEnded(f"it ended with {code} after SIGTERM; see {self._log}")
        return time.monotonic() - began

    def _gone(self, seconds: float) -> int:
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
            raise DaemonEnded(f"it did not end in {seconds:g} s; see {self._log}") from None
        self._thread.join(10)
        return code

    def end(self) -> None:
        """It is gone, whatever it was doing."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        self._thread.join(10)


def nemboks(config: Path, *words: str, seconds: float = 60.0) -> tuple[int, dict[str, Any]]:
    """Exit code and answer of the installed command line."""
    command = [str(BIN / "nemboks"), *words, "--config", str(config), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL)
    try:
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        answer = {"error": done.stderr[-400:]}
    return done.returncode, answer
