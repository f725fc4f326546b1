"""How a route, its past and a trial of its rules look as text."""

from collections.abc import Sequence

from nemboks.cli.output import Call, line, minute, table
from nemboks.desk.route_checks import FIELDS
from nemboks.desk.words import Item, by_words

SHOWN = 8  # letters of one rule that are named


def show_list(call: Call, item: Item) -> None:
    """Print the present version, or all of them, and what waits for a code."""
    if item["versions"]:
        for version in item["versions"]:
            show_route(call, version)
    elif item["current"]:
        show_route(call, item["current"])
    _show_pending(call, item)


def show_changed(call: Call, item: Item) -> None:
    """Print the route after an act, what its rules would have done, and who has to say yes first."""
    show_route(call, item)
    if "trial" in item:
        show_trial(call, item["trial"])
    _show_pending(call, item)


def show_route(call: Call, item: Item) -> None:
    """Print one version."""
    since = minute(item["since"], call.lang)
    who = by_words(item["vouched_by"]).to(call.lang)
    words = call.word(
        f"Version {item['version']}, siden {since}; {who} står inde for den",
        f"Version {item['version']}, since {since}; {who} vouches for it",
    )
    line(words, bold=True)
    away = item["holiday"]
    if away:
        span = f"{minute(away['since'], call.lang)} – {minute(away['until'], call.lang)}"
        copied = call.word("; kopi til den sædvanlige", "; a copy to the usual one") if away["copy"] else ""
        line(f"  {call.word('Ferie', 'Holiday')} {span}: {away['address']} ({away['server']}){copied}")
    for rule in item["rules"]:
        line(f"  {rule['number']}. {_rule(call, rule)}: {rule['address']} ({rule['server']})")
    usual = f"{item['address']} ({item['server']})"
    if item["owner"]:
        line(call.word(f"  Ellers: holdes tilbage til {item['owner']} (sædvanlig adresse: {usual})",
                       f"  Else: held for {item['owner']} (usual address: {usual})"))  # fmt: skip
    else:
        line(call.word(f"  Ellers: {usual}", f"  Else: {usual}"))
    for name, label in (("copies", call.word("Kopi", "Copy")), ("fallbacks", call.word("Reserve", "Fallback"))):
        for one in item[name]:
            line(f"  {label}: {one['address']} ({one['server']})")


def show_trial(call: Call, trial: Item) -> None:
    """Print where past letters would have gone, and what is odd about it."""
    line(call.word(f"Prøvet på {trial['letters']} breve:", f"Tried on {trial['letters']} letters:"), bold=True)
    columns = (call.word("Nr.", "No."), call.word("Regel", "Rule"), call.word("Breve", "Letters"), "")
    rows = [
        ((f"{one['number']}", _rule(call, one), str(len(one["letters"])), _numbers(one["letters"])), _note(call, one))
        for one in trial["tried"]
    ]
    held = (
        call.word("holdes tilbage", "held") if trial["rest_held"] else call.word("sædvanlig adresse", "usual address")
    )
    rest = (("–", held, str(len(trial["rest"])), _numbers(trial["rest"])), "")
    table(columns, [*rows, rest])
    if trial["unread"]:
        line(call.word(f"{trial['unread']} breve er ikke læst og er ikke med.",
                       f"{trial['unread']} letters were not read and are left out."))  # fmt: skip
    if trial["tray_swallows"]:
        line(call.word("Alle breve ville blive holdt tilbage.", "Every letter would be held."))


def _rule(call: Call, rule: Item) -> str:
    return f"{FIELDS[rule['field']].to(call.lang)} {rule['value']}"


def _numbers(letters: Sequence[int]) -> str:
    return ", ".join(map(str, letters[:SHOWN])) + (" …" if len(letters) > SHOWN else "")


def _note(call: Call, one: Item) -> str:
    notes = {
        "nothing": call.word("Den rammer ingen breve.", "It fits no letter."),
        "swallows": call.word("Den tager alle breve.", "It takes every letter."),
    }
    silent = call.word(f"{one['silent']} breve siger intet om det.", f"{one['silent']} letters say nothing of that.")
    return " ".join([*([notes[one["note"]]] if one["note"] else []), *([silent] if one["silent"] else [])])


def _show_pending(call: Call, item: Item) -> None:
    for one in item["pending"]:
        waits, until = ", ".join(one["waits_for"]), minute(one["until"], call.lang)
        line(call.word(
            f"Venter på koden fra {waits} (ønske {one['wish']}, til {until}): `nemboks route confirm {item['cvr']}`",
            f"Waits for the code from {waits} (wish {one['wish']}, until {until}): "
            f"`nemboks route confirm {item['cvr']}`",
        ))  # fmt: skip
    if item["probation_until"]:
        until = minute(item["probation_until"], call.lang)
        line(call.word(f"Breve bliver også liggende i Digital Post til {until}.",
                       f"Letters stay in Digital Post too until {until}."))  # fmt: skip
