"""`./x demo`: a letter's whole way on this machine, live; with `--once --json` one round, judged from both ends."""

import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table

from nemboks.cli import demo_oracle as oracle
from nemboks.cli.demo_letters import Post, Posted
from nemboks.cli.demo_world import World, quiet_environment

STEP = 0.1  # seconds between two looks at what is due
LOOK = 0.5  # seconds between two looks at both ends
KILL_AFTER = (0.7, 2.8)  # a daemon lives this long before it is killed: from its start-up to full work


class DaemonEnded(Exception):
    """It ended by itself, which it never should."""


class Round:
    """One run of the demo: posting, killing, watching, until everything is settled or time is up."""

    def __init__(self, world: World, files: Sequence[Path], count: int, kills: int, seed: int, endless: bool) -> None:
        self.world, self.files, self.endless = world, files, endless
        self.chance = random.Random(seed)  # noqa: S311 - a demo is to be repeatable
        self.seed, self.kills = seed, kills
        self.total = len(files) or count
        self.began = time.monotonic()
        self.rows: list[Posted] = []
        self.post = self._register()
        self.forever: oracle.Forever | None = None
        self._kill_at = self._next_kill() if kills else None
        self._post_at = self.began

    def _register(self) -> Post:
        """Every company that a letter is meant for has a mailbox before the daemon starts."""
        companies = self.world.ask("companies")
        rest = [x["cvr"] for x in companies if x["face"] == "rest"]
        if self.files and not rest:
            rest = [self.world.tell("companies", face="rest")["cvr"]]
        post = Post(self.world, rest[0] if rest else "")
        known = {x["cvr"] for x in companies}
        for file in self.files:
            cvr = post.recipient_of(file.read_bytes())
            if cvr and cvr not in known:
                self.world.tell("companies", cvr=cvr, face="rest")
                known.add(cvr)
        self.cvrs = [x["cvr"] for x in companies]
        return post

    def _next_kill(self) -> float:
        return time.monotonic() + self.chance.uniform(*KILL_AFTER)

    def step(self) -> None:
        """Do what is due now: a kill, a restart, a letter."""
        now = time.monotonic()
        if self._kill_at and now >= self._kill_at:
            self.world.kill_daemon()
            self.world.start_daemon()
            self._kill_at = self._next_kill() if self.world.kills < self.kills else None
        if self.world.daemon_died():
            click.echo(f"the daemon ended by itself; see {self.world.state / 'daemon.log'}", err=True)
            raise DaemonEnded
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

    def ends(self) -> oracle.Ends:
        """One look at both ends; the ledger first, so that it never knows more than the ends."""
        world = self.world
        ledger, troubles = world.ledger()
        return oracle.Ends.of(world.ask("letters"), world.ask("mails"), world.ask("companies"), ledger, troubles)

    def settled(self, ends: oracle.Ends) -> bool:
        return all(oracle.settled(x, ends, self.forever) for x in self.rows)


def table_of(rows: Sequence[Posted], ends: oracle.Ends, began: float) -> Table:
    """The live picture: the newest letters on top."""
    table = Table(title="Nemboks – brevenes vej (Ctrl-C stopper)", expand=True)
    for name in ("brev", "CVR", "afsender", "tilstand", "sekunder"):
        table.add_column(name, no_wrap=True)
    for number, posted in reversed(list(enumerate(rows[-25:], max(1, len(rows) - 24)))):
        letter = ends.letter(posted)
        row = ends.row(letter) if letter else None
        state = row["state"] if row else ("REJECTED_UPSTREAM" if not posted.accepted else "i Digital Post")
        seconds = "" if not row or row["seconds"] is None else f"{row['seconds']:.1f}"
        colour = {"ACKNOWLEDGED": "green", "HELD": "yellow"}.get(state, "white")
        reason = f" ({row['reason']})" if row and row["reason"] else ""
        sender = letter["sender"] if letter else ""
        table.add_row(str(number), posted.cvr, sender[:40], f"[{colour}]{state}{reason}[/]", seconds)
    done = sum(bool(x.accepted and (y := ends.letter(x)) and oracle.finished(y)) for x in rows)
    table.caption = f"{len(rows)} breve, {done} leveret og kvitteret, {time.monotonic() - began:.0f} s"
    return table


def run_once(round_: Round, timeout: float) -> dict[str, object]:
    """Post, kill and watch until everything is settled; the judged result, also when time runs out."""
    end = round_.began + timeout
    look_at, ended = 0.0, False
    while time.monotonic() < end:
        try:
            round_.step()
        except DaemonEnded:
            ended = True
            break
        if round_.all_posted() and time.monotonic() >= look_at:
            ends = round_.ends()
            if round_.settled(ends):
                break
            look_at = time.monotonic() + LOOK
        time.sleep(STEP if not round_.all_posted() else LOOK)
    seconds = time.monotonic() - round_.began
    result = oracle.judge(round_.rows, round_.ends(), round_.forever, round_.world.kills, seconds)
    whole = round_.all_posted() and not ended  # what was never posted is in no count
    return result | {"ok": result["ok"] and whole}


def run_live(round_: Round, console: Console) -> None:
    """Letters until Ctrl-C."""
    look_at, ends = 0.0, round_.ends()
    with Live(console=console, auto_refresh=False) as live:
        while True:
            round_.step()
            if time.monotonic() >= look_at:
                ends = round_.ends()
                live.update(table_of(round_.rows, ends, round_.began), refresh=True)
                look_at = time.monotonic() + LOOK
            time.sleep(STEP)


def _fault(world: World, name: str, count: int, removal: str) -> oracle.Forever | None:
    """Switch the fault on; brings what its never healing leads to, None if it heals or cannot show."""
    base, _, forever = name.partition(":")
    known = {x["name"]: x for x in world.ask("faults")}
    if base not in known or forever not in ("", "forever"):
        raise click.UsageError(f"there is no fault {name!r}; --fault help lists them")
    times = None if forever else max(1, min(10, count // 6))
    world.tell("faults", name=base, times=times)
    fault = known[base]
    if not forever or removal not in fault["removals"]:
        return None
    return oracle.Forever(fault["expect_forever"], fault["faces"], fault["servers"])


def _show_faults(world: World) -> None:
    for x in world.ask("faults"):
        click.echo(f"{x['name']:<26} {x['what']}")


@click.command(
    epilog="""\b
Examples:
  nemboks demo                                    live, until Ctrl-C
  nemboks demo --once --json --count 60 --kill 3  one round, judged
  nemboks demo --fault help                       what can go wrong"""
)
@click.option("--once", is_flag=True, help="Post, wait until all is settled, judge, exit.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object on the last line.")
@click.option("--state", type=click.Path(file_okay=False, path_type=Path), help="Keep everything in this folder.")
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
    quiet_environment()
    with ExitStack() as stack:
        folder = state or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nemboks-demo-")))
        folder.mkdir(parents=True, exist_ok=True)
        world = World(folder.resolve(), cvrs, "rest" if letters else inbox, removal, seed)
        stack.callback(world.close)
        if fault == "help":
            _show_faults(world)
            return
        files = sorted(x for x in letters.glob("*.xml") if x.is_file()) if letters else []
        if letters and not files:
            raise click.UsageError(f"{letters} has no *.xml files")
        round_ = Round(world, files, count, kills, seed, endless=not once and not letters)
        if fault:
            round_.forever = _fault(world, fault, round_.total, removal)
        world.write_config()
        world.start_daemon()
        if not once:
            console = Console(stderr=as_json)
            run_live(round_, console)
            return
        result = run_once(round_, timeout)
    _print(result, as_json)
    sys.exit(0 if result["ok"] else 1)


def _print(result: dict[str, object], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    for key, value in result.items():
        if key != "letters":
            click.echo(f"{key:<20} {value}")


def main() -> None:
    """Entry point of `python -m nemboks.cli.demo`."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # by the way out: our processes end with us
    try:
        demo(standalone_mode=False)
    except click.ClickException as e:
        e.show()
        sys.exit(e.exit_code)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(130 if "--once" in sys.argv else 0)
    except DaemonEnded:
        sys.exit(1)


if __name__ == "__main__":
    main()
