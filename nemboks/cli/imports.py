"""`nemboks cvr import` and `cvr export`: many companies by one table. Nothing is imported while anything is wrong."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from nemboks.cli.errors import FAILED
from nemboks.cli.output import Call, acting, line, spaced, table
from nemboks.content.csv_cells import SIZE, write_table
from nemboks.content.cvr_table import Table, read_table
from nemboks.desk import imports as desk
from nemboks.desk.access import Asking
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.imports import Terms
from nemboks.desk.words import Item, Words
from nemboks.domain.mailbox import DIRECT

if TYPE_CHECKING:
    from nemboks.settings import Settings

SHOWN: Final = 50  # faults, warnings and changes each; all of them are in --json and --errors
BOM: Final = "\ufeff"  # without it Excel reads Windows-1252
FIELDS: Final = {
    "name": Words("navn", "name"), "reference": Words("reference", "reference"),
    "second_contact": Words("anden kontakt", "second contact"),
    "neutral_subject": Words("neutralt emne", "neutral subject"),
}  # fmt: skip


@click.command(
    "import",
    epilog="""\b
Examples:
  nemboks cvr import kunder.csv --dry-run
  nemboks cvr import kunder.csv --account "Revision Syd" --as bo --shadow-days 14
  nemboks cvr import - --dry-run --json < kunder.csv

\b
The table's first line is
  cvr;navn;email;anden_kontakt;reference;neutralt_emne""",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only show what would be done. Needs no settings and no database.")
@click.option("--account", default="", help="Whose they are; the operator's own if left out.")
@click.option("--server", default=DIRECT, show_default=True, help="What takes their letters: a name in [servers].")
@click.option("--start-from-now", is_flag=True, help="Leave what lies there already in Digital Post, untouched.")
@click.option(
    "--shadow-days",
    type=click.IntRange(0, 90),
    default=0,
    help="Forward, and remove nothing, until `mailbox golive`; after so many days people are reminded.",
)
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help="A new CSV file for the faults.")
@acting
def import_(
    call: Call, asking: Asking, file: Path, dry_run: bool, account: str, server: str, start_from_now: bool,
    shadow_days: int, errors: Path | None,
) -> None:  # fmt: skip
    """Add or update many companies by a CSV file, all of them or none.

    Nothing of a company is fetched before it has let us in at Digital Post, and no receipt is given before its address
    is proven. The same file again changes nothing. Ends with 1 if anything in the file is wrong.
    """
    read = read_table(_bytes(file))
    settings = _settings(call, dry_run)
    if settings is None:
        whole = desk.preview(read)
    else:
        terms = _terms(settings, Terms(server, account, start_from_now, shadow_days))
        whole = call.with_store(
            lambda store: (
                desk.import_preview(store, asking, read, terms)
                if dry_run
                else desk.import_table(store, asking, read, terms)
            )
        )
    done = not dry_run and not whole["faults"]
    if errors is not None and whole["faults"]:
        _write_new(errors, _faults_table(call, whole["faults"]))
    if done and whole["new"] and settings is not None and not settings.upstream.cvr:
        call.say(NO_LOGIN)
    values = {"dry_run": dry_run, "imported": done, **whole}
    call.answer("import", values, lambda: _show(call, read, whole, dry_run), ok=not whole["faults"])
    if whole["faults"]:
        sys.exit(FAILED)


NO_LOGIN: Final = Words(
    "Advarsel: [upstream] cvr, system_id og api_token mangler i indstillingerne; uden dem kan ingen se, "
    "hvornår en virksomhed har givet adgang.",
    "Warning: [upstream] cvr, system_id and api_token are missing in the settings; without them nobody can see "
    "when a company has let us in.",
)


@click.command(
    "export",
    epilog="""\b
Examples:
  nemboks cvr export --out kunder.csv
  nemboks cvr export --as bo > kunder.csv""",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A new file, for its owner only.")
@acting
def export(call: Call, asking: Asking, out: Path | None) -> None:
    """The companies as the table that `cvr import` reads; on stdout or to a file that is not there yet."""
    if call.as_json and out is None:
        raise click.UsageError("the export is CSV already; --json goes with --out")
    text = call.with_store(lambda store: desk.export_table(store, asking))
    if out is None:
        click.echo(f"{BOM}{text}".encode(), nl=False)
        return
    _write_new(out, text)
    rows = max(0, text.count("\r\n") - 1)
    told = call.word(f"{rows} virksomheder skrevet til {out}", f"{rows} companies written to {out}")
    call.answer("export", {"rows": rows, "out": str(out)}, lambda: line(told))


def attach(group: click.Group) -> None:
    """Nothing; the commands are in the group."""
    group.add_command(import_)
    group.add_command(export)


def _bytes(file: Path) -> bytes:
    """The file's octets, no more than it takes to know that they are too many."""
    with click.open_file(str(file), "rb") as opened:
        read: bytes = opened.read(SIZE + 1)
    return read


def _settings(call: Call, dry_run: bool) -> "Settings | None":
    """The settings; None for a dry run where nothing is set up. SettingsError."""
    from nemboks.settings import SettingsError

    try:
        settings = call.settings()
        return settings if not dry_run or settings.may_have_ledger else None
    except (SettingsError, OSError):
        if dry_run and call.config is None:  # somebody else's machine, or not the service's user
            return None
        raise


def _terms(settings: "Settings", terms: Terms) -> Terms:
    """The terms with what the settings say. BadParameter for an unknown server."""
    if terms.server != DIRECT and terms.server not in settings.servers:
        known = ", ".join([*sorted(settings.servers), DIRECT])
        raise click.BadParameter(
            f"there is no [servers.{terms.server}] in the settings; known: {known}", param_hint="--server"
        )
    declared = frozenset(box.cvr for box in settings.mailboxes)
    return Terms(
        terms.server, terms.account, terms.start_from_now, terms.shadow_days, settings.upstream.cvr, declared,
        settings.sold,
    )  # fmt: skip


def _show(call: Call, read: Table, whole: Item, dry_run: bool) -> None:
    """Faults first, then warnings, then what changes, then the counts."""
    _places(call, call.word("Fejl", "Faults"), whole["faults"])
    _places(call, call.word("Advarsler", "Warnings"), whole["warnings"])
    _changes(call, [item for item in whole["items"] if item["changes"]])
    ready, warnings, faults = len(read.rows), len(whole["warnings"]), len(whole["faults"])
    da = f"{ready} klar, {_many(warnings, 'advarsel', 'advarsler')}, {faults} fejl"
    en = f"{ready} ready, {_many(warnings, 'warning', 'warnings')}, {_many(faults, 'fault', 'faults')}"
    line(call.word(da, en), bold=True)
    new, changed, same = whole["new"], whole["changed"], whole["same"]
    line(call.word(f"{new} nye, {changed} ændres, {same} er som før", f"{new} new, {changed} change, {same} as before"))
    line(_outcome(whole, dry_run).to(call.lang))


def _outcome(whole: Item, dry_run: bool) -> Words:
    if whole["faults"]:
        return Words("Intet er importeret. Ret fejlene, og prøv igen.", "Nothing was imported. Mend the faults.")
    if dry_run:
        return Words("Det var en prøve: intet er skrevet.", "This was a trial: nothing was written.")
    if not whole["new"]:
        return Words("Færdig.", "Done.")
    return Words(
        "Importeret. De nye er spurgt om fuldmagt, og vi henter intet, før de har givet den: se `nemboks cvr board`.",
        "Imported. The new ones were asked to let us in, and we fetch nothing before they do: see `nemboks cvr board`.",
    )


def _places(call: Call, heading: str, items: Sequence[Item]) -> None:
    if not items:
        return
    line(heading, bold=True)
    columns = (call.word("Række", "Row"), call.word("Kolonne", "Column"), call.word("Værdi", "Value"))
    rows = [((str(item["row"]), item["column"], item["value"]), item[call.lang]) for item in items[:SHOWN]]
    table(columns, rows)
    _rest(call, len(items))


def _changes(call: Call, items: Sequence[Item]) -> None:
    for item in items[:SHOWN]:
        said = [
            f"{FIELDS[one['field']].to(call.lang)}: {_value(call, one['was'])} → {_value(call, one['will_be'])}"
            for one in item["changes"]
        ]
        line(f"{spaced(item['cvr'])}  {'; '.join(said)}")
    _rest(call, len(items))


def _rest(call: Call, number: int) -> None:
    if number > SHOWN:
        more = number - SHOWN
        line(call.word(f"… og {more} til: --json eller --errors", f"… and {more} more: --json or --errors"))


def _value(call: Call, value: object) -> str:
    if isinstance(value, bool):
        return call.word("ja", "yes") if value else call.word("nej", "no")
    return str(value) if value else "–"


def _many(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _faults_table(call: Call, faults: Sequence[Item]) -> str:
    heading = [call.word("række", "row"), call.word("kolonne", "column"), call.word("værdi", "value")]
    rows = [[str(item["row"]), item["column"], item["value"], item[call.lang]] for item in faults]
    return write_table([[*heading, call.word("fejl", "fault")], *rows])


def _write_new(path: Path, text: str) -> None:
    """Writes a file that was not there, for its owner only: a typing slip must not cost anybody their table."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise RefusedByRule(
            Words(f"{path} findes allerede; vælg en anden fil", f"{path} is there already; choose another file")
        ) from None
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from None
    with os.fdopen(handle, "wb") as file:
        file.write(f"{BOM}{text}".encode())
