"""Several installed workers on one PostgreSQL ledger, between the simulator's two ends."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nemboks.domain.pace import Pace
from tests.helpers.postgres import Server
from tests.processes.daemon import Daemon
from tests.processes.simulated import Simulated
from tests.processes.texts import table

# The demo's waits, and attempts that are over soon.
PACE = Pace.demo().model_copy(update={
    "attempt_seconds": 5.0, "dot_seconds": 3.0, "reply_seconds": 3.0, "connect_seconds": 3.0, "stop_seconds": 5.0,
})  # fmt: skip


class Workers(Simulated):
    """The simulator and a database from `with` on; `work` starts one worker more."""

    def __init__(self, folder: Path, server: Server, removal: str = "on-receipt") -> None:
        super().__init__(folder, cvrs=4)
        self._arguments = (*self._arguments, "--removal", removal)
        self.url = server.fresh()
        self._number = 0

    def settle_in(self) -> None:
        """The settings are written; the judge reads the same ledger."""
        self.write_config()
        pace = table("[pace]", PACE.model_dump(mode="json"))
        with self.config.open("a") as more:
            more.write(f"\n{pace}\n[store]\nurl = {json.dumps(self.url)}\n")

    def work(self, watch: Callable[[Daemon, dict[str, Any]], None] | None = None) -> Daemon:
        """A worker, started, with a folder of its own."""
        self._number += 1
        text, name = self.config.read_text(), f"worker{self._number}"
        was, own = f"state_dir = {json.dumps(str(self.state))}", self.state / name
        assert was in text
        own.mkdir()
        settings = self.state / f"{name}.toml"
        settings.write_text(text.replace(was, f"state_dir = {json.dumps(str(own))}"))
        settings.chmod(0o600)
        return Daemon(settings, self.state / f"{name}.log", watch, words=("--role", "worker"))
