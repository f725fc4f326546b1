"""`nemboks address`: look at addresses and servers before a letter is at risk; what is known of domains; our own."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from nemboks.cli.errors import ATTENTION, FAILED
from nemboks.cli.kinds import in_words
from nemboks.cli.letters import CvrType
from nemboks.cli.output import Call, Group, acting, line, minute, options
from nemboks.desk import addresses as desk
from nemboks.desk import preflight as looks
from nemboks.desk.access import Asking
from nemboks.desk.errors import NotFound
from nemboks.desk.words import Item, Words
from nemboks.domain.mailbox import DIRECT, Address, Cvr

if TYPE_CHECKING:
    from nemboks.journey.preflight import Place
    from nemboks.journey.world import Checking
    from nemboks.settings import Settings
    from nemboks.store.store import Store
    from nemboks.wiring.mail import MailRoom

EXITS = {looks.OK: 0, looks.WARNING: ATTENTION, looks.FAULT: FAILED}


class AddressType(click.ParamType[Address]):
    """An e-mail address on the command line."""

    name = "address"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        try:
            return Address(str(value))
        except ValueError as error:
            self.fail(in_words(ctx, _not_an_address(str(value)), str(error)), param, ctx)


def _not_an_address(text: str) -> str:
    local, at, _ = text.partition("@")
    if at and not local.isascii():
        return f"{text!r}: andre tegn end a-z før @ når kun få mailservere; brug en anden adresse"
    return f"{text!r} er ikke en mailadresse, som der kan sendes til; skriv den som navn@firma.dk"


class DomainType(click.ParamType[str]):
    """A domain's name on the command line."""

    name = "domain"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return desk.domain_name(str(value))
        except ValueError:
            self.fail(f"{value!r} is no domain; write it as company.dk", param, ctx)


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  nemboks address verify
  nemboks address verify post@bageriet.dk --server direct
  nemboks address set 13748136 kontor@bageriet.dk --as anna
  nemboks address list""",
)
def address() -> None:
    """Look at addresses before a letter is at risk; change where letters go."""


@address.command(
    epilog="""\b
Examples:
  nemboks address verify
  nemboks address verify post@bageriet.dk
  nemboks address verify post@bageriet.dk --server direct --json
  nemboks address verify --cvr 13748136

\b
Exit codes: 0 all is fine, 5 warnings only, 1 faults."""
)
@click.argument("addresses", nargs=-1, type=AddressType(), metavar="[ADDRESS]...")
@click.option("--cvr", type=CvrType(), help="All addresses of this mailbox.")
@click.option("--all", "every", is_flag=True, help="All addresses of all mailboxes; so too when nothing is named.")
@click.option("--server", help=f"What takes the mails: a name in [servers], or {DIRECT}.")
@options
def verify(call: Call, addresses: tuple[Address, ...], cvr: Cvr | None, every: bool, server: str | None) -> None:
    """Look at addresses as a delivery would, without sending a mail.

    Syntax, mail servers, STARTTLS, certificate, size, MTA-STS and DANE, login, and whether the address is taken.
    Needs no database for an address that is named; without --server it goes by the mailboxes, else direct.
    """
    if (len(addresses) > 0) + (cvr is not None) + every > 1:
        raise click.UsageError("give addresses, or --cvr, or --all")
    if server and not addresses:
        raise click.UsageError("--server belongs to addresses that are named")
    settings = call.settings()
    known_server(settings, server)
    items = asyncio.run(_verify(call, settings, addresses, cvr, server))
    result = looks.worst(items)
    call.answer("address", {"result": result, "items": items}, lambda: _show_looks(call, items), result != looks.FAULT)
    sys.exit(EXITS[result])


def known_server(settings: "Settings", server: str | None) -> None:
    """Returns for none, and for one that the settings name. BadParameter."""
    if server and server not in (DIRECT, *settings.servers):
        known = ", ".join([DIRECT, *sorted(settings.servers)])
        raise click.BadParameter(f"there is no [servers.{server}]; known: {known}", param_hint="--server")


async def _verify(
    call: Call, settings: "Settings", addresses: Sequence[Address], cvr: Cvr | None, server: str | None
) -> list[Item]:
    from nemboks.clock import RealClock
    from nemboks.journey.preflight import verify as look

    async with _room(settings) as (room, store):
        boxes = await store.mailboxes.all()
        wanted = await _wanted(store, addresses, cvr, server)
        async with checking(room) as eyes:
            return [looks.check_item(one, call.lang) for one in await look(wanted, eyes, boxes, RealClock())]


async def _wanted(
    store: "Store", addresses: Sequence[Address], cvr: Cvr | None, server: str | None
) -> "Sequence[Place]":
    from nemboks.journey.preflight import places

    boxes = await store.mailboxes.all()
    if cvr is not None:
        boxes = [box for box in boxes if box.cvr == cvr]
        if not boxes:
            raise NotFound(Words(f"der er ingen postkasse for CVR {cvr}", f"there is no mailbox of CVR {cvr}"))
    named = places(boxes)
    if not addresses:
        return named
    wanted: list[Place] = []
    for one in addresses:
        known = [] if server else [place for place in named if place[0].lower() == one.lower()]
        wanted += known or [(one, server or DIRECT)]
    return list(dict.fromkeys(wanted))


@address.command(
    epilog="""\b
Example:
  nemboks address show bageriet.dk"""
)
@click.argument("domain", type=DomainType(), metavar="DOMAIN")
@acting
def show(call: Call, asking: Asking, domain: str) -> None:
    """What is remembered of a domain: its level, its mail servers, its policy, and the latest looks."""
    item = call.with_store(lambda store: desk.domain_show(store, asking, domain, call.lang))
    call.answer("domain", {"item": item}, lambda: _show_domain(call, item))


@address.command(
    epilog="""\b
Example:
  nemboks address relax bageriet.dk --reason "they moved to a host without DANE; I called them"
"""
)
@click.argument("domain", type=DomainType(), metavar="DOMAIN")
@click.option("--reason", required=True, help="Why, for the history; how do you know it?")
@acting
def relax(call: Call, asking: Asking, domain: str, reason: str) -> None:
    """Let a domain fall to a lower level: only when its owner says that this is on purpose."""
    if not reason.strip():
        raise click.BadParameter("say how you know that it is on purpose", param_hint="--reason")
    item = call.with_store(lambda store: desk.domain_relax(store, asking, domain, reason, call.lang))
    words = call.word(
        f"{domain} læres forfra ved næste levering. {item['relaxed_by']} står inde for det.",
        f"{domain} is learnt anew at the next delivery. {item['relaxed_by']} vouches for that.",
    )
    call.answer("domain", {"item": item}, lambda: line(words))


@address.command(
    epilog="""\b
Example:
  nemboks address own"""
)
@options
def own(call: Call) -> None:
    """What to publish for our own domain (SPF, DKIM, DMARC), and whether it is there.

    Exits with 0 when all is fine, 5 with warnings, 1 with faults.
    """
    records, item = asyncio.run(_own(call, call.settings()))
    result = item["result"]
    values = {"result": result, "records": records, "findings": item["findings"]}
    call.answer("own_domain", values, lambda: _show_own(call, records, item), result != looks.FAULT)
    sys.exit(EXITS[result])


async def _own(call: Call, settings: "Settings") -> tuple[list[Item], Item]:
    from nemboks.clock import RealClock
    from nemboks.journey.preflight import OWN
    from nemboks.journey.preflight import verify as look

    async with _room(settings) as (room, store):
        ours, host = room.own_domain, settings.returns.host if settings.returns else ""
        key = f"{ours.dkim_selector}._domainkey.{ours.domain}"
        records = desk.own_records(ours.domain, ours.return_domain, host, key, ours.dkim_record)
        async with checking(room) as eyes:
            (found,) = await look([OWN], eyes, await store.mailboxes.all(), RealClock())
        return records, looks.check_item(found, call.lang)


@asynccontextmanager
async def _room(settings: "Settings") -> AsyncIterator[tuple["MailRoom", "Store"]]:
    """The mail room over our store; over an empty one that is gone afterwards, where none was made yet."""
    from nemboks import logs
    from nemboks.clock import RealClock
    from nemboks.store.vault import Vault
    from nemboks.wiring import open_store
    from nemboks.wiring.mail import MailRoom

    logs.configure()  # what a look may log is not part of the answer
    with TemporaryDirectory(prefix="nemboks-") as folder:
        vault = None
        if not settings.may_have_ledger:
            settings = settings.model_copy(update={"state_dir": Path(folder)})
            vault = Vault.create(Path(folder) / "master.key")
        store = open_store(settings, vault, new=vault is not None)
        try:
            yield MailRoom(settings, store, RealClock()), store
        finally:
            await store.close()


@asynccontextmanager
async def checking(room: "MailRoom") -> AsyncIterator["Checking"]:
    """What looks at addresses; its connections are closed afterwards."""
    async with AsyncExitStack() as stack:
        yield room.checking(stack)


# --- for people ---


def _show_looks(call: Call, items: Sequence[Item]) -> None:
    if not items:
        line(call.word("Ingen postkasser endnu: `nemboks cvr add`.", "No mailboxes yet: `nemboks cvr add`."))
    for item in items:
        line(f"{item['address']}  ({item['server']}): {looks.RESULTS[item['result']].to(call.lang)}", bold=True)
        _show_findings(call, item["findings"])


def _show_findings(call: Call, findings: Sequence[Item]) -> None:
    labels = {result: words.to(call.lang) for result, words in looks.RESULTS.items()}
    width = max(map(len, labels.values()))
    for found in findings:
        line(f"  {labels[found['result']].ljust(width)}  {found['text']}")
        if found["next_step"]:
            line(f"  {'':{width}}  {call.word('Næste skridt', 'Next step')}: {found['next_step']}")
            line(f"  {'':{width}}  {call.word('Teknisk', 'Technical')}: {found['technical']}")


def _show_domain(call: Call, item: Item) -> None:
    line(item["domain"], bold=True)
    line(f"  {call.word('Niveau', 'Level')}: {item['level_text']}")
    line(f"  {call.word('Mailservere', 'Mail servers')}: {', '.join(item['mx']) or '–'}")
    policy = item["mta_sts"]
    told = f"{policy['mode']}, {call.word('til', 'until')} {minute(policy['until'])}" if policy else "–"
    line(f"  MTA-STS: {told}")
    for look in item["addresses"]:
        line(f"  {look['address']}  ({look['server']}), {minute(look['checked_at'])}")
        _show_findings(call, [found for found in look["findings"] if found["result"] != looks.OK])


def _show_own(call: Call, records: Sequence[Item], item: Item) -> None:
    line(call.word("Disse poster skal stå i DNS; det i <> udfylder I selv:",
                   "These records belong into the DNS; what is in <> is for you to fill in:"), bold=True)  # fmt: skip
    for record in records:
        line(f"  {record['name']}.  {record['type']}  {record['text']}")
    line(f"{call.word('Fundet', 'Found')}: {looks.RESULTS[item['result']].to(call.lang)}", bold=True)
    _show_findings(call, item["findings"])
