"""`nemboks config check` tells what stands in the way of a start, and what would fail only when it is needed.

Never asks a neighbour and changes nothing. A fault ends it with 78; a warning alone does not.
"""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from nemboks.cli.config_files import certificate_days, certificates, mail_faults, missing, names, upstream_faults
from nemboks.cli.errors import CONFIGURATION
from nemboks.cli.output import Call, Group, line, options
from nemboks.desk.words import Item
from nemboks.domain.doors import RENEW_DAYS
from nemboks.domain.mailbox import DIRECT, Address, Cvr, Mailbox

if TYPE_CHECKING:
    from nemboks.settings import Settings
    from nemboks.store.store import Store


@click.group(
    cls=Group,
    epilog="""\b
Example:
  nemboks config check --config nemboks.toml""",
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
    from nemboks.settings import SettingsError

    faults, warnings = [], []
    try:
        settings = call.settings()
    except SettingsError as error:
        faults = [_item("settings", words) for words in str(error).splitlines()]
    else:
        stored: list[Mailbox] = []
        faults = [_item(*fault) for fault in _faults(settings, stored)]
        warnings = [_item(*warning) for warning in _warnings(settings, stored)]
    call.answer(
        "config",
        {"file": str(call.config_file or ""), "items": faults, "warnings": warnings},
        lambda: _show(call, faults, warnings),
        ok=not faults,
    )
    if faults:
        sys.exit(CONFIGURATION)


def _item(setting: str, words: str) -> Item:
    return {"id": setting, "setting": setting, "words": words}


def _show(call: Call, faults: Sequence[Item], warnings: Sequence[Item]) -> None:
    for fault in faults:
        line(f"{fault['setting']}: {fault['words']}")
    if not faults:
        line(call.word("Indstillingerne er i orden.", "The settings are in order."))
    for warning in warnings:
        line(f"{call.word('Bemærk', 'Note')} – {warning['setting']}: {warning['words']}")


def _faults(settings: "Settings", stored: list[Mailbox]) -> Iterator[tuple[str, str]]:
    """Each setting that would stop a start or a letter, with what is wrong; the store's mailboxes go into `stored`."""
    yield from _store_faults(settings, stored)
    yield from upstream_faults(settings, {box.inbox for box in settings.mailboxes} | {box.face for box in stored})
    for known in stored:
        for server in {known.route.server, *(one.server for one in known.route.others)} - {DIRECT, *settings.servers}:
            yield f"mailbox {known.cvr}", f"its letters go to [servers.{server}], which is not there"
    if settings.environment == "production" and settings.sender.address.endswith(".example"):
        yield "sender.address", "is still the example's; write the service's own address"
    direct = DIRECT in {box.server for box in settings.mailboxes} | {box.route.server for box in stored}
    if not settings.servers and not direct:
        yield "servers", "there is no [servers.NAME], and no mailbox goes direct: nobody takes the letters"
    yield from mail_faults(settings)
    for box in settings.mailboxes:
        for read in (box.credentials, box.options, box.others):
            yield from missing(f"mailboxes.{box.cvr}", read)
    for setting, reader, pem in certificates(settings):
        if isinstance(why := names(pem), str):
            yield setting, f"the certificate of {reader}: {why}"


def _warnings(settings: "Settings", stored: Sequence[Mailbox]) -> Iterator[tuple[str, str]]:
    """What is used as it stands, but would not do when it is needed (UX.md 7; D8)."""
    boxes = {
        **{str(box.cvr): (box.route.address, box.route.server, box.options.second_contact, box.options.landing)
           for box in stored},
        **{box.cvr: (Address(box.address), box.server, box.second_contact, box.landing)
           for box in settings.mailboxes},
    }  # fmt: skip
    for cvr, (address, name, contact, landing) in boxes.items():
        if contact and Address(contact).domain == address.domain:
            yield f"mailbox {cvr}", f"second_contact is at {address.domain} too: when that fails, neither is reached"
        server = settings.servers.get(name)
        relays = server is not None and server.confirms == "relay" and not server.relay_trusted_by
        if relays and not landing and not settings.returns:
            words = (
                "is a relay, and there is neither a landing nor [returns]: nothing confirms its letters, each is held"
            )
            yield f"mailbox {cvr}", f"[servers.{name}] {words}"
    for box in settings.mailboxes:
        if Cvr(box.cvr).doubtful:
            yield f"mailbox {box.cvr}", "the check digit of the CVR number does not fit: see whether it is typed right"
    yield from _server_warnings(settings)
    days = certificate_days(settings)
    if days is not None and 0 <= days <= RENEW_DAYS:
        left = "1 day" if days == 1 else f"{days} days"
        yield "upstream.client_cert_file", f"ends in {left}: install its successor before, or no post is fetched"
    for setting, reader, pem in certificates(settings):
        made_for = names(pem)
        if made_for and not isinstance(made_for, str) and reader.lower() not in made_for:
            yield setting, f"the certificate of {reader} was made for {', '.join(made_for)}"


def _server_warnings(settings: "Settings") -> Iterator[tuple[str, str]]:
    """Whether the database server may lose what was committed when another takes over (RELIABILITY D05)."""
    from nemboks.settings import SettingsError
    from nemboks.store.errors import StoreError
    from nemboks.wiring import survives_failover

    try:
        safe = survives_failover(settings)
    except (StoreError, SettingsError):  # told already
        return
    if not safe:
        words = (
            "has no synchronous standby (synchronous_standby_names): when another server takes over, a new route, a "
            "pause or a redirection may be lost, and letters go where they went before"
        )
        yield "store.url", words


def _store_faults(settings: "Settings", stored: list[Mailbox]) -> Iterator[tuple[str, str]]:
    """The store's faults; the mailboxes that it holds and that are served go into `stored`."""
    from nemboks.settings import SettingsError
    from nemboks.store.errors import StoreError, VaultError
    from nemboks.store.vault import Vault
    from nemboks.wiring import open_store

    try:
        vault = Vault.load(settings.master_key_file)
    except VaultError as error:
        yield "master_key_file", str(error)
        return
    try:
        stored += [box for box in asyncio.run(_mailboxes(open_store(settings, vault))) if box.paused_at is None]
    except StoreError as error:
        yield "store.url" if settings.store.shared else "state_dir", str(error)
    except SettingsError as error:
        yield "store.url" if settings.store.shared else "state_dir", str(error)


async def _mailboxes(store: "Store") -> Sequence[Mailbox]:
    try:
        return await store.mailboxes.all()
    finally:
        await store.close()
