"""`nemboks route`: see where a CVR's letters go, try rules out, change them, go on holiday."""

from datetime import datetime
from pathlib import Path

import click

from nemboks.cli.addresses import AddressType
from nemboks.cli.cvrs import SECRET_FILE, _secret
from nemboks.cli.kinds import MomentType
from nemboks.cli.letters import CvrType
from nemboks.cli.output import Call, Group, acting, line
from nemboks.cli.route_file import read_edit
from nemboks.cli.route_text import show_changed, show_list, show_trial
from nemboks.desk import routes as desk
from nemboks.desk.access import Asking
from nemboks.desk.route_checks import House
from nemboks.desk.route_wishes import again as send_again
from nemboks.desk.route_wishes import confirm as type_code
from nemboks.desk.words import Item
from nemboks.domain.mailbox import DIRECT, Address, Cvr, Field, Holiday, Rule

RULES_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
CVR = click.argument("cvr", type=CvrType(), metavar="CVR")
SURE = click.option("--sure", is_flag=True, help="Also if one rule, or the tray, takes every letter.")
SERVER = click.option("--server", default="", help=f"What takes the mails: a name in [servers], or {DIRECT}.")


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  nemboks route list 13748136
  nemboks route rule add 13748136 p_number 1003388394 lager@bageriet.dk
  nemboks route try 13748136 --file rules.toml""",
)
def route() -> None:
    """Where letters go: rules, copies, the tray, holidays."""


@route.command(
    "list",
    epilog="""\b
Examples:
  nemboks route list 13748136
  nemboks route list 13748136 --all --json""",
)
@CVR
@click.option("--all", "every", is_flag=True, help="Every version there was, with who vouched for it.")
@acting
def list_(call: Call, asking: Asking, cvr: Cvr, every: bool) -> None:
    """The present route, and the addresses that have not agreed yet."""
    item = call.with_store(lambda store: desk.route_list(store, asking, cvr, every))
    call.answer("route", {"item": item}, lambda: show_list(call, item))


@route.command(
    "try",
    epilog="""\b
Examples:
  nemboks route try 13748136
  nemboks route try 13748136 --file rules.toml --days 365""",
)
@CVR
@click.option("--file", type=RULES_FILE, help="Rules as for `route set`; without it the present ones.")
@click.option("--days", type=click.IntRange(1, 3_650), default=desk.DAYS, show_default=True, help="How far back.")
@acting
def try_(call: Call, asking: Asking, cvr: Cvr, file: Path | None, days: int) -> None:
    """Where past letters would have gone. Changes nothing."""
    wanted = read_edit(file) if file else None
    item = call.with_store(lambda store: desk.route_try(store, asking, cvr, wanted, _house(call), days))
    call.answer("route_trial", {"item": item}, lambda: show_trial(call, item))


@route.command(
    "set",
    epilog="""\b
Example:
  nemboks route set 13748136 --file rules.toml --as anna

\b
The file (TOML):
  default = "hold"          # or "forward", as without it
  owner = "anna"            # who looks after what no rule fits
  [[rules]]                 # the first that fits decides
  field = "p_number"        # authority, se_number, kle, case, class
  value = "1003388394"      # 27.* fits whatever begins so
  address = "lager@bageriet.dk"
  server = "own"            # may be left out
  [[copies]]
  address = "bo@bogholderen.dk" """,
)
@CVR
@click.option("--file", type=RULES_FILE, required=True, help="The rules; - is stdin.")
@SURE
@acting
def set_(call: Call, asking: Asking, cvr: Cvr, file: Path, sure: bool) -> None:
    """Put these rules, copies and default in place of the present ones. Holiday and fallbacks stay."""
    wanted = read_edit(file)
    _changed(call, call.with_store(lambda store: desk.route_set(store, asking, cvr, wanted, _house(call), sure)))


@route.command(
    epilog="""\b
Examples:
  nemboks route confirm 13748136 --as anna
  nemboks route confirm 13748136 --again"""
)
@CVR
@click.option(
    "--code-file",
    type=SECRET_FILE,
    default="-",
    show_default=True,
    help="File with the code; - is stdin.",
)
@click.option("--again", is_flag=True, help="Send a new code instead.")
@acting
def confirm(call: Call, asking: Asking, cvr: Cvr, code_file: Path, again: bool) -> None:
    """Type back the code that an address outside the company got: it agrees, and the route takes it in."""
    if again:
        items = call.with_store(lambda store: send_again(store, asking, cvr))
        words = call.word("Nye koder er på vej.", "New codes are on their way.")
        call.answer("route_wishes", {"items": items}, lambda: line(words))
        return
    code = _secret(code_file, "code")
    item = call.with_store(lambda store: type_code(store, asking, cvr, code))
    waits = ", ".join(item["waits_for"])
    words = call.word(f"Bekræftet. Venter stadig på {waits}.", f"Confirmed. Still waiting for {waits}.")
    done = call.word(f"Bekræftet: ruten er nu version {item['version']}.",
                     f"Confirmed: the route is at version {item['version']} now.")  # fmt: skip
    call.answer("route_wish", {"item": item}, lambda: line(done if item["done"] else words))


@route.group(epilog="""\b
Example:
  nemboks route rule add 13748136 kle 27.* social@bageriet.dk --at 1""")  # fmt: skip
def rule() -> None:
    """Add a rule, or take one away."""


@rule.command(
    "add",
    epilog="""\b
Examples:
  nemboks route rule add 13748136 p_number 1003388394 lager@bageriet.dk
  nemboks route rule add 13748136 authority "Skattestyrelsen" bo@bogholderen.dk --at 1""",
)
@CVR
@click.argument("field", type=click.Choice(Field, case_sensitive=False), metavar="FIELD")
@click.argument("value")
@click.argument("address", type=AddressType())
@SERVER
@click.option("--at", "place", type=click.IntRange(1), default=None, help="Before the rule of this number; else last.")
@SURE
@acting
def rule_add(
    call: Call, asking: Asking, cvr: Cvr, field: Field, value: str, address: Address, server: str, place: int | None,
    sure: bool,
) -> None:  # fmt: skip
    """Send letters that say this to ADDRESS.

    FIELD is authority, p_number, se_number, kle, case or class (legal, mandatory, ordinary). A VALUE that ends in *
    fits whatever follows. An address outside the company's own domains gets a code, and nothing else before it is
    typed back.
    """
    one = Rule(field, value, address, server)
    _changed(
        call, call.with_store(lambda store: desk.rule_add(store, asking, cvr, one, _house(call), place or 0, sure))
    )


@rule.command(
    "remove",
    epilog="""\b
Example:
  nemboks route rule remove 13748136 2""",
)
@CVR
@click.argument("number", type=int)
@acting
def rule_remove(call: Call, asking: Asking, cvr: Cvr, number: int) -> None:
    """Take away the rule of that number, as `route list` shows it."""
    _changed(call, call.with_store(lambda store: desk.rule_remove(store, asking, cvr, number)))


@route.group(epilog="""\b
Example:
  nemboks route copy add 13748136 bo@bogholderen.dk""")  # fmt: skip
def copy() -> None:
    """Who gets a copy of every letter; it never delays or triggers a receipt."""


@copy.command(
    "add",
    epilog="""\b
Example:
  nemboks route copy add 13748136 bo@bogholderen.dk --as anna""",
)
@CVR
@click.argument("address", type=AddressType())
@SERVER
@acting
def copy_add(call: Call, asking: Asking, cvr: Cvr, address: Address, server: str) -> None:
    """Send a copy of every new letter to ADDRESS too."""
    _changed(call, call.with_store(lambda store: desk.copy_add(store, asking, cvr, address, server, _house(call))))


@copy.command(
    "remove",
    epilog="""\b
Example:
  nemboks route copy remove 13748136 bo@bogholderen.dk""",
)
@CVR
@click.argument("address", type=AddressType())
@acting
def copy_remove(call: Call, asking: Asking, cvr: Cvr, address: Address) -> None:
    """Send no more copies to ADDRESS."""
    _changed(call, call.with_store(lambda store: desk.copy_remove(store, asking, cvr, address)))


@route.command(
    epilog="""\b
Examples:
  nemboks route default 13748136 hold --owner anna
  nemboks route default 13748136 forward"""
)
@CVR
@click.argument("what", type=click.Choice(["hold", "forward"]))
@click.option("--owner", default="", help="hold: the person who looks after the tray.")
@SURE
@acting
def default(call: Call, asking: Asking, cvr: Cvr, what: str, owner: str, sure: bool) -> None:
    """What becomes of letters that no rule fits: to the usual address, or held in the tray."""
    if (what == "hold") is not bool(owner):
        raise click.UsageError("hold needs --owner, and forward has none")
    _changed(call, call.with_store(lambda store: desk.default_set(store, asking, cvr, owner, sure)))


@route.command(
    epilog="""\b
Examples:
  nemboks route holiday 13748136 --from 21-12-2026 --until "04-01-2027 08.00" \\
      --address vikar@bageriet.dk
  nemboks route holiday 13748136 --cancel"""
)
@CVR
@click.option("--from", "since", type=MomentType(), help="When it begins; now if left out.")
@click.option("--until", type=MomentType(), help="The first moment that is usual again; a date alone is its 00.00.")
@click.option("--address", type=AddressType(), help="Where all letters go meanwhile.")
@SERVER
@click.option("--copy", "copied", is_flag=True, help="The usual address gets a copy of every letter meanwhile.")
@click.option("--cancel", is_flag=True, help="End the holiday now, or do not begin it.")
@acting
def holiday(
    call: Call, asking: Asking, cvr: Cvr, since: datetime | None, until: datetime | None, address: Address | None,
    server: str, copied: bool, cancel: bool,
) -> None:  # fmt: skip
    """Send everything elsewhere for a while, at most 60 days; it ends by itself, at its minute."""
    from nemboks.clock import RealClock

    if cancel and not (since or until or address or server or copied):
        _changed(call, call.with_store(lambda store: desk.holiday_cancel(store, asking, cvr)))
        return
    if cancel or until is None or address is None:
        raise click.UsageError("give --until and --address, or --cancel alone")
    away = Holiday(since or RealClock().now(), until, address, server, copied)
    _changed(call, call.with_store(lambda store: desk.holiday_set(store, asking, cvr, away, _house(call))))


def _house(call: Call) -> House:
    settings = call.settings()
    ours = {Address(settings.sender.address).domain, settings.sender.return_domain} - {""}
    return House(frozenset(settings.servers), frozenset(ours), settings.sold)


def _changed(call: Call, item: Item) -> None:
    call.answer("route", {"item": item}, lambda: show_changed(call, item))
