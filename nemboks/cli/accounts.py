"""`nemboks account`: make an account with its first owner, see accounts, set the second contact."""

from datetime import datetime

import click

from nemboks.cli.addresses import AddressType
from nemboks.cli.changes import email
from nemboks.cli.kinds import MomentType
from nemboks.cli.output import Call, Group, Row, acting, line, minute, spaced, table
from nemboks.desk import accounts as desk
from nemboks.desk.access import Asking
from nemboks.desk.words import Item, Words
from nemboks.domain.mailbox import Address

SAME_DOMAIN = Words(
    "Den anden kontakt er på samme domæne som kontoens e-mail: fejler domænet, når vi ingen. Vælg helst et andet.",
    "The second contact is at the same domain as the account's e-mail: if the domain fails, we reach nobody. "
    "Better choose another.",
)
NO_CONTACT = Words(
    "Der er ingen anden kontakt endnu: `nemboks account contact`.",
    "There is no second contact yet: `nemboks account contact`.",
)


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  nemboks account add "Bageriet ApS" --email post@bageriet.dk --owner anna
  nemboks account show "Bageriet ApS" --as anna""",
)
def account() -> None:
    """Customers: make one, see them, set the second contact."""


account.add_command(email)


@account.command(
    epilog="""\b
Example:
  nemboks account add "Bageriet ApS" --email post@bageriet.dk --owner anna \\
      --second-contact anna@andet-firma.dk --plan Basis --paid-until 01-01-2027"""
)
@click.argument("name")
@click.option("--email", required=True, type=AddressType(), help="The account's own; changed by `account email` only.")
@click.option("--owner", required=True, metavar="PERSON", help="The first person who decides, by the name of --as.")
@click.option("--owner-email", type=AddressType(), help="The owner's own e-mail, told of what others change.")
@click.option("--second-contact", type=AddressType(), help="Told when the e-mail fails; better at another domain.")
@click.option("--plan", default="", help="A name in the settings' [plans].")
@click.option("--paid-until", type=MomentType(), help="Till when it is paid; of a date its first minute.")
@click.option("--mails", type=click.Choice(["da", "en"]), default="da", show_default=True, help="Language of mails.")
@acting
def add(
    call: Call, asking: Asking, name: str, email: Address, owner: str, owner_email: Address | None,
    second_contact: Address | None, plan: str, paid_until: datetime | None, mails: str,
) -> None:  # fmt: skip
    """Make an account with its first owner. From then on its own people decide; --mails is the language they get."""
    new = desk.NewAccount(name, email, owner, owner_email, second_contact, plan, paid_until, mails)
    sold = call.settings().sold
    item = call.with_store(lambda store: desk.account_add(store, asking, new, sold))
    _warn(call, item)
    words = call.word(f"Kontoen {name} er lavet; {owner} er ejer.", f"Account {name} is made; {owner} is its owner.")
    call.answer("account", {"item": item}, lambda: line(words))


@account.command(
    "list",
    epilog="""\b
Example:
  nemboks account list --json""",
)
@acting
def list_(call: Call, asking: Asking) -> None:
    """Accounts, by name: plan, owners, how many CVRs."""
    items = call.with_store(lambda store: desk.account_list(store, asking))
    call.answer("accounts", {"items": items}, lambda: _show(call, items))


@account.command(
    epilog="""\b
Example:
  nemboks account show "Bageriet ApS" --as anna"""
)
@click.argument("name")
@acting
def show(call: Call, asking: Asking, name: str) -> None:
    """One account: its people, its CVRs, its plan."""
    item = call.with_store(lambda store: desk.account_show(store, asking, name))
    call.answer("account", {"item": item}, lambda: _page(call, item))


@account.command(
    epilog="""\b
Example:
  nemboks account contact "Bageriet ApS" anna@andet-firma.dk --as anna"""
)
@click.argument("name")
@click.argument("address", type=AddressType())
@acting
def contact(call: Call, asking: Asking, name: str, address: Address) -> None:
    """Set the second contact: who is told when the e-mail fails, and asked when it is to be changed."""
    item = call.with_store(lambda store: desk.account_contact(store, asking, name, address))
    _warn(call, item)
    words = call.word(f"{address} er anden kontakt for {name}.", f"{address} is the second contact of {name}.")
    call.answer("account", {"item": item}, lambda: line(words))


def plan_words(call: Call, item: Item) -> str:
    """The account's plan on one line, with what there is to know of its end."""
    plan = item["plan"] or call.word("intet abonnement", "no plan")
    ends, paid = minute(item["ends_at"], call.lang), minute(item["paid_until"], call.lang)
    if item["ended"]:
        return f"{plan}: " + call.word(f"slut {ends}", f"ended {ends}")
    if item["ends_at"]:
        return f"{plan}: " + call.word(f"opsagt, slutter {ends}", f"cancelled, ends {ends}")
    if item["overdue"]:
        return f"{plan}: " + call.word(f"betalt til {paid}; posten går stadig", f"paid until {paid}; post still goes")
    return f"{plan}: " + call.word(f"betalt til {paid}", f"paid until {paid}") if item["paid_until"] else plan


def _warn(call: Call, item: Item) -> None:
    if item["contact_same_domain"]:
        call.say(SAME_DOMAIN)
    if item["second_contact"] is None:
        call.say(NO_CONTACT)


def _show(call: Call, items: list[Item]) -> None:
    if not items:
        line(call.word("Ingen konti endnu: `nemboks account add`.", "No accounts yet: `nemboks account add`."))
        return
    columns = (call.word("Konto", "Account"), "CVR", call.word("Ejere", "Owners"))
    table(columns, [_row(call, item) for item in items])


def _row(call: Call, item: Item) -> Row:
    return (item["account"], str(len(item["cvrs"])), ", ".join(item["owners"])), plan_words(call, item)


def _page(call: Call, item: Item) -> None:
    line(item["account"], bold=True)
    facts = (
        ("E-mail", item["email"]),
        (call.word("Anden kontakt", "Second contact"), item["second_contact"] or call.word("ingen", "none")),
        (call.word("Abonnement", "Plan"), plan_words(call, item)),
        (call.word("Ejere", "Owners"), ", ".join(item["owners"]) or call.word("ingen", "none")),
        (call.word("Personer", "People"), ", ".join(item["people"]) or "–"),
        ("CVR", ", ".join(spaced(cvr) for cvr in item["cvrs"]) or "–"),
    )
    for name, value in facts:
        line(f"  {name + ':':<18}{value}")
