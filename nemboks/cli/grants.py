"""`nemboks grant` and `nemboks person`: who may do what, from when, until when."""

from datetime import datetime

import click

from nemboks.cli.addresses import AddressType
from nemboks.cli.kinds import MomentType, RoleType, role_word
from nemboks.cli.letters import CvrType
from nemboks.cli.output import Call, Group, Row, acting, line, minute, spaced, table
from nemboks.desk import grants as desk
from nemboks.desk.access import Asking
from nemboks.desk.words import Item, Words, by_words
from nemboks.domain.mailbox import Address, Cvr
from nemboks.domain.people import GrantRole

STATES = {
    "in_force": Words("gælder", "in force"),
    "later": Words("senere", "later"),
    "ended": Words("slut", "ended"),
}


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  nemboks grant add bo --role revisor --cvr 13748136 --email bo@revisor.dk --as anna
  nemboks grant list --cvr 13748136 --as anna""",
)
def grant() -> None:
    """Who may do what: give a right, end it, see them."""


@grant.command(
    epilog="""\b
Examples:
  nemboks grant add bo --role revisor --cvr 13748136 --email bo@revisor.dk --as anna
  nemboks grant add eva --role administrator --account "Bageriet ApS" --until 01-02-2027 --as anna
  nemboks grant add dorte --role drift"""
)
@click.argument("who", metavar="PERSON")
@click.option("--role", required=True, type=RoleType(), help="ejer, administrator, læser, revisor, support or drift.")
@click.option("--cvr", type=CvrType(), help="For this mailbox.")
@click.option("--account", default="", help="For a whole account, the mailboxes to come too.")
@click.option("--email", type=AddressType(), help="The person's own; needed for somebody outside the company.")
@click.option("--from", "since", type=MomentType(), help="From when; now if left out.")
@click.option("--until", type=MomentType(), help="The first moment without it; of a date its first minute.")
@acting
def add(
    call: Call, asking: Asking, who: str, role: GrantRole, cvr: Cvr | None, account: str, email: Address | None,
    since: datetime | None, until: datetime | None,
) -> None:  # fmt: skip
    """Give a person a right. Nobody can give more than they have; a kurator's follows from the estate's case."""
    new = desk.NewGrant(who, role, cvr, account, email, since, until)
    item = call.with_store(lambda store: desk.grant_add(store, asking, new))
    what, begins = f"{role_word(role)}, {_where(call, item)}", minute(item["since"], call.lang)
    words = call.word(
        f"Ret {item['id']}: {who} er {what}, fra {begins}.",
        f"Grant {item['id']}: {who} is {what}, from {begins}.",
    )
    call.answer("grant", {"item": item}, lambda: line(words))


@grant.command(
    epilog="""\b
Example:
  nemboks grant end 17 --as anna"""
)
@click.argument("number", type=int)
@acting
def end(call: Call, asking: Asking, number: int) -> None:
    """End a right now; it counts at the next thing that is asked."""
    item = call.with_store(lambda store: desk.grant_end(store, asking, number))
    role = role_word(item["role"])
    words = call.word(
        f"Ret {number} er slut: {item['person']} er ikke længere {role}.",
        f"Grant {number} has ended: {item['person']} is no longer {role}.",
    )
    call.answer("grant", {"item": item}, lambda: line(words))


@grant.command(
    "list",
    epilog="""\b
Examples:
  nemboks grant list --cvr 13748136 --as anna
  nemboks grant list --person bo --all --json""",
)
@click.option("--cvr", type=CvrType(), help="Only for this mailbox, or for its account.")
@click.option("--account", default="", help="Only for the whole of this account.")
@click.option("--person", "who", metavar="PERSON", default="", help="Only this person's.")
@click.option("--all", "every", is_flag=True, help="Ended ones too.")
@acting
def list_(call: Call, asking: Asking, cvr: Cvr | None, account: str, who: str, every: bool) -> None:
    """Rights in force and to come, with who gave them."""
    items = call.with_store(lambda store: desk.grant_list(store, asking, cvr, account, who, every))
    call.answer("grants", {"items": items}, lambda: _show(call, items))


@click.group(
    cls=Group,
    epilog="""\b
Example:
  nemboks person end eva --as anna""",
)
def person() -> None:
    """People who leave."""


@person.command(
    "end",
    epilog="""\b
Example:
  nemboks person end eva --as anna""",
)
@click.argument("name")
@acting
def leave(call: Call, asking: Asking, name: str) -> None:
    """Somebody leaves: every right of theirs ends now, and the name is not used again."""
    item = call.with_store(lambda store: desk.person_end(store, asking, name))
    number = len(item["grants"])
    words = call.word(f"{name} er fratrådt; {number} rettigheder er slut.", f"{name} has left; {number} grants ended.")
    call.answer("person", {"item": item}, lambda: line(words))


def _where(call: Call, item: Item) -> str:
    if item["cvr"]:
        return f"CVR {spaced(item['cvr'])}"
    if item["account"]:
        return call.word(f"konto {item['account']}", f"account {item['account']}")
    return call.word("hele Nemboks", "all of Nemboks")


def _show(call: Call, items: list[Item]) -> None:
    if not items:
        line(call.word("Ingen rettigheder.", "No grants."))
        return
    columns = (
        call.word("Nr.", "No."),
        "Person",
        call.word("Rolle", "Role"),
        call.word("For", "For"),
        call.word("Tilstand", "State"),
    )
    table(columns, [_row(call, item) for item in items])


def _row(call: Call, item: Item) -> Row:
    cells = (
        str(item["id"]), item["person"] or "–", role_word(item["role"]), _where(call, item),
        STATES[item["state"]].to(call.lang),
    )  # fmt: skip
    since, until = minute(item["since"], call.lang), minute(item["until"], call.lang)
    by = by_words(item["given_by"]).to(call.lang)
    note = call.word(f"givet af {by}, fra {since}", f"given by {by}, from {since}")
    if item["until"]:
        note += call.word(f", til {until}", f", until {until}")
    if item["ended_by"]:
        ended = by_words(item["ended_by"]).to(call.lang)
        note += call.word(f", afsluttet af {ended}", f", ended by {ended}")
    return cells, note
