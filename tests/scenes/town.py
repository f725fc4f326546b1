"""A town for the scenes: the simulator with its pretend mail server, the installed program, and people who type.

Everything goes through the doors that users have: the command line, the mail that arrives, Digital Post's own faces.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Self

import httpx2

CODE = re.compile(r"(?<!\d)(\d{4}[ -]?\d{4})(?!\d)")
WAIT = 45.0  # seconds, for whatever a scene waits for


class Town:
    """One simulator, one state folder, one daemon at a time. Times are the machine's: waits are the demo's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "nemboks.toml"
        self._open = ExitStack()
        self._daemon: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self._open as on_failure:
            ready = self.folder / "ready.json"
            arguments = [
                "serve",
                "--state",
                str(self.folder),
                "--ready-file",
                str(ready),
                "--cvrs",
                "0",
                "--inbox",
                "rest",
            ]
            simulator = self._started("simulator.log", "nemboks.simulator.app", *arguments)
            on_failure.callback(_ended, simulator)
            self.until(ready.exists)
            self.ready = json.loads(ready.read_text())
            base = self.ready["control"]["base_url"]
            self._control = on_failure.enter_context(httpx2.Client(base_url=base, timeout=30, trust_env=False))
            self.settle()
            self._open = on_failure.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._open.close()

    # --- Digital Post and the mail server ---

    def company(self, name: str = "Bageriet Solsikken ApS", **standing: Any) -> dict[str, Any]:
        """A new company in Digital Post; `consent`, `life`, `curator`, `cvr`, `face` as the simulator knows them."""
        return self._post("companies", {"face": "rest", "name": name, **standing})

    def companies(self, many: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Many at once."""
        items: list[dict[str, Any]] = self._post("companies", many)["items"]
        return items

    def change(self, cvr: str, **standing: Any) -> None:
        """How the company stands from now on."""
        self._post(f"companies/{cvr}", standing)

    def letter(self, cvr: str, index: int = 0, **facts: Any) -> dict[str, Any]:
        """A letter that lies in the company's mailbox now."""
        return self._post("letters", {"cvr": cvr, "seed": 1, "index": index, **facts})

    def upstream(self, cvr: str) -> list[dict[str, Any]]:
        """The company's letters as Digital Post has them, receipts and all."""
        return [one for one in self._get("letters")["items"] if one["cvr"] == cvr]

    def all_letters(self) -> list[dict[str, Any]]:
        """Every letter that was ever posted, with the numbered acts of all who touched it."""
        items: list[dict[str, Any]] = self._get("letters")["items"]
        return items

    def all_mails(self) -> list[dict[str, Any]]:
        """Every mail that the mail server took: `n` counts with the letters' acts."""
        items: list[dict[str, Any]] = self._get("mails")["items"]
        return items

    def fault(self, name: str, times: int | None = None) -> None:
        """Switches a fault of the simulator's list on, for so many hits or until `heal`."""
        self._post("faults", {"name": name, "times": times})

    def hits(self, name: str) -> int:
        """How often a fault has hit since it was switched on."""
        (hits,) = [one["hits"] for one in self._get("faults")["items"] if one["name"] == name]
        return int(hits)

    def heal(self) -> None:
        """Every fault is off."""
        self._control.delete("faults").raise_for_status()

    def close_mailbox(self, address: str) -> None:
        """Whoever had the address has left: the mail server refuses it from now on."""
        self._post("mailboxes", {"address": address, "closed": True})

    def looked_into(self, cvr: str) -> None:
        """From now on whatever comes has certainly come after now: over REST that is all that anybody knows."""
        before = self.calls(cvr)["list"]
        self.until(lambda: self.calls(cvr)["list"] >= before + 2)

    def calls(self, cvr: str) -> dict[str, int]:
        """How often each kind of call came for the company."""
        found: dict[str, int] = self._get("calls").get(cvr, {})
        return found

    def mails(self, to: str, letters: bool | None = None) -> list[EmailMessage]:
        """What the mail server has taken for the address; `letters`: only those that are (or are not) letters."""
        found = [one for one in self._get("mails")["items"] if to in one["to"]]
        mails = [message_from_bytes(Path(one["file"]).read_bytes(), policy=default) for one in found]
        return [mail for mail in mails if letters is None or ("Nemboks-Letter" in mail) is letters]  # type: ignore[misc]

    def code(self, to: str, after: int = 0) -> str:
        """The code in the newest mail to the address that has one; `after`: that many mails were there before."""
        self.until(lambda: bool(self._codes(to, after)))
        return self._codes(to, after)[-1]

    def _codes(self, to: str, after: int) -> list[str]:
        texts = [mail.get_content() for mail in self.mails(to, letters=False)[after:]]
        return [found[1] for text in texts if (found := CODE.search(text))]

    # --- the program ---

    def settle(self, **tables: str) -> None:
        """Settings without mailboxes: the desk adds those. `tables`: more TOML, by name of the table."""
        text = self._control.get("config").raise_for_status().text
        text = re.sub(r"\[\[mailboxes\]\].*?(?=\n\[|\Z)", "", text, flags=re.DOTALL)
        more = "".join(f"\n[{name.replace('__', '.')}]\n{body}\n" for name, body in tables.items())
        notices = "" if "notices" in tables else '\n[notices]\nserver = "implicit"\noperator = "drift@drift.example"\n'
        self.config.write_text(text + notices + more)
        self.config.chmod(0o600)

    def nemboks(self, *words: str, person: str = "", typed: str = "", ends: int = 0) -> dict[str, Any]:
        """What `nemboks` answers with --json; it must end with this exit code."""
        by = ["--as", person] if person else []
        command = [sys.executable, "-m", "nemboks.cli.main", *words, *by, "--config", str(self.config), "--json"]
        done = subprocess.run(command, input=typed, capture_output=True, text=True, timeout=60)
        assert done.returncode == ends, f"{words}: {done.returncode}\n{done.stdout[:2_000]}\n{done.stderr}"
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}
        return answer

    def add(self, company: dict[str, Any], *more: str, person: str = "") -> dict[str, Any]:
        """`nemboks cvr add` with the company's own login."""
        if company["face"] == "imap":
            login, secret = ["--inbox", "imap", "--user", company["user"], "--password-file", "-"], company["password"]
        else:
            login, secret = ["--system-id", company["system_id"], "--token-file", "-"], company["api_token"]
        words = ["cvr", "add", company["cvr"], "--name", company["name"], *login, "--server", "implicit"]
        where = [] if "--address" in more else ["--address", company["address"]]
        return self.nemboks(*words, *where, *more, person=person, typed=secret)

    def start(self) -> None:
        """The daemon, running."""
        self._daemon = self._started("daemon.log", "nemboks.cli.main", "run", "--config", str(self.config))

    def stop(self) -> None:
        """The daemon, stopped as systemd does it."""
        if self._daemon is not None:
            _ended(self._daemon)
            self._daemon = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """While the daemon runs."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def until(self, true: Callable[[], object], seconds: float = WAIT) -> None:
        """Returns when it is true. AssertionError when it does not come true in time."""
        end = time.monotonic() + seconds
        began = time.monotonic()
        while not true():
            now = time.monotonic()
            assert now < end, f"it did not come true in {seconds:g} s; see {self.folder}"
            time.sleep(max(0.05, now - began))  # as long as the question took: the answer needs the machine too
            began = time.monotonic()

    def state(self, cvr: str) -> list[str]:
        """The states of the company's letters, the oldest first."""
        items = self.nemboks("letter", "list", "--cvr", cvr)["items"]
        return [one["state"] for one in reversed(items)]

    def _started(self, log: str, module: str, *arguments: str) -> "subprocess.Popen[bytes]":
        with (self.folder / log).open("ab") as out:
            return subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=out, stderr=out)

    def _get(self, what: str) -> dict[str, Any]:
        found: dict[str, Any] = self._control.get(what).raise_for_status().json()
        return found

    def _post(self, what: str, values: Any) -> dict[str, Any]:
        answer = self._control.post(what, json=values)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found


def _ended(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(20)
