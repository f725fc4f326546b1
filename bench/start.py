"""How long a person waits for the command to say something: the installed program, start and all."""

import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path

from bench.filled import fill
from bench.judge import OK
from bench.place import place
from bench.processes import Usage, python, run
from bench.runs import Ground, Run

COMMANDS = {"nemboks --help": ["--help"], "nemboks status": ["status"]}
TIMES, SECONDS = 7, 60.0
SETTINGS = """\
state_dir = "{folder}"
master_key_file = "{folder}/master.key"
[upstream]
rest_url = "https://127.0.0.1:1/"
[servers.sink]
host = "localhost"
port = 1
internal = true
"""


def measure(name: str, ground: Ground) -> Iterator[Run]:
    """Each command some times in each round, over ten mailboxes; the median."""
    room = ground.room(name)
    try:
        folder = room / "state"
        with place(folder, "") as where:
            fill(where, 10)
        (folder / "nemboks.toml").write_text(SETTINGS.format(folder=folder))
        for number in range(ground.rounds):
            for contender, words in COMMANDS.items():
                runs = [_once(words, folder) for _ in range(2 if ground.small else TIMES)]
                bad = [one.code for one in runs if one.code not in (0, 5, 6)]  # status says more by its exit code
                figures = {"seconds": statistics.median(one.wall for one in runs),
                           "cpu_s": statistics.median(one.cpu for one in runs),
                           "peak_mb": max(one.peak for one in runs) / 1e6}  # fmt: skip
                yield Run(name, contender, number, f"ended with {bad[0]}" if bad else OK, figures)
    finally:
        shutil.rmtree(room)


def _once(words: list[str], folder: Path) -> Usage:
    command = python("nemboks.cli.main", *words)
    return run(command, folder, SECONDS, NEMBOKS_CONFIG=str(folder / "nemboks.toml"))
