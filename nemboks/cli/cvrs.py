"""`nemboks cvr`: see, add, pause and resume mailboxes. Secrets come from files or stdin, never from an argument."""

import re
import sys
from pathlib import Path

import click

from nemboks.cli import board, cvr_options, imports
from nemboks.cli.letters import CvrType
from nemboks.cli.output import Call, Group, Row, acting, line, minute, spaced, table, when
from nemboks.desk import cvrs as desk_of_one
from nemboks.desk import mailboxes as desk
from nemboks.desk.access import Asking
from nemboks.desk.words import Item, Words, by_words
from nemboks.domain.mailbox import DIRECT, Address, Cvr, Face, Options

SECRET_CHARACTERS = 4_096  # longer is no password but a wrong file
SECRET_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  nemboks cvr list
  nemboks cvr pause 13748136""",
)
def cvr() -> None:
    """See, add, pause and resume mailboxes."""


@cvr.command(
    "list",
    epilog="""\b
Example:
  nemboks cvr list --json""",
)
@acting
def list_(call: Call, asking: Asking) -> None:
    """Every mailbox: where its letters go, and who vouched for that."""
    items = call.with_store(lambda store: desk.mailbox_list(store, asking))
    call.answer("cvrs", {"items": items}, lambda: _show(call, items))


@cvr.command(
    epilog="""\b
Examples:
  nemboks cvr add 13748136 --name "Bageriet ApS" --inbox rest \\
      --system-id 5d1f… --token-file token.txt --address post@bageriet.dk --server own \\
      --second-contact anna@andet-firma.dk
  pass show dp/imap | nemboks cvr add 13748136 --inbox imap \\
      --user u17 --password-file - --address post@bageriet.dk --server own"""
)
@click.argument("cvr_number", type=CvrType(), metavar="CVR")
@click.option("--name", default="", help="The company's name, for people.")
@click.option("--inbox", type=click.Choice(["rest", "imap"]), default="rest", show_default=True, help="By which door.")
@click.option("--system-id", help="rest: id of the recipient system.")
@click.option("--token-file", type=SECRET_FILE, help="rest: file with its API token; - is stdin.")
@click.option("--user", help="imap: user name.")
@click.option("--password-file", type=SECRET_FILE, help="imap: file with the password; - is stdin.")
@click.option("--address", required=True, help="Where its letters go. You vouch for it; the history has your name.")
@click.option("--server", required=True, help="What takes them: a name in [servers], or direct for their own MX.")
@click.option("--second-contact", help="Told at once when the address fails; better at another domain.")
@click.option("--account", default="", help="Whose it is; the operator's own if left out.")
@click.option("--start-from-now", is_flag=True, help="Leave what lies there already in Digital Post, untouched.")
@click.option(
    "--shadow-days",
    type=click.IntRange(0, 90),
    default=0,
    help="Forward, and remove nothing, until `mailbox golive`; after so many days people are reminded.",
)
@acting
def add(
    call: Call, asking: Asking, cvr_number: Cvr, name: str, inbox: str, system_id: str | None, token_file: Path | None,
    user: str | None, password_file: Path | None, address: str, server: str, second_contact: str | None,
    account: str, start_from_now: bool, shadow_days: int,
) -> None:  # fmt: skip
    """Add the mailbox of one CVR. A running daemon serves it within two seconds."""
    settings = call.settings()
    if server != DIRECT and server not in settings.servers:
        known = ", ".join([*sorted(settings.servers), DIRECT])
        raise click.BadParameter(
            f"there is no [servers.{server}] in the settings; known: {known}", param_hint="--server"
        )
    secrets = _rest(system_id, token_file) if inbox == "rest" else _imap(user, password_file)
    chosen = Options(second_contact=_address(second_contact, "--second-contact") if second_contact else None)
    new = desk.NewMailbox(
        cvr_number, name[:120], Face(inbox), _address(address), server, secrets, chosen, account, start_from_now,
        shadow_days,
    )  # fmt: skip
    if cvr_number.doubtful:
        call.say(
            Words(
                f"Advarsel: {cvr_number} har et forkert kontrolciffer.",
                f"Warning: {cvr_number} has a wrong check digit.",
            )
        )
    in_settings = [box.cvr for box in settings.mailboxes]
    item = call.with_store(lambda store: desk.add(store, asking, new, in_settings, settings.sold))
    who, where = by_words(item["vouched_by"]).to(call.lang), item["address"]
    words = call.word(
        f"CVR {spaced(cvr_number)} er tilføjet; breve går til {where}. {who} står inde for det.",
        f"CVR {spaced(cvr_number)} is added; letters go to {where}. {who} vouches for it.",
    )
    call.answer("cvr", {"item": item}, lambda: line(words))


@cvr.command(
    epilog="""\b
Examples:
  nemboks cvr login 13748136 --system-id 5d1f… --token-file token.txt
  pass show dp/imap | nemboks cvr login 13748136 --user u17 --password-file -"""
)
@click.argument("cvr_number", type=CvrType(), metavar="CVR")
@click.option("--system-id", help="rest: id of the recipient system.")
@click.option("--token-file", type=SECRET_FILE, help="rest: file with its API token; - is stdin.")
@click.option("--user", help="imap: user name.")
@click.option("--password-file", type=SECRET_FILE, help="imap: file with the password; - is stdin.")
@acting
def login(
    call: Call, asking: Asking, cvr_number: Cvr, system_id: str | None, token_file: Path | None, user: str | None,
    password_file: Path | None,
) -> None:  # fmt: skip
    """Give a mailbox another login at Digital Post: a new token or password, or one that was typed wrong.

    A running daemon looks into the mailbox with it within two seconds. By which door it is fetched stays as it is.
    """
    rest, imap = bool(system_id or token_file), bool(user or password_file)
    if rest is imap:
        raise click.UsageError("say --system-id and --token-file, or --user and --password-file")
    face, secrets = (Face.REST, _rest(system_id, token_file)) if rest else (Face.IMAP, _imap(user, password_file))
    declared = [box.cvr for box in call.settings().mailboxes]
    item = call.with_store(lambda store: desk_of_one.give_login(store, asking, cvr_number, face, secrets, declared))
    has = ("har et nyt login", "has a new login") if item["changed"] else ("har det login i forvejen", "has that login")
    looks = ("vi ser efter post nu", "we look for post now")
    if not item["fetches"]:
        looks = ("der hentes intet nu, se `nemboks explain`", "nothing is fetched now, see `nemboks explain`")
    words = call.word(f"{has[0]}; {looks[0]}.", f"{has[1]}; {looks[1]}.")
    call.answer("cvr", {"item": item}, lambda: line(f"CVR {spaced(cvr_number)} {words}"))


@cvr.command(
    epilog="""\b
Example:
  nemboks cvr pause 13748136"""
)
@click.argument("cvr_number", type=CvrType(), metavar="CVR")
@acting
def pause(call: Call, asking: Asking, cvr_number: Cvr) -> None:
    """Fetch and send nothing for this CVR until resumed. Receipts that are owed still go."""
    item = call.with_store(lambda store: desk.pause(store, asking, cvr_number))
    by = by_words(item["paused_by"]).to(call.lang)
    words = call.word(
        f"CVR {spaced(cvr_number)} er sat på pause af {by}, {when(item['paused_at'], call.lang)}.",
        f"CVR {spaced(cvr_number)} is paused by {by}, {when(item['paused_at'], call.lang)}.",
    )
    call.answer("cvr", {"item": item}, lambda: line(words))


@cvr.command(
    epilog="""\b
Example:
  nemboks cvr resume 13748136"""
)
@click.argument("cvr_number", type=CvrType(), metavar="CVR")
@acting
def resume(call: Call, asking: Asking, cvr_number: Cvr) -> None:
    """Let a paused CVR go on."""
    item = call.with_store(lambda store: desk.resume(store, asking, cvr_number))
    words = call.word(f"CVR {spaced(cvr_number)} er i gang.", f"CVR {spaced(cvr_number)} goes on.")
    call.answer("cvr", {"item": item}, lambda: line(words))


def _show(call: Call, items: list[Item]) -> None:
    if not items:
        line(call.word("Ingen postkasser endnu: `nemboks cvr add`.", "No mailboxes yet: `nemboks cvr add`."))
        return
    columns = (
        "CVR",
        call.word("Indbakke", "Inbox"),
        call.word("Mailserver", "Server"),
        call.word("Adresse", "Address"),
    )
    table(columns, [_row(call, item) for item in items])


def _row(call: Call, item: Item) -> Row:
    note = _whither(call, item) if item["address"] else call.word("boet har overtaget posten", "an estate has its post")
    if item["paused_at"]:
        at, by = minute(item["paused_at"], call.lang), by_words(item["paused_by"]).to(call.lang)
        note += call.word(f"; sat på pause {at} af {by}", f"; paused {at} by {by}")
    if item["standing"]:
        note += f"; {item['standing'][call.lang]}"
    named = f"{item['name']}: {note}" if item["name"] else note
    return (spaced(item["cvr"]), item["inbox"], item["server"] or "–", item["address"] or "–"), named


def _whither(call: Call, item: Item) -> str:
    """Who vouches for the address, and who else hears or gets something."""
    since, who = minute(item["since"], call.lang), by_words(item["vouched_by"]).to(call.lang)
    note = call.word(f"{who} står inde for adressen siden {since}", f"{who} vouches for the address since {since}")
    contact, others = item["second_contact"], ", ".join(one["address"] for one in item["others"])
    note += "; " + call.word(f"anden kontakt: {contact or 'ingen'}", f"second contact: {contact or 'none'}")
    return note + (call.word(f"; også til: {others}", f"; also to: {others}") if others else "")


def _address(text: str, option: str = "--address") -> Address:
    try:
        return Address(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=option) from error


def _rest(system_id: str | None, token_file: Path | None) -> dict[str, str]:
    if not system_id or not token_file:
        raise click.UsageError("rest needs --system-id and --token-file")
    return {"system_id": system_id, "api_token": _secret(token_file, "API token")}


def _imap(user: str | None, password_file: Path | None) -> dict[str, str]:
    if not user or not password_file:
        raise click.UsageError("imap needs --user and --password-file")
    return {"user": user, "password": _secret(password_file, "password")}


def _secret(file: Path, name: str) -> str:
    """The secret of the file or of stdin, exactly, without the line's end; asked for unseen at a terminal."""
    if str(file) != "-":
        try:
            with file.open(encoding="utf-8") as opened:
                text = opened.read(SECRET_CHARACTERS + 2)
        except UnicodeDecodeError:
            raise click.UsageError(f"the {name} must be text in UTF-8") from None
    elif sys.stdin.isatty():
        text = click.prompt(name, hide_input=True, err=True)
    else:
        text = sys.stdin.read(SECRET_CHARACTERS + 2)
    secret = text.rstrip("\r\n")  # blanks may be part of it
    if not secret.strip() or len(secret) > SECRET_CHARACTERS or re.search(r"[\x00-\x1f\x7f]", secret):
        raise click.UsageError(f"the {name} must be one line of text that is not empty")
    return secret


imports.attach(cvr)
cvr_options.attach(cvr)
board.attach(cvr)
