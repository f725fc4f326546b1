"""One letter, one daemon, one fault at one step: what is durably so afterwards, from both ends.

Digital Post and the mail server are the simulator's processes, which no fault of the daemon's touches. Every case has
a company, a ledger and a letter of its own.
"""

import asyncio
import json
import os
import re
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import IO, Any, Self

from nemboks.cli.demo_world import World
from nemboks.cli.output import operator
from nemboks.desk.access import Asking
from nemboks.desk.letters import all_letters
from nemboks.settings import load
from nemboks.wiring import open_store

LIMIT = 8.0  # seconds; for whatever is waited for
NEW = "ny@flyttet.example"
QUICK = "poll_seconds = 0.3\nsweep_seconds = 0.1\nuncertain_seconds = 0.3\nupstream_seconds = [0.1, 0.3]\n"
WAITS = (
    "retry_seconds = [0.2, 0.3]\nsecond_look_seconds = 0.3\nrelist_seconds = 0.3\nmissing_seconds = 0.2\n"
    "gather_seconds = 0.1\nstop_seconds = 5\ndot_seconds = 5\nrequest_seconds = 5\nreply_seconds = 5\n"
    "connect_seconds = 5\nattempt_seconds = 60\nbytes_per_second = 1000000\nretry_by_age = []\n"
    "retry_last_seconds = 0.5\n"
    "park_seconds = 0.5\nnotice_seconds = [0.2]\nquiet_seconds = 0.5\nbreaker_seconds = 0.3\nfull_seconds = 0.3\n"
)
_INDEX = count(1)


class Lives:
    """Starts daemons, one at a time (tests/faults/child.py)."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.faults.child"]
        self._zygote = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def begin(self, **wish: Any) -> "Life":
        assert self._zygote.stdin and self._zygote.stdout
        print(json.dumps(wish), file=self._zygote.stdin, flush=True)
        return Life(int(self._zygote.stdout.readline()), self._zygote.stdout)

    def close(self) -> None:
        self._zygote.__exit__(None, None, None)


@dataclass
class Life:
    """One process of the daemon."""

    pid: int
    _told: IO[str]
    status: int | None = field(default=None, init=False)

    def signal(self, number: int) -> None:
        if not self.ended():
            os.kill(self.pid, number)

    def ended(self) -> bool:
        """Whether it has ended by now, whoever ended it."""
        if self.status is None and select.select([self._told], [], [], 0)[0]:
            self.wait()
        return self.status is not None

    def end(self, number: int) -> int:
        """Its exit status, negative for a signal, after it was sent this one."""
        self.signal(number)
        return self.wait()

    def wait(self) -> int:
        if self.status is None:
            self.status = int(self._told.readline())
        return self.status


@dataclass
class Case:
    """One company with one letter; its daemon is begun, and held at the step if one is named."""

    world: World
    lives: Lives
    folder: Path
    cvr: str
    config: Path
    life: Life | None = None
    fate: dict[str, Any] = field(default_factory=dict)  # what the held daemon suffers

    def begin(self, step: str = "", meeting: str = "") -> Life:
        """A daemon, as systemd would start it."""
        self.life = self.lives.begin(
            step=step, meeting=meeting, config=str(self.config), log=str(self.folder / "daemon.log"),
            environ={"NOTIFY_SOCKET": str(self.folder / "notify"), "WATCHDOG_USEC": "120000"},
        )  # fmt: skip
        return self.life

    @contextmanager
    def held(self, step: str) -> Iterator[Life]:
        """A daemon that does nothing from the step on, until the block's end; `fate` says with what it goes on."""
        with socket.socket(socket.AF_UNIX) as meeting:
            place = str(self.folder / "meeting")
            meeting.bind(place)
            meeting.listen(1)
            meeting.settimeout(LIMIT)
            life = self.begin(step, place)
            try:
                there, _ = meeting.accept()
            except TimeoutError:
                raise AssertionError(f"{step} was not reached: {self.log()[-3000:]}") from None
            with there:
                assert there.recv(1) == step.encode()
                yield life
                if not life.ended():
                    there.sendall(json.dumps(self.fate).encode())

    def heal(self) -> dict[str, Any]:
        """The letter's row when it is gone from Digital Post and acknowledged here; systemd would start us again."""
        self.until(self._done)
        (row,) = self.ledger()
        return row

    def _done(self) -> bool:
        if self.life is None or self.life.ended():
            self.begin()
        return bool(self.upstream()["removed"]) and self.ledger()[0]["state"] == "ACKNOWLEDGED"

    def ledger(self) -> list[dict[str, Any]]:
        store = open_store(load(self.config, environ={}))
        try:
            return all_letters(store, Asking(operator()))
        finally:
            asyncio.run(store.close())

    def in_doubt(self) -> bool:
        """Whether the ledger has a dot that was begun, and nothing of what came of it."""
        with closing(sqlite3.connect(load(self.config, environ={}).database)) as ledger:
            rows = ledger.execute("SELECT 1 FROM letters WHERE state = 'SENDING' AND dot_begun_at IS NOT NULL")
            return rows.fetchone() is not None

    def readdress(self) -> None:
        """The settings file has another address from now on."""
        text = self.config.read_text()
        self.config.write_text(re.sub(r'^address = "post@(?!nemboks).*"$', f'address = "{NEW}"', text, flags=re.M))

    def upstream(self) -> dict[str, Any]:
        (letter,) = [one for one in self.world.ask("letters") if one["cvr"] == self.cvr]
        return letter

    def mails(self) -> list[dict[str, Any]]:
        """What the mail server kept of the letter, without notices."""
        uuid = self.upstream()["message_uuid"].lower()
        return [one for one in self.world.ask("mails") if one["headers"].get("Nemboks-Letter") == uuid]

    def fed(self) -> int:
        """How often the service manager heard that the daemon is alive, since the last look."""
        heard = 0
        while True:
            try:
                heard += b"WATCHDOG=1" in self._notify.recv(200)
            except BlockingIOError:
                return heard

    def pause(self, seconds: float) -> None:
        """Returns when the time is over: the fault is a process that does nothing for so long."""
        threading.Event().wait(seconds)

    def log(self) -> str:
        path = self.folder / "daemon.log"
        return path.read_text("utf-8") if path.exists() else ""

    def until(self, done: Callable[[], bool]) -> None:
        end = time.monotonic() + LIMIT
        while not done():
            assert time.monotonic() < end, self.log()[-4000:]
            time.sleep(0.04)

    def __enter__(self) -> Self:
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(self.folder / "notify"))
        self._notify.setblocking(False)
        return self

    def __exit__(self, *_: object) -> None:
        if self.life is not None:
            self.life.end(signal.SIGKILL)
        self._notify.close()


def case(world: World, lives: Lives, template: Path, folder: Path, fault: str = "") -> Case:
    """A new company with one letter in Digital Post; `fault`: of the simulator's, met three times."""
    company = world.tell("companies", face="rest")
    world.write_config()
    blocks = world.config.read_text().split("\n\n")
    mine = [one for one in blocks if "[[mailboxes]]" not in one or f'cvr = "{company["cvr"]}"' in one]
    text = "\n\n".join(mine).replace(f'state_dir = "{world.state}"', f'state_dir = "{folder}"')
    text = text.replace('server = "implicit"', 'server = "starttls"')
    text += '\nsecond_contact = "anna@hjemme.example"\n\n[notices]\nserver = "implicit"\n\n[pace]\n' + QUICK + WAITS
    config = folder / "nemboks.toml"
    config.touch(mode=0o600)
    config.write_text(text)
    shutil.copy(template, folder / "nemboks.db")
    world.tell("letters", cvr=company["cvr"], seed=1, index=next(_INDEX))
    if fault:
        world.tell("faults", name=fault, times=3)
    return Case(world, lives, folder, company["cvr"], config)
