"""`nemboks estate`: a kurator's case from registration to end. Codes come from a file or stdin, never as arguments."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nemboks.cli.addresses import AddressType, known_server
from nemboks.cli.cvrs import SECRET_FILE, _secret
from nemboks.cli.estate_text import show_case, show_cases, show_inventory
from nemboks.cli.kinds import MomentType
from nemboks.cli.letters import CvrType
from nemboks.cli.new_file import write_new
from nemboks.cli.output import Call, Group, acting, line
from nemboks.content.texts import danish
from nemboks.desk import estate_approvals, estate_case, estate_documents, estate_inventory, estates
from nemboks.desk.access import Asking
from nemboks.desk.words import Item as Shown
from nemboks.domain.estates import DOCUMENT_BYTES, OUTCOMES, EstateKind, EstateState, Item
from nemboks.domain.mailbox import DIRECT, Address, Cvr

if TYPE_CHECKING:
    from nemboks.store.spool import Spool
    from nemboks.store.store import Store


class KindType(click.ParamType[EstateKind]):
    """A kind of estate on the command line; dødsbo may be written doedsbo."""

    name = "konkurs|rekonstruktion|likvidation|dødsbo"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> EstateKind:
        try:
            return EstateKind(str(value).lower().replace("ø", "oe"))
        except ValueError:
            self.fail(f"{value!r} is none of {self.name}", param, ctx)


@click.group(
    cls=Group,
    epilog="""\b
Examples:
  nemboks estate list
  nemboks estate show 7""",
)
def estate() -> None:
    """A kurator's case: register, approve, end; who got which letter.

    Registration freezes the mailbox. Two people who did not open the case approve it; at its time new post goes to the
    kurator. Older post is never promised.
    """


@estate.command(
    "open",
    epilog="""\b
Example:
  nemboks estate open 13748136 --kind konkurs --court "Sø- og Handelsretten" \\
      --case-number "K 1-26" --decree-date 20-11-2026 --kurator "Kirsten Holm" \\
      --firm "Holm Advokater" --address k.holm@holm.dk --effective 24-11-2026 --as sune""",
)
@click.argument("cvr", type=CvrType())
@click.option("--kind", type=KindType(), required=True, help="What has happened to the company.")
@click.option("--court", required=True, help="The court (skifteret) that appointed the kurator.")
@click.option("--case-number", required=True, help="The court's case number.")
@click.option("--decree-date", type=MomentType(), required=True, help="The day of the decree.")
@click.option("--kurator", required=True, help="The kurator's name.")
@click.option("--firm", required=True, help="The kurator's firm.")
@click.option("--address", type=AddressType(), required=True, help="The kurator's, at the firm's own domain.")
@click.option(
    "--server", default=DIRECT, show_default=True, help="What takes its mails: direct, or a name in [servers]."
)
@click.option("--effective", type=MomentType(), required=True, help="From when on; a date is its midnight. Never past.")
@click.option(
    "--person", "known_as", default="", metavar="NAME", help="The name the kurator acts by; the address if absent."
)
@click.option("--evidence-at-risk", is_flag=True, help="Note that the company must not be warned.")
@acting
def open_(
    call: Call, asking: Asking, cvr: Cvr, kind: EstateKind, court: str, case_number: str, decree_date: datetime,
    kurator: str, firm: str, address: Address, server: str, effective: datetime, known_as: str, evidence_at_risk: bool,
) -> None:  # fmt: skip
    """Register a case. Nothing goes to anybody from now on; the kurator's address gets a code."""
    known_server(call.settings(), server)
    day = danish(decree_date).date()
    new = estates.NewCase(
        kind, court, case_number, day, kurator, firm, address, server, effective, known_as, evidence_at_risk
    )
    _answer(call, lambda store: estates.estate_open(store, asking, cvr, new, call.lang))


@estate.command(
    epilog="""\b
Examples:
  nemboks estate confirm 7 --code-file - --as sune
  nemboks estate confirm 7 --again --as sune"""
)
@click.argument("number", type=int)
@click.option("--code-file", type=SECRET_FILE, default="-", show_default=True, help="File with the code; - is stdin.")
@click.option("--again", is_flag=True, help="Send the kurator a new code instead.")
@acting
def confirm(call: Call, asking: Asking, number: int, code_file: Path, again: bool) -> None:
    """Type the code that the kurator was sent, as the kurator tells it when called back."""
    if again:
        _answer(call, lambda store: estates.estate_code(store, asking, number, call.lang))
    else:
        code = _secret(code_file, "code")
        _answer(call, lambda store: estates.estate_confirm(store, asking, number, code, call.lang))


@estate.command(
    epilog="""\b
Example:
  nemboks estate document 7 dekret.pdf --as sune"""
)
@click.argument("number", type=int)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@acting
def document(call: Call, asking: Asking, number: int, file: Path) -> None:
    """Add a document (PDF, 10 MiB at most), sealed. What was approved before is to be approved anew."""
    spool = _documents(call)
    with file.open("rb") as opened:
        data = opened.read(DOCUMENT_BYTES + 1)
    name = file.name
    _answer(call, lambda store: estate_documents.estate_document(store, asking, spool, number, name, data, call.lang))


@estate.command(
    epilog="""\b
Example:
  nemboks estate view 7 2 --out dekret.pdf --as ida"""
)
@click.argument("number", type=int)
@click.argument("document_id", type=int, metavar="DOCUMENT")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="A new file, only yours.")
@acting
def view(call: Call, asking: Asking, number: int, document_id: int, out: Path) -> None:
    """A document as it was added, for an approver; refused if it is another one by now."""
    spool = _documents(call)
    found, data = call.with_store(lambda store: estate_documents.estate_view(store, asking, spool, number, document_id))
    write_new(out, data)
    item = {"id": found.id, "name": found.name, "size": found.size, "sha256": found.sha256, "out": str(out)}
    call.answer("estate_document", {"item": item}, lambda: line(f"{out}: {found.name}, SHA-256 {found.sha256}"))


@estate.command(
    epilog="""\b
Examples:
  nemboks estate check 7 gazette --note "Statstidende 21-11-2026, S21112026-17" --as sune
  nemboks estate check 7 call_back --note "ringet til hovednummeret, talte med K. Holm" --as sune"""
)
@click.argument("number", type=int)
@click.argument("item", type=click.Choice([one.value for one in Item]))
@click.option("--note", required=True, help="What you found, and where.")
@acting
def check(call: Call, asking: Asking, number: int, item: str, note: str) -> None:
    """Tick one line of the checklist. What Digital Post's register says, the program ticks itself."""
    _answer(call, lambda store: estate_documents.estate_check(store, asking, number, Item(item), note, call.lang))


@estate.command(
    epilog="""\b
Example:
  nemboks estate effective 7 "24-11-2026 12.00" --as sune"""
)
@click.argument("number", type=int)
@click.argument("when", type=MomentType())
@acting
def effective(call: Call, asking: Asking, number: int, when: datetime) -> None:
    """Set another time from which on it is in effect, never one that has passed; approvals are given anew."""
    _answer(call, lambda store: estates.estate_effective(store, asking, number, when, call.lang))


@estate.command(
    epilog="""\b
Examples:
  nemboks estate show 7 --as ida                 look first: facts, documents, list, digest
  nemboks estate approve 7 --digest 3fa9… --as ida"""
)
@click.argument("number", type=int)
@click.option("--digest", required=True, help="The case's digest, as `estate show` has it: what you looked at.")
@acting
def approve(call: Call, asking: Asking, number: int, digest: str) -> None:
    """Approve exactly what you saw. Two people are needed, neither of them the opener, before its time."""
    spool, seen = _documents(call), digest.strip().lower()
    _answer(call, lambda store: estate_approvals.estate_approve(store, asking, spool, number, seen, call.lang))


@estate.command(
    epilog="""\b
Example:
  nemboks estate refuse 7 --reason "the court knows of no such decree" --as ida"""
)
@click.argument("number", type=int)
@click.option("--reason", required=True, help="Why; the company is told.")
@acting
def refuse(call: Call, asking: Asking, number: int, reason: str) -> None:
    """Refuse a case that is not in effect: what was frozen goes to the company, as before."""
    _answer(call, lambda store: estate_approvals.estate_refuse(store, asking, number, reason, call.lang))


@estate.command(
    epilog="""\b
Examples:
  nemboks estate close 7 --outcome closed --reason "the estate was wound up" --as ida
  nemboks estate close 7 --outcome closed --digest 90cc… --as jens"""
)
@click.argument("number", type=int)
@click.option(
    "--outcome", type=click.Choice([one.value for one in OUTCOMES]), required=True,
    help="closed: nothing is sent any more. reversed: a court overturned the decree.",
)  # fmt: skip
@click.option("--reason", default="", help="Why.")
@click.option("--digest", default="", help="Instead of the reason: the end that the first one asked for, as shown.")
@acting
def close(call: Call, asking: Asking, number: int, outcome: str, reason: str, digest: str) -> None:
    """End a case in effect; two people are needed, neither of them the opener."""
    end, seen = EstateState(outcome), digest.strip().lower()
    _answer(call, lambda store: estate_approvals.estate_close(store, asking, number, end, reason, seen, call.lang))


@estate.command(
    epilog="""\b
Example:
  nemboks estate show 7 --as ida"""
)
@click.argument("number", type=int)
@acting
def show(call: Call, asking: Asking, number: int) -> None:
    """One case: facts, documents, checklist, approvals, what is missing, and the digest to approve."""
    _answer(call, lambda store: estate_case.estate_show(store, asking, number, call.lang))


@estate.command(
    "list",
    epilog="""\b
Example:
  nemboks estate list --json --as ida""",
)
@acting
def list_(call: Call, asking: Asking) -> None:
    """The cases that you have to do with."""
    items = call.with_store(lambda store: estate_case.estate_list(store, asking, call.lang))
    call.answer("estates", {"items": items}, lambda: show_cases(call, items))


@estate.command(
    epilog="""\b
Examples:
  nemboks estate inventory 7 --as ida
  nemboks estate inventory 7 --out breve.csv --as k.holm@holm.dk"""
)
@click.argument("number", type=int)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The list as a new CSV file, only yours.")
@acting
def inventory(call: Call, asking: Asking, number: int, out: Path | None) -> None:
    """Letters from before the case's time: when, from whom, where each is now; no contents.

    History keeps the SHA-256 of what was handed out: of the file, and of the rows as JSON with sorted keys, without
    blanks, in ASCII.
    """
    item, text = call.with_store(lambda store: estate_inventory.estate_inventory(store, asking, number, call.lang))
    if out is not None:
        write_new(out, text.encode())
        item |= {"out": str(out)}
    call.answer("estate_inventory", item, lambda: show_inventory(call, item, out))


def _documents(call: Call) -> "Spool":
    from nemboks.wiring import open_documents

    settings = call.settings()
    settings.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    return open_documents(settings)


def _answer(call: Call, act: Callable[["Store"], Awaitable[Shown]]) -> None:
    item = call.with_store(act)
    call.answer("estate", {"item": item}, lambda: show_case(call, item))
