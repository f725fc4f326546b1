"""`./x torture processes`: the installed daemon between real servers, killed again and again, judged from both ends.

    ./x torture processes --kills 100 --letters 2500 --seed 7

Letters flow all the time. Each life of the daemon ends by SIGKILL at a moment that the seed chooses (of the clock, or
of its own log), sometimes by SIGTERM; meanwhile links, servers, answers and people go wrong. Then all heals, what is
held is released at the command line, and when everything has drained the judge reads both ends. The same seed makes the
same plan; what the machine's own timing makes of it differs from run to run, for these are real processes.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from tests.processes.daemon import BIN
from tests.processes.lives import Torture
from tests.processes.town import Town
from tests.torture.result import Result

RAM = Path("/dev/shm")
KILL_SECONDS, SPARE_SECONDS = 6.0, 900.0  # the run is given up after so long


class OutOfTime(Exception):
    """The whole run took too long."""


def torture(
    folder: Path, kills: int, letters: int, seed: int, boxes: tuple[int, int] = (8, 6), command: Sequence[str] = (),
    drain: float = 600.0,
) -> Result:  # fmt: skip
    """One whole run in the folder, judged; what broke it is told on standard error.

    `boxes`: how many companies have their post over REST, and over IMAP.
    """
    began, whole = time.monotonic(), False
    with Town(folder, *boxes, seed) as town:
        run = Torture(town, kills, letters, seed, command or (str(BIN / "nemboks"),))
        try:
            run.run()
            run.heal()
            run.drain(drain)
            whole = True
        except Exception:
            traceback.print_exc()
            run.told.problems.append(f"the run broke off: {traceback.format_exc().splitlines()[-1]}")
        finally:
            run.close()
        return run.judged(time.monotonic() - began, whole)


def _give_up(number: int, _: object) -> None:
    raise OutOfTime if number == signal.SIGALRM else SystemExit(128 + number)


def main(arguments: Sequence[str]) -> int:
    """0 when no promise was broken, and every kill was made."""
    plain = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(prog="./x torture processes", description=__doc__, formatter_class=plain)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--letters", type=int, default=0, help="default: 25 for each kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="only the one line")
    chosen = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, _give_up)
    signal.alarm(int(chosen.kills * KILL_SECONDS + SPARE_SECONDS))
    if RAM.is_dir():
        tempfile.tempdir = str(RAM)  # the helpers' folders too
    folder = Path(tempfile.mkdtemp(prefix="nemboks-torture-"))
    try:
        result = torture(folder, chosen.kills, chosen.letters or 25 * chosen.kills, chosen.seed)
    except (SystemExit, KeyboardInterrupt):  # somebody wants it to end; a failure is told and keeps its files
        shutil.rmtree(folder)
        raise
    if result.ok:
        shutil.rmtree(folder)
    else:
        print(f"seed {chosen.seed} failed; its files: {folder}", file=sys.stderr)
    if not chosen.json:
        print(result)
    print(result.line())
    return 0 if result.ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
