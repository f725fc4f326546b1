"""The demo as people watch it: a table on a terminal, a line for every change elsewhere."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from nemboks.cli.demo_ends import Ends, Item, finished
from nemboks.cli.demo_letters import Posted
from nemboks.desk.reasons import meaning
from nemboks.desk.words import STATES
from nemboks.domain.letter import State

SHOWN = 25  # letters in the table: the newest
COLOURS = {State.ACKNOWLEDGED: "green", State.HELD: "yellow"}
UNSURE = "uncertain"


class Screen:
    """What is on the screen; `show` brings it up to date."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._told: dict[int, str] = {}

    def __enter__(self) -> "Screen":
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def show(self, rows: Sequence[Posted], ends: Ends, seconds: float) -> None:
        """Nothing; the screen shows the letters as they are now, `seconds` after the beginning."""
        if self._live:
            self._live.update(_table(rows, ends, seconds), refresh=True)
            return
        for number, posted in enumerate(rows, 1):
            cells = _cells(posted, ends)
            if self._told.get(number) != cells[2]:
                self._told[number] = cells[2]
                line = f"{seconds:6.1f} s  brev {number:<4} {'  '.join(x for x in cells if x)}"
                self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def _table(rows: Sequence[Posted], ends: Ends, seconds: float) -> Table:
    table = Table(title="Nemboks: brevenes vej (Ctrl-C stopper)", expand=True)
    for name in ("brev", "CVR", "afsender", "tilstand", "sekunder"):
        table.add_column(name, no_wrap=True)
    for number, posted in _newest(rows):
        cvr, sender, state, took = (escape(x) for x in _cells(posted, ends))
        row = _row(posted, ends)
        colour = COLOURS.get(State(row["state"]), "white") if row else "white"
        table.add_row(str(number), cvr, sender, f"[{colour}]{state}[/]", took)
    done = sum(bool((letter := ends.letter(x)) and finished(letter)) for x in rows)
    table.caption = f"{len(rows)} breve, {done} leveret og kvitteret, {seconds:.0f} s"
    return table


def _newest(rows: Sequence[Posted]) -> Iterator[tuple[int, Posted]]:
    yield from reversed(list(enumerate(rows, 1))[-SHOWN:])


def _row(posted: Posted, ends: Ends) -> Item | None:
    letter = ends.letter(posted)
    return ends.row(letter) if letter else None


def _cells(posted: Posted, ends: Ends) -> tuple[str, str, str, str]:
    """CVR, sender, state and seconds from available to confirmed, in the words that people read (UX.md 4)."""
    letter, row = ends.letter(posted), _row(posted, ends)
    sender = "".join(x if x.isprintable() else " " for x in letter["sender"][:40]) if letter else ""
    if row is None:
        return posted.cvr, sender, "I Digital Post" if posted.accepted else "Afvist af Digital Post", ""
    words = "Usikker" if row["reason"] == UNSURE else STATES[State(row["state"])].da
    if row["reason"]:
        words += f": {meaning(row['reason']).text.da}"
    return posted.cvr, sender, words, "" if row["seconds"] is None else f"{row['seconds']:.1f}"
