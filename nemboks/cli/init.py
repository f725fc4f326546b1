"""`nemboks init` makes what a first start needs.

Never writes over anything: what is there stays, what is missing is made. Never makes a new master key beside a
database that was sealed with another one.
"""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nemboks.cli.output import DEFAULT_CONFIG, Call, line, options
from nemboks.desk.words import Item, Words
from nemboks.domain.mailbox import Address

if TYPE_CHECKING:
    from nemboks.settings import Settings


WHAT: Final = {
    "settings": Words("Indstillinger", "Settings"),
    "directory": Words("Mappe", "Directory"),
    "key": Words("Nøgle", "Key"),
    "database": Words("Database", "Database"),
}


@click.command(
    epilog="""\b
Examples:
  nemboks init
  nemboks init --config nemboks.toml --sender post@nemboks.dk --no-input"""
)
@click.option("--state-dir", type=click.Path(file_okay=False, path_type=Path), help="Where the database and spool lie.")
@click.option("--sender", help="The service's own mail address; our mails come from it.")
@click.option("--no-input", is_flag=True, help="Ask nothing; take the defaults.")
@options
def init(call: Call, state_dir: Path | None, sender: str | None, no_input: bool) -> None:
    """Make the settings file, the master key, the state directory and the database. Overwrites nothing."""
    file = call.config or DEFAULT_CONFIG
    made = [_item("settings", file, not file.exists())]
    if not file.exists():
        _write_settings(call, file, state_dir, sender, ask=not no_input)
    settings = Call(file, call.as_json, call.lang).settings()
    made += _make_state(call, settings)
    steps = [
        call.word("gem en kopi af nøglen et andet sted", "keep a copy of the key elsewhere"),
        call.word(
            f"skriv mailserverne ind under [servers] i {file}", f"write the mail servers under [servers] in {file}"
        ),
        f"nemboks config check --config {file}",
        f"nemboks cvr add CVR --config {file} …",
        f"nemboks run --config {file}",
    ]
    call.answer("init", {"items": made, "next": steps}, lambda: _show_made(call, made, steps))


def _write_settings(call: Call, file: Path, state_dir: Path | None, sender: str | None, ask: bool) -> None:
    from nemboks.cli.example import example
    from nemboks.settings import Settings

    usual = Settings.model_fields["state_dir"].default if file == DEFAULT_CONFIG else file.resolve().parent / "state"
    if ask and state_dir is None:
        question = call.word("Mappe til database og mellemlager", "Directory of database and spool")
        state_dir = click.prompt(question, default=usual, type=click.Path(file_okay=False, path_type=Path), err=True)
    if ask and sender is None:
        sender = click.prompt(call.word("Tjenestens egen mailadresse", "The service's own mail address"), err=True)
    if sender is not None:
        try:
            sender = Address(sender)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--sender") from error
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w") as opened:
        opened.write(example((state_dir or usual).absolute(), sender or ""))


def _make_state(call: Call, settings: "Settings") -> list[Item]:
    """The state directory, the key and the database: made where they are missing."""
    from nemboks.settings import SettingsError
    from nemboks.store.vault import Vault
    from nemboks.wiring import has_ledger, open_store

    key = settings.master_key_file
    new_directory, new_key = not settings.state_dir.exists(), not key.exists()
    new_database = not has_ledger(settings)
    if new_key and not new_database:
        raise SettingsError(
            f"master key {key} is missing, and {_ledger(settings)} is sealed with it. Restore your copy of the key"
        )
    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if new_key:
        key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        Vault.create(key)
    asyncio.run(open_store(settings, new=True).close())
    return [
        _item("directory", settings.state_dir, new_directory),
        _item("key", key, new_key),
        _item("database", _ledger(settings), new_database),
    ]


def _ledger(settings: "Settings") -> str:
    return "the database of store.url" if settings.store.shared else str(settings.database)


def _item(what: str, path: Path | str, made: bool) -> Item:
    return {"what": what, "path": str(path), "made": made}


def _show_made(call: Call, made: list[Item], steps: list[str]) -> None:
    for item in made:
        word = call.word("lavet", "made") if item["made"] else call.word("var der i forvejen", "was there already")
        line(f"{WHAT[item['what']].to(call.lang) + ':':<16}{item['path']} ({word})")
    line("")
    line(call.word("Nu:", "Next:"), bold=True)
    for number, step in enumerate(steps, 1):
        line(f"  {number}. {step}")
