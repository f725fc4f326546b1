"""How every command is asked and answers: the shared options, JSON or text, Danish or English.

Promises: what was asked for goes to stdout, everything else to stderr; with `--json` stdout carries one JSON object
and nothing else; strangers' words cannot steer the terminal; no colour where nobody sees it.
"""

import asyncio
import json
import os
import pwd
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from nemboks.content.texts import clean, danish, date_words
from nemboks.desk.access import Asking
from nemboks.desk.words import Item, Lang, Words, plain

if TYPE_CHECKING:  # the settings bring pydantic, which takes longer than a help text may
    from nemboks.settings import Settings
    from nemboks.store.store import Store

T = TypeVar("T")
DEFAULT_CONFIG: Final = Path("/etc/nemboks/nemboks.toml")
Row = tuple[Sequence[str], *tuple[str, ...]]  # cells, and notes that stand on lines of their own


@dataclass(frozen=True)
class Call:
    """How a command was called."""

    config: Path | None
    as_json: bool
    lang: Lang

    @property
    def config_file(self) -> Path | None:
        """The settings file: the one that was named, or the usual one if it is there."""
        return self.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)

    def settings(self) -> "Settings":
        """The settings. SettingsError."""
        from nemboks.settings import load

        return load(self.config_file)

    def with_store(self, work: Callable[["Store"], Awaitable[T]]) -> T:
        """What `work` brings from the store, opened beside a daemon that may run. StoreError, SettingsError."""
        from nemboks.wiring import open_store

        settings = self.settings()

        async def run() -> T:
            store = open_store(settings, threaded=False)
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(run())

    def answer(self, schema: str, values: Item, text: Callable[[], object], ok: bool = True) -> None:
        """Print the answer: one JSON object, or what `text` prints."""
        if self.as_json:
            click.echo(as_json({"schema": f"nemboks.{schema}/1", "ok": ok, **plain(values)}))
        else:
            text()

    def say(self, words: Words) -> None:
        """Tell the person at the terminal; never part of the answer."""
        click.echo(words.to(self.lang), err=True)

    def word(self, da: str, en: str) -> str:
        return Words(da, en).to(self.lang)


class Group(click.Group):
    """A group whose help says in a whole sentence what each command is for; click would cut it."""

    group_class = type  # of groups within it too

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.commands[name].get_short_help_str(200)) for name in sorted(self.commands)])


def options(command: Callable[..., T]) -> Callable[..., T]:
    """The command with --config, --json and --lang; it is handed one Call first."""

    @click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="NEMBOKS_CONFIG",
        show_envvar=True,
        help=f"The settings file; {DEFAULT_CONFIG} if it is there.",
    )
    @click.option("--json", "as_json", is_flag=True, help="Answer with one JSON object.")
    @click.option(
        "--lang", type=click.Choice(["da", "en"]), default="da", show_default=True, is_eager=True, help="Language."
    )
    @wraps(command)
    def called(*args: Any, config: Path | None, as_json: bool, lang: str, **rest: Any) -> T:
        return command(Call(config, as_json, Lang(lang)), *args, **rest)

    return called


def acting(command: Callable[..., T]) -> Callable[..., T]:
    """The command with `options` and --as; after the Call it is handed who asks."""

    @options
    @click.option("--as", "person", default="", metavar="PERSON", help="Act as this person; the history names both.")
    @wraps(command)
    def called(call: Call, *args: Any, person: str, **rest: Any) -> T:
        return command(call, Asking(operator(), person), *args, **rest)

    return called


def operator() -> str:
    """Who is at the keyboard, as the history names them; behind sudo the person, not root."""
    uid = os.getuid()
    name = os.environ.get("SUDO_USER", "") if uid == 0 else ""
    if not name:
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:  # a container's numeric user
            name = f"uid {uid}"
    return f"{clean(name, 64)} (operator)"


def as_json(values: Item) -> str:
    """The values as JSON on one line; letters as they are, whatever could steer a terminal as its escape."""
    # json escapes U+0000 to U+001F only; a terminal also obeys U+0080 to U+009F.
    text = json.dumps(values, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in text)


def table(columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Print rows under their columns, each with its notes beneath. Nothing is cut, however narrow the terminal."""
    cells = [list(columns), *([clean(cell, 60) for cell in row] for row, *_ in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    line(lines[0], bold=True)
    beneath: list[str] = []
    for text, (_, *notes) in zip(lines[1:], rows, strict=True):
        beneath += [text, *(f"    {note}" for note in notes if note)]
    if beneath:  # at once: thousands of mailboxes have thousands of lines
        click.echo("\n".join(map(_steady, beneath)))


def line(text: str, bold: bool = False) -> None:
    """Print one line; signs that could steer the terminal become blanks."""
    shown = _steady(text)
    click.echo(click.style(shown, bold=True) if bold and "NO_COLOR" not in os.environ else shown)


def _steady(text: str) -> str:
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


def when(at: datetime | None, lang: Lang = Lang.DA) -> str:
    """21-11-2026 kl. 14.05.12, Danish time, in English 21-11-2026 at 14:05:12; a dash for none."""
    return f"{date_words(at, lang)}{'.' if lang is Lang.DA else ':'}{danish(at).second:02}" if at else "–"


def minute(at: datetime | None, lang: Lang = Lang.DA) -> str:
    """21-11-2026 kl. 14.05, Danish time, in English 21-11-2026 at 14:05; a dash for none."""
    return date_words(at, lang) if at else "–"


def age(seconds: float | None) -> str:
    """A length of time in its largest unit: 41 s, 12 min, 3 t, 2 d; a dash for none."""
    if seconds is None:
        return "–"
    for size, unit in ((86_400, "d"), (3_600, "t"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def spaced(cvr: str) -> str:
    """12 34 56 78, as people write it."""
    return " ".join(cvr[i : i + 2] for i in range(0, 8, 2))
