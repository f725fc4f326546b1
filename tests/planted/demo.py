"""The demo around a daemon with a planted mistake: `python -m tests.planted.demo MISTAKE [the demo's arguments]`."""

import sys

from nemboks.cli import demo
from nemboks.cli.demo_world import World


def plant(mistake: str) -> None:
    """Let every daemon that the demo starts have the mistake."""

    def start_daemon(self: World) -> None:
        arguments = (mistake, "run", "--config", str(self.config))
        self._daemon = self._start("daemon.log", "tests.planted.daemon", *arguments)

    World.start_daemon = start_daemon


if __name__ == "__main__":
    plant(sys.argv.pop(1))
    demo.main()
