"""The real daemon, held still at one named step of a letter's life: `python -m tests.faults.child`.

Reads one JSON object a line from standard input, forks, and tells the new process's number and later its exit status:
the program is imported once, so a life costs no start of Python. At its step the process says so on a Unix socket and
does nothing at all, as a process that was stopped there, until it is told what to suffer. The program itself has no
switch for this.
"""

import errno
import faulthandler
import json
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio._backends._asyncio
import httptools

import nemboks.daemon.run
import nemboks.wiring.mail
import nemboks.wiring.safety
from nemboks.cli.main import program
from nemboks.clock import RealClock
from nemboks.delivery import wire
from nemboks.delivery.mail_notifier import MailNotifier
from nemboks.delivery.smtp import Smtp
from nemboks.domain.events import Acknowledged, Claimed, Confirmed
from nemboks.domain.proof import Stage
from nemboks.intake.rest import RestInbox
from nemboks.journey import attempt
from nemboks.store.letters import SqlLetters
from tests.power.files import watched_files
from tests.power.vfs import watched

# What a daemon imports when it is first needed: here once, before the lives.
BEFOREHAND = (anyio._backends._asyncio, httptools, nemboks.wiring.mail, nemboks.wiring.safety, nemboks.daemon.run)

# RELIABILITY 4: L lease, P poll, F fetch, C compose, D connect, T tls, E ehlo/login, M mail, R rcpt, A data, B body,
# Z dot sent and no reply seen, J reply seen and not committed, K receipt, V its answer not committed, N notice.
STEPS = "LPFCDTEMRABZJKVN"
COMMITS = {Claimed: "L", Confirmed: "J", Acknowledged: "V"}
REPLIES = {Stage.MAIL: "M", Stage.RCPT: "R", Stage.DATA: "A", Stage.DOT: "Z"}
ACTS = {errno.EIO: ("sync",), errno.ENOSPC: ("write", "create", "truncate")}
HEALED = 0.8  # seconds; so long there is no file descriptor, or no room on the disk


class Sick:
    """The disk beneath ledger and spool (tests/power): well, until it is told otherwise."""

    def __init__(self) -> None:
        self._error = 0

    def tell(self, act: str, path: str, *_: Any, **__: Any) -> None:
        """Raises what the disk answers to this act."""
        if act in ACTS.get(self._error, ()):
            raise OSError(self._error, os.strerror(self._error))

    def be(self, error: int) -> None:
        """EIO at every sync from now on, as long as this process lives; ENOSPC at every write for a while."""
        self._error = error
        if error == errno.ENOSPC:
            _later(self.be, 0)


class Meeting:
    """Stops this process the first time that it comes to its step, and suffers what it is told there."""

    def __init__(self, step: str, path: str, disk: Sick) -> None:
        self._step, self._path, self._disk = step, path, disk
        self._ahead = 0.0

    def at(self, step: str) -> None:
        if not step or step != self._step:
            return
        self._step = ""
        with socket.socket(socket.AF_UNIX) as parent:
            parent.connect(self._path)
            parent.sendall(step.encode())
            told = json.loads(parent.recv(1000) or b"{}")
        self._ahead = told.get("clock", 0.0)
        self._disk.be(told.get("disk", 0))
        if told.get("files"):
            _no_files()

    def plant(self) -> None:
        """Put the step's function on hold in the program's modules."""
        now = RealClock.now
        RealClock.now = lambda clock: now(clock) + timedelta(seconds=self._ahead)  # type: ignore[method-assign]
        for owner, name, step in (
            (RestInbox, "list", "P"), (RestInbox, "fetch", "F"), (attempt, "mail_of", "C"), (wire, "_reach", "D"),
            (wire, "_start_tls", "T"), (wire._Engine, "ehlo", "E"), (Smtp, "body", "B"), 
            (RestInbox, "acknowledge", "K"),
            (MailNotifier, "tell", "N"),
        ):  # fmt: skip
            self._before(owner, name, lambda *_, step=step: step)
        self._before(SqlLetters, "move", lambda _, __, event, *___: COMMITS.get(type(event), ""))
        self._before(Smtp, "_reply", lambda smtp, *_: REPLIES.get(smtp.progress.stage, ""))

    def _before(self, owner: Any, name: str, step: Callable[..., str]) -> None:
        inner = getattr(owner, name)

        def held(*args: Any, **named: Any) -> Any:
            self.at(step(*args))
            return inner(*args, **named)

        setattr(owner, name, held)


def _later(heal: Callable[..., object], *args: Any) -> None:
    again = threading.Timer(HEALED, heal, args)
    again.daemon = True
    again.start()


def _no_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    _later(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))


def _live(wish: dict[str, Any]) -> None:
    """The daemon's whole life in this process; never returns."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.update(wish["environ"])
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    log = os.open(wish["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(log, number)
    disk = Sick()
    Meeting(wish["step"], wish["meeting"], disk).plant()
    with watched(disk), watched_files(Path(wish["config"]).parent, disk):
        program(["run", "--config", wish["config"]], prog_name="nemboks")
    sys.exit(0)


def main() -> None:
    """Forks a life for each line until standard input ends; a life that outlasts it is killed."""
    for line in sys.stdin:
        life = os.fork()
        if not life:
            try:
                _live(json.loads(line))
            except SystemExit as end:
                sys.stdout.flush()
                os._exit(end.code if isinstance(end.code, int) else 1)
            finally:
                os._exit(1)
        print(life, flush=True)
        _, status = os.waitpid(life, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main()
