"""How each function of the desk is called by the access table: with what belongs to the firm that is asked about.

A new desk function needs a line here and one in `access_table.py`. One function may stand several times, with words in
brackets behind its name. In LISTS, what an answer shows of the firm if it shows anything of it.
"""

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import date
from typing import Any, Final

from nemboks.content.cvr_table import Table, TableRow
from nemboks.content.envelope import reference_for
from nemboks.desk import (
    accounts,
    addresses,
    audit,
    board,
    changes,
    changes_view,
    custody,
    cvrs,
    digests,
    estate_approvals,
    estate_case,
    estate_documents,
    estate_inventory,
    estates,
    explain,
    fuses,
    golive,
    grants,
    imports,
    letters,
    mailboxes,
    notices,
    plans,
    preview,
    proofs,
    references,
    route_wishes,
    routes,
    status,
    trays,
)
from nemboks.desk.access import Asking
from nemboks.desk.changes_rules import Wanted
from nemboks.desk.cvrs import Chosen
from nemboks.desk.estates import NewCase
from nemboks.desk.route_checks import House
from nemboks.desk.words import Lang
from nemboks.domain.estates import EstateKind, EstateState, Item
from nemboks.domain.mailbox import Address, Cvr, Face, Holiday
from nemboks.domain.people import GrantRole
from nemboks.domain.plans import USUAL
from nemboks.domain.wishes import Edit
from tests.desk.access_world import COPY, HOUR, RULE, UNTIL, Target, Town
from tests.helpers import builders as make

Call = Callable[[Town, Asking, Target], Any]  # an awaitable
HOUSE: Final = House(frozenset({make.SERVER}), frozenset({"nemboks.example"}))
NEW: Final = Cvr("25313763")
FRESH: Final = Address("ny2@bageri.example")
TABLE: Final = Table((TableRow(2, NEW, "Claras Bo", Address("clara@bo.example")),), (), ())


async def _nothing_wrong(address: Address, server: str) -> list[Any]:
    return []


async def _relax(s: Town, a: Asking) -> Any:
    return await addresses.domain_relax(s, a, await s.known_domain(), "why not", Lang.EN)


async def _domain(s: Town, a: Asking) -> Any:
    return await addresses.domain_show(s, a, await s.known_domain(), Lang.EN)


async def _all(rows: AsyncGenerator[Any]) -> list[Any]:
    return [row async for row in rows]


async def _by_reference(s: Town, a: Asking, t: Target) -> Any:
    letter = await s.ask(lambda books: books.letter(t.waiting))
    return await references.number_of(s, a, reference_for(t.cvr, letter.copy.upstream_id))


def _new(t: Target) -> mailboxes.NewMailbox:
    return mailboxes.NewMailbox(NEW, "Claras Bo", Face.REST, make.ADDRESS, make.SERVER, {}, account=t.account)


def _case(s: Town) -> NewCase:
    at = s.clock.now() + 24 * HOUR
    address = Address("clara@advokat.example")
    return NewCase(
        EstateKind.KONKURS, "Retten", "K 2-26", date(2026, 11, 20), "Clara", "Advokaterne", address, "bageri", at
    )


def _holiday(s: Town, t: Target) -> Holiday:
    return Holiday(s.clock.now() + HOUR, s.clock.now() + 2 * HOUR, t.address, make.SERVER)


def _grant(t: Target, role: GrantRole, wide: bool = False) -> grants.NewGrant:
    if wide:
        return grants.NewGrant("nyansat", role, account=t.account, until=UNTIL)
    return grants.NewGrant("nyansat", role, t.cvr, until=UNTIL)


CALLS: Final[dict[str, Call]] = {
    "accounts.account_add": lambda s, a, t: accounts.account_add(
        s, a, accounts.NewAccount("Ny konto", FRESH, "nyansat")
    ),
    "accounts.account_contact": lambda s, a, t: accounts.account_contact(s, a, t.account, FRESH),
    "accounts.account_list": lambda s, a, t: accounts.account_list(s, a),
    "accounts.account_show": lambda s, a, t: accounts.account_show(s, a, t.account),
    "addresses.domain_relax": lambda s, a, t: _relax(s, a),
    "addresses.domain_show": lambda s, a, t: _domain(s, a),
    "audit.audit_export": lambda s, a, t: _all(audit.audit_export(s, a)),
    "audit.audit_export (cvr)": lambda s, a, t: _all(audit.audit_export(s, a, t.cvr)),
    "audit.audit_head": lambda s, a, t: audit.audit_head(s, a),
    "audit.audit_verify": lambda s, a, t: audit.audit_verify(s, a),
    "board.board": lambda s, a, t: board.board(s, a),
    "board.board (account)": lambda s, a, t: board.board(s, a, t.account),
    "changes.address_set": lambda s, a, t: changes.address_set(s, a, t.cvr, Wanted(FRESH), _nothing_wrong),
    "changes.change_again": lambda s, a, t: changes.change_again(s, a, t.change),
    "changes.change_cancel": lambda s, a, t: changes.change_cancel(s, a, t.change),
    "changes.change_confirm": lambda s, a, t: changes.change_confirm(s, a, t.change, "00000000"),
    "changes.change_roll_back": lambda s, a, t: changes.change_roll_back(s, a, t.done),
    "changes.email_set": lambda s, a, t: changes.email_set(s, a, t.account, Wanted(FRESH), _nothing_wrong),
    "changes_view.change_list": lambda s, a, t: changes_view.change_list(s, a),
    "changes_view.change_list (cvr)": lambda s, a, t: changes_view.change_list(s, a, t.cvr),
    "custody.legal_hold": lambda s, a, t: custody.legal_hold(s, a, t.cvr, True, "a dispute"),
    "custody.shadow": lambda s, a, t: custody.shadow(s, a, t.cvr),
    "cvrs.cvr_set": lambda s, a, t: cvrs.cvr_set(s, a, t.cvr, Chosen(keep_days=2)),
    "cvrs.cvr_set (contact)": lambda s, a, t: cvrs.cvr_set(s, a, t.cvr, Chosen(second_contact=FRESH)),
    "cvrs.fetch_now": lambda s, a, t: cvrs.fetch_now(s, a, t.cvr),
    "cvrs.give_login": lambda s, a, t: cvrs.give_login(s, a, t.cvr, Face.REST, {"system_id": "s", "api_token": "t"}),
    "digests.digest_preview (account)": lambda s, a, t: digests.digest_preview(s, a, t.account),
    "digests.digest_preview (cvr)": lambda s, a, t: digests.digest_preview(s, a, cvr=t.cvr),
    "digests.digest_send (account)": lambda s, a, t: digests.digest_send(s, a, t.account),
    "digests.digest_send (cvr)": lambda s, a, t: digests.digest_send(s, a, cvr=t.cvr),
    "digests.digest_set": lambda s, a, t: digests.digest_set(s, a, t.account, on=True),
    "estate_approvals.estate_approve": lambda s, a, t: estate_approvals.estate_approve(
        s, a, s.contents, t.estate, "ab" * 32
    ),
    "estate_approvals.estate_close": lambda s, a, t: estate_approvals.estate_close(
        s, a, t.estate, EstateState.CLOSED, "over"
    ),
    "estate_approvals.estate_refuse": lambda s, a, t: estate_approvals.estate_refuse(s, a, t.estate, "no decree"),
    "estate_case.estate_list": lambda s, a, t: estate_case.estate_list(s, a),
    "estate_case.estate_show": lambda s, a, t: estate_case.estate_show(s, a, t.estate),
    "estate_documents.estate_check": lambda s, a, t: estate_documents.estate_check(
        s, a, t.estate, Item.GAZETTE, "seen"
    ),
    "estate_documents.estate_document": lambda s, a, t: estate_documents.estate_document(
        s, a, s.contents, t.estate, "a.pdf", b"%PDF-1.7"
    ),
    "estate_documents.estate_view": lambda s, a, t: estate_documents.estate_view(
        s, a, s.contents, t.estate, t.document
    ),
    "estate_inventory.estate_inventory": lambda s, a, t: estate_inventory.estate_inventory(s, a, t.estate),
    "estates.estate_code": lambda s, a, t: estates.estate_code(s, a, t.estate),
    "estates.estate_confirm": lambda s, a, t: estates.estate_confirm(s, a, t.estate, "00000000"),
    "estates.estate_effective": lambda s, a, t: estates.estate_effective(s, a, t.estate, s.clock.now() + 24 * HOUR),
    "estates.estate_open": lambda s, a, t: estates.estate_open(s, a, t.cvr, _case(s)),
    "explain.explain_cvr": lambda s, a, t: explain.explain_cvr(s, a, t.cvr, Lang.DA),
    "explain.explain_letter": lambda s, a, t: explain.explain_letter(s, a, str(t.held), Lang.DA),
    "fuses.fuse_reset": lambda s, a, t: fuses.fuse_reset(s, a, t.cvr, "looked at"),
    "fuses.fuse_reset (all)": lambda s, a, t: fuses.fuse_reset(s, a, None, "looked at"),
    "fuses.fuse_show": lambda s, a, t: fuses.fuse_show(s, a),
    "fuses.to_reconcile": lambda s, a, t: fuses.to_reconcile(s, a, t.cvr),
    "golive.go_live": lambda s, a, t: golive.go_live(s, a, t.cvr),
    "grants.grant_add (drift)": lambda s, a, t: grants.grant_add(s, a, grants.NewGrant("ny", GrantRole.OPERATIONS)),
    "grants.grant_add (ejer)": lambda s, a, t: grants.grant_add(s, a, _grant(t, GrantRole.OWNER, wide=True)),
    "grants.grant_add (laeser)": lambda s, a, t: grants.grant_add(s, a, _grant(t, GrantRole.READER)),
    "grants.grant_add (revisor)": lambda s, a, t: grants.grant_add(s, a, _grant(t, GrantRole.ACCOUNTANT)),
    "grants.grant_end": lambda s, a, t: grants.grant_end(s, a, t.grant),
    "grants.grant_list": lambda s, a, t: grants.grant_list(s, a),
    "grants.grant_list (cvr)": lambda s, a, t: grants.grant_list(s, a, t.cvr),
    "grants.person_end": lambda s, a, t: grants.person_end(s, a, t.leaver),
    "imports.export_table": lambda s, a, t: imports.export_table(s, a),
    "imports.import_preview": lambda s, a, t: imports.import_preview(s, a, TABLE, imports.Terms(account=t.account)),
    "imports.import_table": lambda s, a, t: imports.import_table(s, a, TABLE, imports.Terms(account=t.account)),
    "letters.letter_list": lambda s, a, t: letters.letter_list(s, a),
    "letters.letter_list (cvr)": lambda s, a, t: letters.letter_list(s, a, cvr=t.cvr),
    "letters.letter_show": lambda s, a, t: letters.letter_show(s, a, t.waiting),
    "letters.release": lambda s, a, t: letters.release(s, a, t.held),
    "letters.release (boundary)": lambda s, a, t: letters.release(s, a, t.boundary),
    "letters.retry": lambda s, a, t: letters.retry(s, a, t.waiting),
    "letters.retry_waiting": lambda s, a, t: letters.retry_waiting(s, a),
    "letters.retry_waiting (cvr)": lambda s, a, t: letters.retry_waiting(s, a, t.cvr),
    "mailboxes.add": lambda s, a, t: mailboxes.add(s, a, _new(t)),
    "mailboxes.mailbox_list": lambda s, a, t: mailboxes.mailbox_list(s, a),
    "mailboxes.pause": lambda s, a, t: mailboxes.pause(s, a, t.cvr),
    "mailboxes.resume": lambda s, a, t: mailboxes.resume(s, a, t.cvr),
    "notices.told_list": lambda s, a, t: notices.told_list(s, a),
    "plans.plan_cancel": lambda s, a, t: plans.plan_cancel(s, a, t.account),
    "plans.plan_set": lambda s, a, t: plans.plan_set(s, a, t.account, "Pro", USUAL),
    "plans.plan_undo": lambda s, a, t: plans.plan_undo(s, a, t.account),
    "preview.letter": lambda s, a, t: preview.letter(s, a, s.contents, t.waiting),
    "proofs.proof_give": lambda s, a, t: proofs.proof_give(s, a, t.cvr, "00000000"),
    "proofs.proof_send": lambda s, a, t: proofs.proof_send(s, a, t.cvr),
    "references.number_of": lambda s, a, t: _by_reference(s, a, t),
    "route_wishes.again": lambda s, a, t: route_wishes.again(s, a, t.cvr),
    "route_wishes.confirm": lambda s, a, t: route_wishes.confirm(s, a, t.cvr, "00000000"),
    "routes.copy_add": lambda s, a, t: routes.copy_add(s, a, t.cvr, FRESH, "", HOUSE),
    "routes.copy_remove": lambda s, a, t: routes.copy_remove(s, a, t.cvr, COPY.address),
    "routes.default_set": lambda s, a, t: routes.default_set(s, a, t.cvr, "", sure=True),
    "routes.holiday_cancel": lambda s, a, t: routes.holiday_cancel(s, a, t.cvr),
    "routes.holiday_set": lambda s, a, t: routes.holiday_set(s, a, t.cvr, _holiday(s, t), HOUSE),
    "routes.route_list": lambda s, a, t: routes.route_list(s, a, t.cvr),
    "routes.route_set": lambda s, a, t: routes.route_set(s, a, t.cvr, Edit(base=1), HOUSE),
    "routes.route_try": lambda s, a, t: routes.route_try(s, a, t.cvr, None, HOUSE),
    "routes.rule_add": lambda s, a, t: routes.rule_add(s, a, t.cvr, replace(RULE, value="1003388395"), HOUSE),
    "routes.rule_remove": lambda s, a, t: routes.rule_remove(s, a, t.cvr, 1),
    "status.status": lambda s, a, t: status.status(s, a, s.clock.now()),
    "trays.letter_dismiss": lambda s, a, t: trays.letter_dismiss(s, a, t.held, "read elsewhere"),
    "trays.letter_hold": lambda s, a, t: trays.letter_hold(s, a, t.waiting, "a dispute"),
    "trays.letter_tray": lambda s, a, t: trays.letter_tray(s, a),
}
LISTS: Final[dict[str, Callable[[Target], str]]] = {
    "accounts.account_list": lambda t: t.account,
    "audit.audit_export": lambda t: t.cvr,
    "board.board": lambda t: t.cvr,
    "board.board (account)": lambda t: t.cvr,
    "changes_view.change_list": lambda t: t.cvr,
    "estate_case.estate_list": lambda t: t.cvr,
    "fuses.fuse_show": lambda t: t.cvr,
    "grants.grant_list": lambda t: t.leaver,
    "imports.export_table": lambda t: t.cvr,
    "letters.letter_list": lambda t: t.cvr,
    "letters.letter_list (cvr)": lambda t: t.cvr,
    "mailboxes.mailbox_list": lambda t: t.cvr,
    "notices.told_list": lambda t: t.cvr,
    "status.status": lambda t: t.cvr,
    "trays.letter_tray": lambda t: t.cvr,
}
