"""`nemboks init` makes what a first start needs; `nemboks config check` tells what still stands in its way.

Never writes over anything: what is there stays, what is missing is made. Never makes a new master key beside a
database that was sealed with another one.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nemboks.cli.errors import CONFIGURATION
from nemboks.cli.output import DEFAULT_CONFIG, Call, line, options
from nemboks.desk.words import Item, Words
from nemboks.domain.mailbox import DIRECT, Address, Mailbox

if TYPE_CHECKING:
    from nemboks.settings import Settings
    from nemboks.settings.mail import Box
    from nemboks.store.store import Store


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
    from nemboks.wiring import open_store

    key, database = settings.master_key_file, settings.database
    new_directory, new_key, new_database = (not path.exists() for path in (settings.state_dir, key, database))
    if new_key and not new_database:
        raise SettingsError(
            f"master key {key} is missing, and {database} is sealed with it. Restore your copy of the key"
        )
    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if new_key:
        key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        Vault.create(key)
    asyncio.run(open_store(settings, threaded=False).close())
    return [
        _item("directory", settings.state_dir, new_directory),
        _item("key", key, new_key),
        _item("database", database, new_database),
    ]


def _item(what: str, path: Path, made: bool) -> Item:
    return {"what": what, "path": str(path), "made": made}


def _show_made(call: Call, made: list[Item], steps: list[str]) -> None:
    for item in made:
        word = call.word("lavet", "made") if item["made"] else call.word("var der i forvejen", "was there already")
        line(f"{WHAT[item['what']].to(call.lang) + ':':<16}{item['path']} ({word})")
    line("")
    line(call.word("Nu:", "Next:"), bold=True)
    for number, step in enumerate(steps, 1):
        line(f"  {number}. {step}")


@click.group(
    epilog="""\b
Example:
  nemboks config check --config nemboks.toml"""
)
def config() -> None:
    """Check the settings before a start."""


@config.command(
    epilog="""\b
Examples:
  nemboks config check
  nemboks config check --config nemboks.toml --json"""
)
@options
def check(call: Call) -> None:
    """Read settings, key, store and every file they name, and tell each fault. Asks no neighbour."""
    faults = [{"id": setting, "setting": setting, "words": words} for setting, words in _faults(call)]
    call.answer(
        "config",
        {"file": str(call.config_file or ""), "items": faults},
        lambda: _show_faults(call, faults),
        ok=not faults,
    )
    if faults:
        sys.exit(CONFIGURATION)


def _show_faults(call: Call, faults: list[Item]) -> None:
    for fault in faults:
        line(f"{fault['setting']}: {fault['words']}")
    if not faults:
        line(call.word("Indstillingerne er i orden.", "The settings are in order."))


def _faults(call: Call) -> Iterator[tuple[str, str]]:
    from nemboks.settings import SettingsError

    try:
        settings = call.settings()
    except SettingsError as error:
        for words in str(error).splitlines():
            yield "settings", words
        return
    stored: list[Mailbox] = []
    yield from _store_faults(settings, stored)
    yield from _upstream_faults(settings, {box.inbox for box in settings.mailboxes} | {box.face for box in stored})
    for known in stored:
        for server in {known.route.server, *(one.server for one in known.route.others)} - {DIRECT, *settings.servers}:
            yield f"mailbox {known.cvr}", f"its letters go to [servers.{server}], which is not there"
    if settings.environment == "production" and settings.sender.address.endswith(".example"):
        yield "sender.address", "is still the example's; write the service's own address"
    direct = DIRECT in {box.server for box in settings.mailboxes} | {box.route.server for box in stored}
    if not settings.servers and not direct:
        yield "servers", "there is no [servers.NAME], and no mailbox goes direct: nobody takes the letters"
    yield from _mail_faults(settings)
    for box in settings.mailboxes:
        for read in (box.credentials, box.options, box.others):
            yield from _missing(f"mailboxes.{box.cvr}", read)


def _store_faults(settings: "Settings", stored: list[Mailbox]) -> Iterator[tuple[str, str]]:
    """The store's faults; the mailboxes that it holds and that are served go into `stored`."""
    from nemboks.store.errors import StoreError, VaultError
    from nemboks.store.vault import Vault
    from nemboks.wiring import open_store

    try:
        vault = Vault.load(settings.master_key_file)
    except VaultError as error:
        yield "master_key_file", str(error)
        return
    if not settings.database.exists():
        yield "state_dir", f"there is no database {settings.database}; `nemboks init` makes one"
        return
    try:
        stored += [box for box in asyncio.run(_mailboxes(open_store(settings, vault))) if box.paused_at is None]
    except StoreError as error:
        yield "state_dir", str(error)


async def _mailboxes(store: "Store") -> Sequence[Mailbox]:
    try:
        return await store.mailboxes.all()
    finally:
        await store.close()


def _upstream_faults(settings: "Settings", doors: Collection[str]) -> Iterator[tuple[str, str]]:
    upstream = settings.upstream
    for name in ("rest_ca_file", "client_cert_file", "client_key_file", "imap_ca_file"):
        file: Path | None = getattr(upstream, name)
        if file is None and "rest" in doors and name.startswith("client_"):
            yield f"upstream.{name}", "is missing: inbox = rest needs our certificate and its key"
        yield from _unreadable(f"upstream.{name}", file)
    if "imap" in doors and not upstream.imap_host:
        yield "upstream.imap_host", "is missing: a mailbox has inbox = imap"


def _mail_faults(settings: "Settings") -> Iterator[tuple[str, str]]:
    """Whatever of the mail's settings names a file, or a secret in one."""
    from nemboks.settings.mail import Server, Webhook

    named: list[tuple[str, Server | Box | Webhook]] = [
        *((f"servers.{name}", server) for name, server in settings.servers.items()),
        *((f"landings.{name}", box) for name, box in settings.landings.items()),
        *((f"webhooks.{name}", hook) for name, hook in settings.webhooks.items()),
        *([("returns", settings.returns)] if settings.returns else []),
    ]
    for name, one in named:
        yield from _unreadable(f"{name}.ca_file", one.ca_file)
        yield from _missing(name, one.key if isinstance(one, Webhook) else one.secret)
        if isinstance(one, Server) and one.oauth:
            yield from _missing(f"{name}.oauth", one.oauth.secrets)
    yield from _unreadable("direct.ca_file", settings.direct.ca_file)
    yield from _key_faults(settings)


def _key_faults(settings: "Settings") -> Iterator[tuple[str, str]]:
    """Our DKIM key's faults."""
    from nemboks.content import dkim

    file = settings.sender.dkim_key_file
    if file is None:
        return
    try:
        dkim.Signer.load(file.read_bytes(), Address(settings.sender.address).domain, settings.sender.dkim_selector)
    except OSError as error:
        yield "sender.dkim_key_file", f"{file} cannot be read ({error.strerror})"
    except ValueError as error:
        yield "sender.dkim_key_file", str(error)


def _missing(setting: str, read: Callable[[], object]) -> Iterator[tuple[str, str]]:
    from nemboks.settings import SettingsError

    try:
        read()
    except SettingsError as error:
        yield setting, str(error)


def _unreadable(setting: str, file: Path | None) -> Iterator[tuple[str, str]]:
    if file is not None and not os.access(file, os.R_OK):
        yield setting, f"{file} cannot be read"
