"""The demo's two ends and the daemon between them: three processes on free loopback ports, and how to ask them."""

import asyncio
import fcntl
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import click
import httpx2

from nemboks.cli.output import operator
from nemboks.desk.access import Asking
from nemboks.desk.letters import all_letters
from nemboks.desk.mailboxes import mailbox_list
from nemboks.settings import SettingsError, load
from nemboks.store.errors import StoreError
from nemboks.store.store import Store
from nemboks.wiring import open_store

START_SECONDS = 30.0
LEAVE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # how we are asked to end


class DaemonEnded(Exception):
    """It ended by itself, which it never should."""


class World:
    """The simulator (both ends) and the daemon, as processes of ours, from `with` on. Ends them, and only them, on the
    way out, whatever the way. One demo at a time has the folder; an earlier one's ledger and mails are forgotten."""

    def __init__(self, state: Path, cvrs: int, inbox: str, removal: str, seed: int) -> None:
        self.state = state
        self.config = state / "nemboks.toml"
        self.kills = 0
        self._arguments = ("--cvrs", str(cvrs), "--inbox", inbox, "--removal", removal, "--seed", str(seed))
        self._simulator: subprocess.Popen[bytes] | None = None
        self._daemon: subprocess.Popen[bytes] | None = None
        self._store: Store | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with self._open as on_failure:
            on_failure.enter_context(_alone(self.state))
            on_failure.callback(self._end_processes)
            _forget(self.state, self.config)
            ready = self.state / "ready.json"
            ready.unlink(missing_ok=True)
            with _undisturbed():
                self._simulator = self._start(
                    "simulator.log", "nemboks.simulator.app", "serve", "--state", str(self.state), "--ready-file",
                    str(ready), *self._arguments,
                )  # fmt: skip
            self.ready = self._wait_for(self._simulator, ready)
            self._control = on_failure.enter_context(
                httpx2.Client(base_url=self.ready["control"]["base_url"], timeout=30, trust_env=False)
            )
            self._sender: httpx2.Client | None = None
            self._open = on_failure.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _start(self, log: str, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.state / log).open("ab") as out:
            command = [sys.executable, "-m", module, *arguments]
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)  # noqa: S603

    def _wait_for(self, simulator: subprocess.Popen[bytes], ready: Path) -> dict[str, Any]:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and simulator.poll() is None:
            if ready.exists():
                found: dict[str, Any] = json.loads(ready.read_text())
                return found
            time.sleep(0.02)
        raise RuntimeError(f"the simulator did not start; see {self.state / 'simulator.log'}")

    # --- both ends, through the simulator's control interface ---

    def ask(self, what: str) -> list[dict[str, Any]]:
        """A list of the control interface."""
        items: list[dict[str, Any]] = self._control.get(what).raise_for_status().json()["items"]
        return items

    def tell(self, what: str, **values: Any) -> dict[str, Any]:
        """An act of the control interface; brings its answer."""
        answer: dict[str, Any] = self._control.post(what, json=values).raise_for_status().json()
        return answer

    def send(self, memo: bytes, message_uuid: str, source: str) -> httpx2.Response:
        """The answer to the real sender call `POST memos/?memo-message-uuid=`."""
        if self._sender is None:
            rest = self.ready["rest"]
            system = rest["systems"][0] if rest["systems"] else self._sending_system()
            context = ssl.create_default_context(cafile=rest["ca"])
            context.load_cert_chain(rest["client_cert"], rest["client_key"])
            self._sender = self._open.enter_context(
                httpx2.Client(
                    base_url=rest["base_url"], verify=context, auth=(system["system_id"], system["api_token"]),
                    timeout=120, trust_env=False,
                )
            )  # fmt: skip
        headers = {"Content-Type": "application/xml", "X-Source-Name": source.encode("ascii", "replace").decode()}
        return self._sender.post("memos/", params={"memo-message-uuid": message_uuid}, content=memo, headers=headers)

    def _sending_system(self) -> dict[str, Any]:
        return self.tell("companies", face="rest")

    # --- the daemon ---

    def write_config(self) -> None:
        """The settings of all companies that the simulator knows now."""
        text = self._control.get("config").raise_for_status().text
        self.config.touch(mode=0o600)
        self.config.write_text(text)

    def start_daemon(self) -> None:
        """Nothing; it runs, or will say in its log why not."""
        with _undisturbed():
            self._daemon = self._start("daemon.log", "nemboks.cli.main", "run", "--config", str(self.config))

    def kill_daemon(self) -> None:
        """SIGKILL, as a power cut would; counted. Raises DaemonEnded if it was too late for that."""
        if self._daemon is not None:
            self._daemon.kill()
            if self._daemon.wait() != -signal.SIGKILL:
                raise DaemonEnded
            self.kills += 1

    def stop_daemon(self) -> None:
        """Nothing; the daemon has ended as it does at a stop, so that the ends are at rest."""
        _end(self._daemon)
        self._daemon = None

    def check_daemon(self) -> None:
        """Raises DaemonEnded if it ended by itself."""
        if self._daemon is not None and self._daemon.poll() is not None:
            raise DaemonEnded

    def ledger(self) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """Every letter as our own ledger has it, and its trouble with mailboxes by CVR; empty before it is made."""
        if self._store is None:
            settings = load(self.config, environ={})
            if not settings.may_have_ledger:
                return [], {}
            try:
                self._store = open_store(settings)
            except StoreError:  # the daemon has not finished making it
                return [], {}
        asking = Asking(operator())
        boxes = asyncio.run(mailbox_list(self._store, asking))
        return all_letters(self._store, asking), {box["cvr"]: box["trouble"] for box in boxes if box["trouble"]}

    def _end_processes(self) -> None:
        # A second Ctrl-C must not leave half of them behind; each wait has its limit.
        before = {number: signal.signal(number, signal.SIG_IGN) for number in LEAVE}
        _end(self._daemon)
        _end(self._simulator)
        if self._store is not None:
            asyncio.run(self._store.close())
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """What asks us to end meanwhile is heard at the end of it: a process that nobody noted would outlive us.

    Not by a mask: the process would be born with it.
    """
    heard: list[int] = []
    before = {number: signal.signal(number, lambda number, _: heard.append(number)) for number in LEAVE}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for each in heard[:1]:
        signal.raise_signal(each)


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """One demo at a time in the folder. Raises UsageError for the second."""
    with (state / "demo.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.UsageError(f"another demo runs in {state}") from None
        yield


def _forget(state: Path, config: Path) -> None:
    """Remove what an earlier demo knew: the same seed makes the same letters. What is real is never touched."""
    ledger = state / "nemboks.db"
    if not (ledger.exists() or config.exists()):
        return
    try:
        demo = load(config, environ={}).environment == "demo"
    except SettingsError:
        demo = False
    if not demo:
        raise click.UsageError(f"what lies in {state} is no demo's; name another folder")
    with ledger.with_name("nemboks.db.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.UsageError(f"the daemon of another demo still runs in {state}") from None
        logs = (state / "daemon.log", state / "simulator.log")
        for file in (ledger, *(state / f"nemboks.db-{x}" for x in ("wal", "shm", "journal")), *logs):
            file.unlink(missing_ok=True)
        shutil.rmtree(state / "spool", ignore_errors=True)


def quiet_environment() -> None:
    """Settings in the environment are the user's own, not the demo's."""
    for name in [x for x in os.environ if x.upper().startswith("NEMBOKS_") and x.upper() != "NEMBOKS_VENV"]:
        del os.environ[name]
