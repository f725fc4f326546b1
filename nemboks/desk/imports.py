"""Many companies at once: a table previewed, imported, exported (UX 6).

Promises: all of a table or nothing, in one transaction; while there is a fault nothing is written, and the same table
again changes nothing. An imported company is listed by nobody before it has let us in at Digital Post, and its address
is unproven: letters go there, no receipt is given. A file never changes where the letters of a known company go
(SECURITY 3, threat 7), and never takes anything away; of a mailbox of others nothing is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from nemboks.content.csv_cells import write_table
from nemboks.content.cvr_table import Column, Fault, Table, TableRow
from nemboks.content.cvr_table_words import Said
from nemboks.desk import import_words as words
from nemboks.desk.access import Asking, account_for, actor_of, allowed, narrowed, seen_by
from nemboks.desk.contacts import tell_of_contact
from nemboks.desk.custody import start_shadow
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.explain_rules import shut_out
from nemboks.desk.plans import room_for
from nemboks.desk.words import Item, Words
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import mail_path
from nemboks.domain.custody import Consent, Custody, start_of
from nemboks.domain.mailbox import DIRECT, Face, Mailbox, Options, Route
from nemboks.domain.people import Account, Action, Actor, may
from nemboks.domain.plans import Plan
from nemboks.ports import Acts, Books

FEATURE: Final = "import"  # of a plan


@dataclass(frozen=True, slots=True)
class Terms:
    """How the companies of a table are taken in, besides what it says of each."""

    server: str = DIRECT
    account: str = ""  # whose they are, by name; "" for the operator's own
    start_from_now: bool = False  # what lies there already is left alone
    shadow_days: int = 0  # so long nothing leaves Digital Post, until a person says go; 0: no shadow
    our_cvr: str = ""  # which they name to let us in; "" where the settings do not have it
    declared: frozenset[str] = frozenset()  # CVRs of the settings file
    plans: Mapping[str, Plan] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Row:
    """One company, and what the import will do: a new mailbox, changes to a known one, or nothing."""

    row: TableRow
    box: Mailbox | None = None
    changes: Mapping[str, tuple[Any, Any]] | None = None  # by name: as it is, as it will be


def preview(table: Table) -> Item:
    """What an import would do where there is no store to compare with: every company is new."""
    return _item(table, [_Row(row) for row in table.rows], table.faults, [])


async def import_preview(store: Acts, asking: Asking, table: Table, terms: Terms) -> Item:
    """What `import_table` would do now, and what keeps it from it; nothing is written. Errors as there."""
    return await store.ask(lambda books: _Import(books, asking, table, terms).item())


async def import_table(store: Acts, asking: Asking, table: Table, terms: Terms) -> Item:
    """What was done: `new`, `changed` and `same` companies; with any of `faults`, nothing.

    NotFound, NotAllowed for the account; RefusedByRule where its plan has no import or no room for so many.
    """

    def act(books: Books) -> Item:
        whole = _Import(books, asking, table, terms)
        if not whole.faults:
            whole.carry_out()
        return whole.item()

    return await store.act(act)


async def export_table(store: Acts, asking: Asking) -> str:
    """The asker's companies as the table that an import reads; for Excel the caller puts a byte-order mark in front.

    Addresses in full: only of mailboxes whose letters the asker may read about, titles and all. A company that an
    estate took over from the asker is not in it.
    """

    def read(books: Books) -> str:
        its = narrowed(actor_of(books, asking))
        boxes = [box for box in seen_by(books, asking, Action.SEE_TITLES) if not shut_out(its(box), box, books.at)]
        return write_table([list(Column), *map(_cells, boxes)])

    return await store.ask(read)


class _Import:
    """A table against the store as it is now."""

    def __init__(self, books: Books, asking: Asking, table: Table, terms: Terms) -> None:
        self._books, self._table, self._terms = books, table, terms
        self._actor, self._account = _importer(books, asking, terms)
        self.faults: list[Fault] = list(table.faults)
        self._warnings: list[Fault] = []
        self._rows = [planned for row in table.rows if (planned := self._row(row))]
        self._new = [one.row for one in self._rows if one.box is None]
        if self._account and self._new:
            room_for(books, self._account, len(self._new), terms.plans)

    def item(self) -> Item:
        """The whole as people see it."""
        return _item(self._table, self._rows, self.faults, self._warnings)

    def carry_out(self) -> None:
        """Every new company and every change, with its history and what people are told."""
        books, by = self._books, self._actor.name
        for row in self._new:
            box = books.add_mailbox(self._made(row), {}, by)
            if self._terms.shadow_days:
                start_shadow(books, box, by, self._terms.shadow_days)
            _ask_consent(books, box, self._terms)
        changed = [one for one in self._rows if one.box and one.changes]
        for one in changed:
            _change(books, one, self._actor)
        if self._new or changed:
            new, rows, account = len(self._new), len(self._rows), self._terms.account
            books.note("companies_imported", by=by, account=account, rows=rows, new=new, changed=len(changed))

    def _row(self, row: TableRow) -> _Row | None:
        if row.cvr in self._terms.declared:
            self._fault(row, words.IN_SETTINGS)
            return None
        box = self._books.mailbox(row.cvr)
        if box is None:
            return _Row(row)
        if box.account != (self._account.id if self._account else None):
            self._fault(row, words.NOT_HERE)
            return None
        if row.address.casefold() != box.route.address.casefold():
            self._warn(row, Column.EMAIL, row.address, words.OTHER_ADDRESS, now=box.route.address.masked)
        changes = _changes(row, box, self._table.columns)
        for name, action in _RIGHTS.items():
            if name in changes and not may(self._actor, action, box, self._books.at):
                self._warn(row, _COLUMNS[name], str(changes.pop(name)[1]), words.NOT_CHANGED)
        return _Row(row, box, changes)

    def _fault(self, row: TableRow, said: Said) -> None:
        self.faults.append(Fault(row.number, Column.CVR, row.cvr, said.da, said.en))

    def _warn(self, row: TableRow, column: Column, value: str, said: Said, **facts: str) -> None:
        self._warnings.append(Fault(row.number, column, value, said.da.format(**facts), said.en.format(**facts)))

    def _made(self, row: TableRow) -> Mailbox:
        """The mailbox: without a login, and with an address that nobody has proven."""
        at, account = self._books.at, self._account
        custody = Custody(unproven=True, starts_at=start_of(at) if self._terms.start_from_now else None)
        return Mailbox(
            0, row.cvr, row.name, Face.REST, Route(1, row.address, self._terms.server, at, self._actor.name), at,
            options=_options(row, account), account=account.id if account else None, reference=row.reference,
            consent=Consent.AWAITED, custody=custody, serves_until=account.ends_at if account else None,
        )  # fmt: skip


_RIGHTS: Final = {
    "name": Action.CUSTODY, "reference": Action.CUSTODY, "neutral_subject": Action.CUSTODY,
    "second_contact": Action.ROUTE,
}  # fmt: skip
_COLUMNS: Final = {
    "name": Column.NAME, "reference": Column.REFERENCE, "neutral_subject": Column.NEUTRAL,
    "second_contact": Column.SECOND,
}  # fmt: skip


def _importer(books: Books, asking: Asking, terms: Terms) -> tuple[Actor, Account | None]:
    """Who imports, and for which account. RefusedByRule for a person who names none, and for a plan without import."""
    if not terms.account:
        actor = allowed(books, asking, Action.ADD)
        if not actor.operator:
            raise RefusedByRule(
                Words("Skriv, hvilken konto det er til: --account", "say which account it is for: --account")
            )
        return actor, None
    actor, account = account_for(books, asking, Action.ADD, terms.account)
    plan = terms.plans.get(account.plan)
    if plan is not None and FEATURE not in plan.features:
        raise RefusedByRule(
            Words(
                f"Import hører ikke med i {plan.name}; tilføj dem en ad gangen med `nemboks cvr add`",
                f"{plan.name} has no import; add them one by one with `nemboks cvr add`",
            )
        )
    return actor, account


def _changes(row: TableRow, box: Mailbox, columns: frozenset[Column]) -> dict[str, tuple[Any, Any]]:
    """What the row says otherwise; a blank cell takes nothing away, but in a column of yes and no it is a no."""
    neutral = row.neutral_subject if Column.NEUTRAL in columns else box.options.neutral_subject
    said = {
        "name": (box.name, row.name or box.name),
        "reference": (box.reference, row.reference or box.reference),
        "neutral_subject": (box.options.neutral_subject, neutral),
        "second_contact": (box.options.second_contact, row.second_contact or box.options.second_contact),
    }
    return {name: (was, will_be) for name, (was, will_be) in said.items() if was != will_be}


def _options(row: TableRow, account: Account | None) -> Options:
    """What the row chose; the account's own second contact where it names none."""
    language = account.language if account else Options().language
    contact = row.second_contact or (account.second_contact if account else None)
    if contact is not None and contact.casefold() == row.address.casefold():
        contact = None
    return Options(language, row.neutral_subject, second_contact=contact, contact_language=language)


def _change(books: Books, one: _Row, actor: Actor) -> None:
    box, changes = one.box, one.changes
    assert box is not None and changes is not None
    will_be = {name: value for name, (_, value) in changes.items()}
    own = {name: will_be[name] for name in ("name", "reference") if name in will_be}
    chosen = {name: value for name, value in will_be.items() if name not in own}
    after = books.keep(replace(box, **own, options=replace(box.options, **chosen)))
    books.note("mailbox_changed", after, by=actor.name, changed=sorted(will_be))
    if "second_contact" in will_be:
        tell_of_contact(books, box, after, actor)


def _ask_consent(books: Books, box: Mailbox, terms: Terms) -> None:
    """Asks the company, once, to let us in; it is told what happens if it does nothing: nothing."""
    facts = {"company": box.name, "cvr": box.cvr, "our_cvr": terms.our_cvr or None, "account": terms.account or None}
    path = mail_path(box.options.language, box.route.address)
    books.tell(
        Announcement(
            0, f"consent {box.id}", Kind.CONSENT_ASKED, path, books.at, due_at=books.at, mailbox=box.id, facts=facts
        )
    )


def _item(table: Table, rows: Sequence[_Row], faults: Sequence[Fault], warnings: Sequence[Fault]) -> Item:
    items = [_row_item(one) for one in rows]
    told = sorted([*table.warnings, *warnings], key=lambda one: one.row)
    wrong = sorted(faults, key=lambda one: one.row)
    counts = {state: sum(item["state"] == state for item in items) for state in ("new", "changed", "same")}
    return {
        "ready": len(items),
        **counts,
        "faults": [_fault_item(one) for one in wrong],
        "warnings": [_fault_item(one) for one in told],
        "items": items,
    }


def _fault_item(fault: Fault) -> Item:
    return {"row": fault.row, "column": str(fault.column), "value": fault.value, "da": fault.da, "en": fault.en}


def _row_item(one: _Row) -> Item:
    changes = [{"field": name, "was": was, "will_be": value} for name, (was, value) in (one.changes or {}).items()]
    state = "new" if one.box is None else "changed" if changes else "same"
    return {"row": one.row.number, "cvr": one.row.cvr, "name": one.row.name, "state": state, "changes": changes}


def _cells(box: Mailbox) -> list[str]:
    options = box.options
    return [
        box.cvr, box.name, box.route.address, options.second_contact or "", box.reference,
        "ja" if options.neutral_subject else "nej",
    ]  # fmt: skip
