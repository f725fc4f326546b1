"""Our simulator in a process of its own: filled with letters, and asked afterwards what became of them.

What it costs is nobody's figure; only the daemon's own process is measured beside it.
"""

import json
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.judge import Memos
from bench.processes import init, python, server, wait_for_file

BODY = 20_000  # bytes of the main document; with the others that every second letter has, a mean of 60 kB


@dataclass(frozen=True)
class Simulator:
    """It runs."""

    folder: Path
    ready: dict[str, Any]

    @property
    def cvrs(self) -> list[str]:
        return [one["cvr"] for one in self.ready["rest"]["systems"]]

    def put(self, cvr: str, seed: int, index: int, body: int = BODY) -> dict[str, Any]:
        """The letter, which lies in the mailbox now."""
        return self._ask("letters", {"cvr": cvr, "seed": seed, "index": index, "document_bytes": body})

    def letters(self) -> list[dict[str, Any]]:
        """All letters and what was done with each."""
        items: list[dict[str, Any]] = self._ask("letters")["items"]
        return items

    def recipients(self) -> dict[str, str]:
        """Where each company's letters go."""
        return {cvr: f"post@firma{cvr}.example" for cvr in self.cvrs}

    def memos(self, since: int) -> Memos:
        """The letters after that number, to be judged."""
        return Memos([one for one in self.letters() if one["id"] > since], self.recipients())

    def left(self) -> int:
        """How many letters are still listed."""
        return sum(one["listed"] for one in self.letters())

    def calls(self) -> int:
        """How many calls all companies' systems have made."""
        counted: dict[str, dict[str, int]] = self._ask("calls")
        return sum(sum(of.values()) for of in counted.values())

    def fault(self, name: str) -> None:
        """The fault is on, for ever."""
        self._ask("faults", {"name": name, "times": None})

    def heal(self) -> None:
        """No fault is on."""
        request = urllib.request.Request(self.ready["control"]["base_url"] + "faults", method="DELETE")  # noqa: S310
        urllib.request.urlopen(request, timeout=120).close()  # noqa: S310

    def _ask(self, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.ready["control"]["base_url"] + what, data)  # noqa: S310 -- our own
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
        return found

    def settings(self, folder: Path, ca: Path, port: int, more: str = "") -> Path:
        """A settings file of production's for all companies, into the mail server at the port; its folder is made."""
        folder.mkdir()
        rest = self.ready["rest"]
        lines = [
            f'state_dir = "{folder}"', f'master_key_file = "{folder}/master.key"', more, "[upstream]",
            f'rest_url = "{rest["base_url"]}"', f'rest_ca_file = "{rest["ca"]}"',
            f'client_cert_file = "{rest["client_cert"]}"', f'client_key_file = "{rest["client_key"]}"',
            "[servers.sink]", 'host = "localhost"', f"port = {port}", f'ca_file = "{ca}"', "internal = true",
            "[notices]", 'server = "sink"',
        ]  # fmt: skip
        for system in rest["systems"]:
            to = self.recipients()[system["cvr"]]
            lines += ["[[mailboxes]]", 'inbox = "rest"', 'server = "sink"', f'address = "{to}"',
                      *(f'{key} = "{system[key]}"' for key in ("cvr", "system_id", "api_token"))]  # fmt: skip
        path = folder / "nemboks.toml"
        path.write_text("\n".join(lines) + "\n")
        path.chmod(0o600)
        init(path)
        return path


UNHURRIED = "[rates]\nupstream = 10000"  # nobody waits for a turn: what the work itself costs


@contextmanager
def simulator(folder: Path, companies: int) -> Iterator[Simulator]:
    """A simulator with so many companies of the REST face, until the block is left."""
    folder = folder / "simulator"
    folder.mkdir()
    ready = folder / "ready.json"
    command = python(
        "nemboks.simulator.app", "serve", "--state", str(folder), "--ready-file", str(ready), "--inbox", "rest",
        "--cvrs", str(companies),
    )  # fmt: skip
    try:
        with server(command, folder, "output") as process:
            wait_for_file(ready, process)
            yield Simulator(folder, json.loads(ready.read_text()))
    finally:
        shutil.rmtree(folder)
