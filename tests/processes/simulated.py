"""One installed daemon against the simulator alone: for what can be done to a process without real servers."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nemboks.cli import demo_oracle
from nemboks.cli.demo_ends import Ends
from nemboks.cli.demo_letters import Post, Posted
from nemboks.cli.demo_world import World
from tests.processes.daemon import Daemon
from tests.processes.ledger import Ledger

SECONDS = 60.0


class Simulated(World):
    """Both ends from `with` on; letters are posted and judged here, the daemon is the test's own."""

    def __init__(self, folder: Path, state: Path | None = None, cvrs: int = 2, inbox: str = "rest") -> None:
        super().__init__(folder, cvrs, inbox, "on-receipt", 1)
        self.place = state or folder  # the daemon's own state, elsewhere if a test wants it so
        self.rows: list[Posted] = []

    def settle_in(self) -> None:
        """The settings are written."""
        self.write_config()
        text, told = self.config.read_text(), f"state_dir = {json.dumps(str(self.state))}"
        assert told in text
        self.config.write_text(text.replace(told, f"state_dir = {json.dumps(str(self.place))}"))

    def put(self, number: int, **facts: Any) -> None:
        """So many letters more."""
        boxes = self.ask("companies")
        post = Post(self, "")
        for index in range(len(self.rows), len(self.rows) + number):
            cvr = boxes[index % len(boxes)]["cvr"]
            if facts:
                item = self.tell("letters", cvr=cvr, seed=1, index=index, **facts)
                self.rows.append(Posted("", item["message_uuid"], cvr, item["inbox"], True, item["id"]))
            else:
                self.rows.append(post.generated(cvr, 1, index))

    def begin(self, watch: Any = None, command: Sequence[str] = (), **more: Any) -> Daemon:
        """The daemon, started."""
        words = {"command": command} if command else {}
        return Daemon(self.config, self.state / "own.log", watch, **words, **more)

    def books(self) -> Ledger:
        """The daemon's ledger."""
        return Ledger(self.place / "nemboks.db")

    def judged(self) -> dict[str, Any]:
        """What the demo's judge says now."""
        ledger, troubles = self.ledger()
        ends = Ends.of(self.ask("letters"), self.ask("mails"), self.ask("companies"), ledger, troubles)
        return demo_oracle.judge(self.rows, ends, None, 0, 0)

    def settled(self, seconds: float = SECONDS) -> dict[str, Any]:
        """The judgement once every letter is settled. AssertionError when that takes too long."""
        end = time.monotonic() + seconds
        while (result := self.judged())["unsettled"]:
            assert time.monotonic() < end, {name: value for name, value in result.items() if name != "letters"}
            time.sleep(0.2)
        return result
