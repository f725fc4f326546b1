"""One door to the long runs: `./x torture NAME [ARGUMENTS]`; each has its own `--help`."""

import importlib
import sys
from collections.abc import Callable, Sequence

RUNS = {
    "simulate": ("seeded schedules of the whole program in one process", "torture.simulate"),
    "power": ("power loss at every write, a sick disk, a ledger from an old backup", "power.torture"),
    "processes": ("the installed daemon, Postfix and Dovecot, killed again and again", "processes.torture"),
    "fuzz": ("hostile octets for every parser, guided by coverage", "fuzz.torture"),
    "coverage": ("branches of the rooms that decide which no test takes", "torture.coverage"),
    "mutate": ("small mistakes in domain/ that no test sees", "torture.mutate"),
    "faults": ("whole demos under every fault per stage, every removal policy (about 15 minutes)", "torture.demos"),
    "kills": ("ten seeds of demos with 300 letters, 30 CVRs, 25 kills", "torture.demos"),
    "forever": ("every fault once more, never healing: its letters wait or are held with a reason", "torture.demos"),
    "planted": ("the judge of the demos: daemons with a mistake in them, each must be seen", "torture.demos"),
}  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """The run's exit code; 2 for a name that is none."""
    if not arguments or arguments[0] not in RUNS:
        lines = (f"  ./x torture {name:<10} {what}" for name, (what, _) in RUNS.items())
        print("usage: ./x torture NAME [ARGUMENTS]\n" + "\n".join(lines), file=sys.stderr)
        return 2
    name, rest = arguments[0], list(arguments[1:])
    module = importlib.import_module(f"tests.{RUNS[name][1]}")
    run: Callable[[Sequence[str]], int] = module.main
    return run([name, *rest] if module.__name__.endswith("demos") else rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
