"""`./x demo`: a letter's whole way on this machine, live; with `--once --json` one round, judged from both ends.

Promises: whatever happens, no process of ours is left behind, and with `--once --json` the last line of standard
output is the result, `ok` false when something broke; what broke is told on standard error.
"""

import json
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import click
from rich.console import Console

from nemboks.cli import demo_oracle as oracle
from nemboks.cli.demo_ends import Ends, Forever, Item
from nemboks.cli.demo_letters import Post, Posted
from nemboks.cli.demo_live import Screen
from nemboks.cli.demo_world import LEAVE, DaemonEnded, World, quiet_environment
from nemboks.cli.errors import CONFIGURATION

STEP = 0.1  # seconds between two looks at what is due
OF_SIMULATOR = ("aiosmtpd", "pymap", "starlette", "uvicorn")  # the extra `sim`
LOOK = 0.5  # seconds between two looks at both ends
KILL_AFTER = (0.7, 2.8)  # a daemon lives this long before it is killed: from its start-up to full work


class Round:
    """One run of the demo: posting, killing, watching, until everything is settled or time is up."""

    def __init__(self, world: World, files: Sequence[Path], count: int, kills: int, seed: int, endless: bool) -> None:
        self.world, self.files, self.endless = world, files, endless
        self.chance = random.Random(seed)  # noqa: S311 - a demo is to be repeatable
        self.seed, self.kills = seed, kills
        self.total = len(files) or count
        self.began = time.monotonic()
        self.rows: list[Posted] = []
        self.forever: Forever | None = None
        self._kill_at: float | None = None
        self._post_at = self.began

    def begin(self, fault: str | None, removal: str) -> None:
        """Every company that a letter is meant for has a mailbox, the fault is on, and the daemon starts."""
        self.post = self._register()
        if fault:
            self.forever = _fault(self.world, fault, self.total, removal)
        self.world.write_config()
        self.world.start_daemon()
        self._kill_at = self._next_kill() if self.kills else None
        self._post_at = time.monotonic()

    def _register(self) -> Post:
        companies = self.world.ask("companies")
        self.cvrs = [x["cvr"] for x in companies]
        post = Post(self.world, next((x["cvr"] for x in companies if x["face"] == "rest"), ""))
        known = set(self.cvrs)
        for file in self.files:
            cvr = post.recipient_of(file.read_bytes())
            if cvr and cvr not in known:
                self.world.tell("companies", cvr=cvr, face="rest")
                known.add(cvr)
        return post

    def _next_kill(self) -> float:
        return time.monotonic() + self.chance.uniform(*KILL_AFTER)

    def step(self) -> None:
        """Do what is due now: a kill, a restart, a letter. Raises DaemonEnded."""
        now = time.monotonic()
        self.world.check_daemon()
        if self._kill_at and now >= self._kill_at:
            self.world.kill_daemon()
            self.world.start_daemon()
            self._kill_at = self._next_kill() if self.world.kills < self.kills else None
        while (self.endless or len(self.rows) < self.total) and now >= self._post_at and not self._last_waits():
            self._one_letter()

    def _last_waits(self) -> bool:
        """The last letter is posted after the last kill, so that every kill falls while letters flow."""
        return not self.endless and self._kill_at is not None and len(self.rows) >= self.total - 1

    def _one_letter(self) -> None:
        index = len(self.rows)
        if self.files:
            self.rows.append(self.post.file(self.files[index]))
        else:
            cvr = self.cvrs[index % len(self.cvrs)]
            self.rows.append(self.post.generated(cvr, self.seed, index))
        self._post_at += self._pause()

    def _pause(self) -> float:
        if self.endless:
            return 1.5 if len(self.rows) > len(self.cvrs) else 0.2
        spread = self.kills * sum(KILL_AFTER) / 2
        return max(0.02, spread / max(1, self.total))

    def all_posted(self) -> bool:
        return not self.endless and len(self.rows) >= self.total and self._kill_at is None

    def ends(self) -> Ends:
        """One look at both ends; the ledger first, so that it never knows more than the ends."""
        world = self.world
        ledger, troubles = world.ledger()
        return Ends.of(world.ask("letters"), world.ask("mails"), world.ask("companies"), ledger, troubles)

    def settled(self, ends: Ends) -> bool:
        return all(oracle.fate(x, ends, self.forever).settled for x in self.rows)

    def judged(self, ends: Ends, whole: bool = True) -> Item:
        """The result; never `ok` unless the run was whole, for what was never posted is in no count."""
        result = oracle.judge(self.rows, ends, self.forever, self.world.kills, time.monotonic() - self.began)
        return result | {"ok": result["ok"] and whole}


def run_once(round_: Round, timeout: float) -> Item:
    """Post, kill and watch until everything is settled; the judged result, also when time runs out."""
    end, look_at = round_.began + timeout, 0.0
    while time.monotonic() < end:
        round_.step()
        if round_.all_posted() and time.monotonic() >= look_at:
            ends = round_.ends()
            if round_.settled(ends):
                return _at_rest(round_, ends)
            look_at = time.monotonic() + LOOK
        time.sleep(STEP)
    return round_.judged(round_.ends(), round_.all_posted())


def _at_rest(round_: Round, ends: Ends) -> Item:
    """The result of a settled run: once more from its ends when the daemon has stopped, for it may have gone on.

    Under a fault that never heals a stop may fall into a try; there the look that found all settled counts.
    """
    result = round_.judged(ends)
    if round_.forever is None:
        round_.world.stop_daemon()
        result = round_.judged(round_.ends()) | {"seconds": result["seconds"]}
    return result


def run_live(round_: Round, console: Console) -> None:
    """Letters until Ctrl-C."""
    look_at = 0.0
    with Screen(console) as screen:
        while True:
            round_.step()
            if time.monotonic() >= look_at:
                screen.show(round_.rows, round_.ends(), time.monotonic() - round_.began)
                look_at = time.monotonic() + LOOK
            time.sleep(STEP)


def _fault(world: World, name: str, count: int, removal: str) -> Forever | None:
    """Switch the fault on; brings what its never healing leads to, None if it heals or cannot show."""
    base, _, forever = name.partition(":")
    known = {x["name"]: x for x in world.ask("faults")}
    if base not in known or forever not in ("", "forever"):
        raise click.UsageError(f"there is no fault {name!r}; --fault help lists them")
    times = None if forever else max(1, min(6, count // 10))
    world.tell("faults", name=base, times=times)
    fault = known[base]
    if not forever or removal not in fault["removals"]:
        return None
    return Forever(fault["expect_forever"], fault["faces"], fault["servers"])


def _show_faults(world: World) -> None:
    for x in world.ask("faults"):
        click.echo(f"{x['name']:<26} {x['what']}")


def _files(folder: Path | None) -> list[Path]:
    files = sorted(x for x in folder.glob("*.xml") if x.is_file()) if folder else []
    if folder and not files:
        raise click.UsageError(f"{folder} has no *.xml files")
    return files


@click.command(
    epilog="""\b
Examples:
  nemboks demo                                    live, until Ctrl-C
  nemboks demo --once --json --count 60 --kill 3  one round, judged
  nemboks demo --fault help                       what can go wrong

\b
Exit codes: 0 all is well (or Ctrl-C while live), 1 a breach, a failure or the timeout, 2 wrong use."""
)
@click.option("--once", is_flag=True, help="Post, wait until all is settled, judge, exit.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object on the last line.")
@click.option(
    "--state", type=click.Path(file_okay=False, path_type=Path),
    help="Keep everything in this folder. What an earlier demo left there is forgotten; a real ledger is refused.",
)  # fmt: skip
@click.option("--letters", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Post its *.xml.")
@click.option("--count", type=click.IntRange(1), default=12, show_default=True, help="Letters to generate.")
@click.option("--cvrs", type=click.IntRange(1, 200), default=3, show_default=True, help="Companies.")
@click.option("--inbox", type=click.Choice(["rest", "imap", "both"]), default="rest", show_default=True)
@click.option("--kill", "kills", type=click.IntRange(0), default=0, help="Kill the daemon (SIGKILL) this often.")
@click.option("--fault", help="Something that goes wrong; `help` lists them, NAME:forever never heals.")
@click.option("--removal", type=click.Choice(["on-receipt", "on-delete", "on-fetch", "eventual"]), default="on-receipt")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--timeout", type=click.FloatRange(1), default=200.0, show_default=True, help="Seconds.")
def demo(
    once: bool, as_json: bool, state: Path | None, letters: Path | None, count: int, cvrs: int, inbox: str,
    kills: int, fault: str | None, removal: str, seed: int, timeout: float,
) -> None:  # fmt: skip
    """Simulator, pretend mail server and Nemboks together on this machine: letters travel while you watch."""
    if missing := [name for name in OF_SIMULATOR if find_spec(name) is None]:
        words = f"{', '.join(missing)} missing. Install the simulator's packages: pip install 'nemboks[sim]'"
        click.echo(words, err=True)
        sys.exit(CONFIGURATION)
    files = _files(letters)
    quiet_environment()
    for number in LEAVE[1:]:
        signal.signal(number, lambda number, _: sys.exit(128 + number))  # by the way out: our processes end with us
    with ExitStack() as stack:
        folder = state or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nemboks-demo-")))
        folder.mkdir(parents=True, exist_ok=True)
        world = World(folder.resolve(), cvrs, "rest" if letters else inbox, removal, seed)
        round_ = Round(world, files, count, kills, seed, endless=not once and not letters)
        try:
            stack.enter_context(world)
            if fault == "help":
                _show_faults(world)
                return
            round_.begin(fault, removal)
            if not once:
                run_live(round_, Console(stderr=as_json))
            result = run_once(round_, timeout)
        except click.ClickException:
            raise
        except KeyboardInterrupt:
            sys.exit(130 if once else 0)
        except Exception as error:
            result = _broken(round_, error)
    if once:
        _print(result, as_json)
    sys.exit(0 if result["ok"] else 1)


def _broken(round_: Round, error: Exception) -> Item:
    """The result of a run that could not go on: what is known, never `ok`; the error is told on standard error."""
    if isinstance(error, DaemonEnded):
        click.echo(f"the daemon ended by itself; see {round_.world.state / 'daemon.log'}", err=True)
    else:
        click.echo("".join(traceback.format_exception(error)).rstrip(), err=True)
    try:
        ends = round_.ends()
    except Exception:  # the simulator is gone too, or never came
        ends = Ends.of()
    return round_.judged(ends, whole=False)


def _print(result: Item, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(result))  # in ASCII: one line for every reader, in every locale
        return
    for key, value in result.items():
        if key != "letters":
            click.echo(f"{key:<20} {value}")


def main() -> None:
    """Entry point of `python -m nemboks.cli.demo`: the command, with the program's own ways to end."""
    from nemboks.cli.main import program  # late: the program imports its commands when they are used

    program.main(["demo", *sys.argv[1:]])


if __name__ == "__main__":
    main()
