"""How estates look at a terminal: a case, the list of cases, the list of earlier letters."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from nemboks.cli.output import Call, Row, line, minute, spaced, table
from nemboks.content.texts import size_words
from nemboks.desk.words import Item, Words, by_words
from nemboks.domain.estates import APPROVERS, LOOKED_UP, EstateState

OUTCOMES: Final = {
    EstateState.CLOSED: Words("afsluttet", "closed"),
    EstateState.REVERSED: Words("omgjort", "reversed"),
}


def show_case(call: Call, item: Item) -> None:
    """Print one case, whole: what an approver looks at."""
    word = call.word
    line(f"{word('Sag', 'Case')} {item['id']}: {item['state_text']}", bold=True)
    line(f"  {item['kind_text']}: {item['company']} (CVR {spaced(item['cvr'])})")
    line(f"  {item['court']}, {item['reference']}, {word('dekret af', 'decree of')} {_day(item['decree_date'])}")
    line(f"  {item['kurator']}, {item['firm']}: {item['address']} ({item['server']}), {item['person']}")
    line(f"  {word('Gælder fra', 'In effect from')} {minute(item['effective_at'], call.lang)}. {item['scope']}")
    opened = minute(item["opened_at"], call.lang)
    line(f"  {word('Åbnet', 'Opened')} {opened} {word('af', 'by')} {item['opened_by']}")
    if item["evidence_at_risk"]:
        line(f"  {word('Risiko for bevis: advar ikke virksomheden', 'Evidence at risk: do not warn the company')}")
    if item["ended_at"]:
        ended = minute(item["ended_at"], call.lang)
        who = _by(call, item["ended_by"])
        line(f"  {word('Slut', 'Ended')} {ended} {word('af', 'by')} {who}: {item['reason'] or '–'}")
    _show_evidence(call, item)
    for approval in item["approvals"]:
        why = f" ({approval['why_not']})" if approval["why_not"] else ""
        line(f"  {word('Godkendt af', 'Approved by')} {approval['name']}, {minute(approval['at'], call.lang)}{why}")
    for text in item["missing"]:
        line(f"  {word('Mangler', 'Missing')}: {text}")
    if item["state"] == EstateState.OPEN and not item["missing"]:
        _show_approvals_needed(call, item)
    if closing := item["closing"]:
        outcome = OUTCOMES[closing["outcome"]].to(call.lang)
        line(f"  {word('Ønskes', 'To be')} {outcome}: {closing['reason']}")
        line(f"    {word('godkendt af', 'approved by')} {', '.join(closing['by'])}; --digest {closing['digest']}")
    line(f"  --digest {item['digest']}")


def _show_approvals_needed(call: Call, item: Item) -> None:
    needed = APPROVERS - sum(not one["why_not"] for one in item["approvals"])
    if needed <= 0:
        return
    number, how = item["id"], f"`nemboks estate approve {item['id']} --digest …`"
    line(call.word(f"  Mangler: {needed} af {APPROVERS} godkendelser af sag {number}: {how}",
                   f"  Missing: {needed} of {APPROVERS} approvals of case {number}: {how}"))  # fmt: skip


def show_cases(call: Call, items: Sequence[Item]) -> None:
    """Print the cases, one a line."""
    if not items:
        line(call.word("Ingen sager.", "No cases."))
        return
    columns = (call.word("Sag", "Case"), "CVR", call.word("Art", "Kind"), call.word("Gælder fra", "In effect from"))
    table(columns, [_case_row(call, item) for item in items])


def show_inventory(call: Call, item: Item, out: Path | None) -> None:
    """Print the list of earlier letters, or where it was written; and its digest."""
    if out is not None:
        line(f"{out}: {len(item['items'])} {call.word('breve', 'letters')}, SHA-256 {item['csv_sha256']}")
        return
    if item["items"]:
        columns = ("#", call.word("Senest", "No later than"), call.word("Myndighed", "Authority"))
        table(columns, [_letter_row(call, one) for one in item["items"]])
    else:
        line(call.word("Ingen tidligere breve.", "No earlier letters."))
    line(f"SHA-256 {item['sha256']}")


def _show_evidence(call: Call, item: Item) -> None:
    proven = minute(item["proven_at"], call.lang)
    line(f"  {call.word('Kurators adresse bekræftet', 'The address was confirmed')}: {proven}")
    for one in item["documents"]:
        line(f"  {call.word('Dokument', 'Document')} {one['id']}: {one['name']}, {size_words(one['size'], call.lang)}")
        line(f"    SHA-256 {one['sha256']}; {minute(one['added_at'], call.lang)}, {_by(call, one['added_by'])}")
    for one in item["checklist"]:
        line(f"  [{'x' if one['done'] else ' '}] {one['text']} ({one['item']})")
        if one["done"]:
            line(f"      {minute(one['at'], call.lang)}, {_who(call, one)}")


def _who(call: Call, item: Item) -> str:
    """Who ticked it and what they found; the register's word is that of the program."""
    if item["by"] == LOOKED_UP:
        return call.word("slået op i Digital Posts register", "looked up in Digital Post's register")
    return f"{_by(call, item['by'])}: {item['note']}"


def _by(call: Call, name: str) -> str:
    return by_words(name).to(call.lang)


def _day(date: str) -> str:
    """21-11-2026 of an ISO date."""
    return "-".join(reversed(date.split("-")))


def _case_row(call: Call, item: Item) -> Row:
    cells = (str(item["id"]), spaced(item["cvr"]), item["kind_text"], minute(item["effective_at"], call.lang))
    return cells, f"{item['state_text']}. {item['kurator']}"


def _letter_row(call: Call, item: Item) -> Row:
    cells = (str(item["id"]), minute(item["available_at"], call.lang), item["authority"] or "–")
    where = ", ".join(filter(None, (item["where_text"], item["address"])))
    return cells, f"{item['title'] or '–'}: {where}"
