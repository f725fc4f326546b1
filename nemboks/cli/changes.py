"""`nemboks address set|confirm|cancel|rollback|list|prove` and `nemboks account email`: another address, in safety.

Codes come from a file, from stdin or unseen at the terminal, never from an argument.
"""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nemboks.cli.addresses import AddressType, address, checking, known_server
from nemboks.cli.cvrs import SECRET_FILE, _secret
from nemboks.cli.letters import CvrType
from nemboks.cli.output import Call, Row, acting, line, minute, spaced, table
from nemboks.desk import changes as desk
from nemboks.desk import proofs
from nemboks.desk.access import Asking
from nemboks.desk.changes_rules import Wanted
from nemboks.desk.changes_view import change_list
from nemboks.desk.words import Item, Words, by_words
from nemboks.domain.changes import WAIT
from nemboks.domain.mailbox import DIRECT, Address, Cvr
from nemboks.ports import Finding

if TYPE_CHECKING:
    from nemboks.settings import Settings
    from nemboks.store.store import Store

STATES = {
    "asked": Words("venter på koden fra den nye adresse", "waits for the code from the new address"),
    "waiting": Words("venter", "waits"),
    "done": Words("gennemført", "in force"),
    "cancelled": Words("stoppet", "stopped"),
    "rolled_back": Words("taget tilbage", "taken back"),
}
BY_CODE_FILE = click.option(
    "--code-file", type=SECRET_FILE, help="File with the code that you were sent; - is stdin. Without it, by right."
)
CODE_FILE = click.option(
    "--code-file", type=SECRET_FILE, default="-", show_default=True, help="File with the code; - is stdin."
)
SURE = click.option("--sure", is_flag=True, help="The address is right although it looks like another.")


@address.command(
    "set",
    epilog="""\b
Examples:
  nemboks address set 13748136 kontor@bageriet.dk --as anna
  nemboks address set 13748136 post@nyt-domaene.dk --server direct --as anna --json""",
)
@click.argument("cvr", type=CvrType())
@click.argument("new", type=AddressType(), metavar="NEW")
@click.option("--server", help=f"What takes its mails: a name in [servers], or {DIRECT}; as now if absent.")
@SURE
@acting
def set_(call: Call, asking: Asking, cvr: Cvr, new: Address, server: str | None, sure: bool) -> None:
    """Ask for another address for a company's letters.

    The new address gets a code. The old one, and the second contact if there is one, are told: if they agree it
    changes at once, else 72 hours after the code was typed. Until then letters go as before.
    """
    settings = call.settings()
    known_server(settings, server)
    wanted = Wanted(new, server or "", sure, _ours(settings))
    item = call.with_store(
        lambda store: desk.address_set(store, asking, cvr, wanted, _look(settings, store), call.lang)
    )
    _asked(call, item)


@click.command(
    epilog="""\b
Example:
  nemboks account email bageriet anna@bageriet.dk --as anna"""
)
@click.argument("name")
@click.argument("new", type=AddressType(), metavar="NEW")
@SURE
@acting
def email(call: Call, asking: Asking, name: str, new: Address, sure: bool) -> None:
    """Ask for another e-mail of an account; confirmed and stopped as `nemboks address set`."""
    settings = call.settings()
    wanted = Wanted(new, "", sure, _ours(settings))
    item = call.with_store(lambda store: desk.email_set(store, asking, name, wanted, _look(settings, store), call.lang))
    _asked(call, item)


@address.command(
    epilog="""\b
Examples:
  nemboks address confirm 7
  nemboks address confirm 7 --code-file code.txt
  nemboks address confirm 7 --again --as anna"""
)
@click.argument("change", type=int)
@CODE_FILE
@click.option("--again", is_flag=True, help="Send the new address a new code instead.")
@acting
def confirm(call: Call, asking: Asking, change: int, code_file: Path, again: bool) -> None:
    """Type the code that came to the new address, to the old one or to the second contact."""
    if again:
        item = call.with_store(lambda store: desk.change_again(store, asking, change))
        words = call.word(f"En ny kode er på vej til {item['new']}.", f"A new code is on its way to {item['new']}.")
    else:
        code = _secret(code_file, "code")
        item = call.with_store(lambda store: desk.change_confirm(store, asking, change, code))
        words = _standing(call, item)
    call.answer("change", {"item": item}, lambda: line(words))


@address.command(
    epilog="""\b
Examples:
  nemboks address cancel 7 --as anna
  nemboks address cancel 7 --code-file -      that was not me: locks the address for a week"""
)
@click.argument("change", type=int)
@BY_CODE_FILE
@acting
def cancel(call: Call, asking: Asking, change: int, code_file: Path | None) -> None:
    """Stop a change that has not taken effect: as an owner or administrator, or with the code that you were sent."""
    code = _secret(code_file, "code") if code_file else ""
    item = call.with_store(lambda store: desk.change_cancel(store, asking, change, code))
    words = call.word(
        f"Ændring nr. {change} er stoppet. Det er {item['old']}, der gælder.",
        f"Change no. {change} is stopped. The address in force is {item['old']}.",
    )
    call.answer("change", {"item": item}, lambda: line(words))


@address.command(
    epilog="""\b
Examples:
  nemboks address rollback 7 --as anna
  nemboks address rollback 7 --code-file -"""
)
@click.argument("change", type=int)
@BY_CODE_FILE
@acting
def rollback(call: Call, asking: Asking, change: int, code_file: Path | None) -> None:
    """Take a change back, up to seven days after it took effect: as an owner or administrator, or with your code.

    Letters that went to the new address and still are in Digital Post stay there until a person releases them; the
    old address gets a copy of each.
    """
    code = _secret(code_file, "code") if code_file else ""
    item = call.with_store(lambda store: desk.change_roll_back(store, asking, change, code))
    words = call.word(f"Det er {item['old']}, der gælder igen.", f"The address in force is {item['old']} again.")
    if item["letters"]:
        words += call.word(
            f" Breve, der bliver i Digital Post, til nogen frigiver dem: {item['letters']}.",
            f" Letters that stay in Digital Post until somebody releases them: {item['letters']}.",
        )
    call.answer("change", {"item": item}, lambda: line(words))


@address.command(
    "list",
    epilog="""\b
Examples:
  nemboks address list --as anna
  nemboks address list --cvr 13748136 --all --json""",
)
@click.option("--cvr", type=CvrType(), help="Of this company only.")
@click.option("--account", default="", help="Of this account's own e-mail only.")
@click.option("--all", "every", is_flag=True, help="Those that are over too.")
@acting
def list_(call: Call, asking: Asking, cvr: Cvr | None, account: str, every: bool) -> None:
    """The changes of address that are under way, or can still be taken back."""
    items = call.with_store(lambda store: change_list(store, asking, cvr, account, every))
    call.answer("changes", {"items": items}, lambda: _show(call, items))


@address.command(
    epilog="""\b
Examples:
  nemboks address prove 13748136 --send --as anna
  nemboks address prove 13748136 --code-file code.txt --as anna"""
)
@click.argument("cvr", type=CvrType())
@CODE_FILE
@click.option("--send", is_flag=True, help="Send the address a new code instead.")
@acting
def prove(call: Call, asking: Asking, cvr: Cvr, code_file: Path, send: bool) -> None:
    """Type the code that came to an imported company's address: from then on its letters leave Digital Post."""
    if send:
        item = call.with_store(lambda store: proofs.proof_send(store, asking, cvr))
        words = call.word(
            f"En kode er på vej til {item['address']}; den gælder til {minute(item['until'])}.",
            f"A code is on its way to {item['address']}; it is good until {minute(item['until'], call.lang)}.",
        )
    else:
        code = _secret(code_file, "code")
        item = call.with_store(lambda store: proofs.proof_give(store, asking, cvr, code))
        words = call.word(f"{item['address']} er bekræftet.", f"{item['address']} is proven.")
    call.answer("proof", {"item": item}, lambda: line(words))


def _ours(settings: "Settings") -> frozenset[str]:
    sender = settings.sender
    return frozenset({Address(sender.address).domain, sender.return_domain} - {""})


def _look(settings: "Settings", store: "Store") -> Callable[[Address, str], Awaitable[Sequence[Finding]]]:
    """Looks at an address as the daily check does; nothing of it is kept."""

    async def look(new: Address, server: str) -> Sequence[Finding]:
        from nemboks import logs
        from nemboks.clock import RealClock
        from nemboks.wiring.mail import MailRoom

        logs.configure()  # what a look may log is not part of the answer
        async with checking(MailRoom(settings, store, RealClock())) as eyes:
            return await eyes.prober.probe(new, server)

    return look


# --- for people ---


def _asked(call: Call, item: Item) -> None:
    for warning in item["warnings"]:
        call.say(Words(f"Bemærk: {warning}", f"Note: {warning}"))
    number, hours = item["change"], int(WAIT.total_seconds() // 3600)
    contact = call.word(" og den anden kontakt", " and the second contact") if item["contact"] else ""
    words = call.word(
        f"Ændring nr. {number}: en kode er på vej til {item['new']}, og {item['old']}{contact} får besked. Skriv koden "
        f"inden 10 minutter: `nemboks address confirm {number}`. Bekræfter de andre også, sker det med det samme, "
        f"ellers {hours} timer efter.",
        f"Change no. {number}: a code is on its way to {item['new']}, and {item['old']}{contact} are told. Type the "
        f"code within 10 minutes: `nemboks address confirm {number}`. If the others confirm too it happens at once, "
        f"else {hours} hours later.",
    )
    call.answer("change", {"item": item}, lambda: line(words))


def _standing(call: Call, item: Item) -> str:
    """What a typed code has led to."""
    if item["state"] == "done":
        return call.word(f"Det er {item['new']}, der gælder nu.", f"The address in force is {item['new']} now.")
    if item["state"] == "waiting":
        return call.word(
            f"Bekræftet. Det bliver {item['new']} den {minute(item['effect_at'])}; før, hvis de andre også bekræfter.",
            f"Confirmed. It will be {item['new']} on {minute(item['effect_at'], call.lang)}; sooner if the others "
            "confirm too.",
        )
    return call.word(
        "Bekræftet. Nu mangler koden fra den nye adresse.", "Confirmed. The code from the new address is missing."
    )


def _show(call: Call, items: list[Item]) -> None:
    if not items:
        line(call.word("Ingen ændringer er i gang.", "No changes are under way."))
        return
    columns = ("Nr.", "CVR", call.word("Fra", "From"), call.word("Til", "To"), call.word("Tilstand", "State"))
    table(columns, [_row(call, item) for item in items])


def _row(call: Call, item: Item) -> Row:
    state, at = STATES[item["state"]].to(call.lang), item["effect_at"]
    if item["state"] == "waiting":
        state += call.word(f" til {minute(at)}", f" until {minute(at, call.lang)}")
    note = _note(call, item)
    whose = spaced(item["cvr"]) if item["cvr"] else item["account"]
    return (str(item["change"]), whose, item["old"], item["new"], state), note


def _note(call: Call, item: Item) -> str:
    who, at = by_words(item["asked_by"]).to(call.lang), minute(item["asked_at"], call.lang)
    note = call.word(f"bedt om af {who}, {at}", f"asked for by {who}, {at}")
    if item["cancelled_at"] or item["rolled_back_at"]:
        ended: Any = item["cancelled_at"] or item["rolled_back_at"]
        by = by_words(item["cancelled_by"] or item["rolled_back_by"]).to(call.lang)
        note += call.word(f"; slut {minute(ended)} ({by})", f"; over {minute(ended, call.lang)} ({by})")
    elif item["undo_until"]:
        until = minute(item["undo_until"], call.lang)
        note += call.word(f"; kan tages tilbage til {until}", f"; can be taken back until {until}")
    return note
