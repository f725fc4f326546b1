"""What may stand in a route: rules, recipients and a holiday as a person wrote them -> as they are kept, or why not.

Promises: what is refused is refused before anything is written, in words that say what to write instead. Pure.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NoReturn

from nemboks.content.texts import clean
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.plans import Plans, feature
from nemboks.desk.words import Words
from nemboks.domain.mailbox import DIRECT, Address, Field, Holiday, Mailbox, Recipient, Route, Rule
from nemboks.domain.redact import mask_cpr
from nemboks.domain.routing import name_of
from nemboks.domain.wishes import HOLIDAY_MOST, Edit
from nemboks.ports import Books

RULES_MOST: Final = 200
COPIES_MOST: Final = 10
VALUE_MOST: Final = 120  # characters

FIELDS: Final = {
    Field.AUTHORITY: Words("afsender", "authority"),
    Field.P_NUMBER: Words("P-nummer", "P-number"),
    Field.SE_NUMBER: Words("SE-nummer", "SE-number"),
    Field.KLE: Words("KLE-emne", "KLE subject"),
    Field.CASE: Words("sagsnummer", "case id"),
    Field.CLASS: Words("slags", "class"),
}
_FEATURES: Final = {
    "rules": Words("regler", "rules"),
    "copies": Words("kopimodtagere", "copies"),
    "holiday": Words("ferie", "holidays"),
}
_SHAPES: Final = {
    Field.P_NUMBER: (r"[0-9]{10}|[0-9]{1,9}\*", Words("ti cifre", "ten digits")),
    Field.SE_NUMBER: (r"[0-9]{8}|[0-9]{1,7}\*", Words("otte cifre", "eight digits")),
    Field.KLE: (r"[0-9]{2}(\.[0-9]{2}){0,2}(\.?\*)?", Words("27.12.00 eller 27.*", "27.12.00 or 27.*")),
    Field.CLASS: ("legal|mandatory|ordinary", Words("legal, mandatory eller ordinary", "legal, mandatory or ordinary")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class House:
    """What the settings say: the names in [servers], our own domains, where letters never go back to, and plans."""

    servers: frozenset[str]
    domains: frozenset[str] = frozenset()
    plans: Plans = field(default_factory=dict)


def checked(edit: Edit, route: Route, house: House, at: datetime) -> Edit:
    """The edit with its values cleaned and each server named. RefusedByRule."""
    rules = tuple(_rule(one, route, house) for one in edit.rules)
    others = tuple(_recipient(one, route, house) for one in edit.others)
    holiday = edit.holiday and _holiday(edit.holiday, route, house, at)
    made = replace(edit, rules=rules, others=others, holiday=holiday)
    _fits(made, route)
    return made


def sold_to(books: Books, box: Mailbox, edit: Edit, house: House) -> None:
    """Nothing, if the account's plan has what the edit adds. RefusedByRule."""
    wants = {
        "rules": bool(edit.rules or edit.unrouted),
        "copies": any(one not in box.route.others for one in edit.others),
        "holiday": edit.holiday is not None,
    }
    for name, wanted in wants.items():
        if wanted and not feature(books, box, name, house.plans):
            _refuse(f"Abonnementet har ikke {_FEATURES[name].da}; et større har: `nemboks plan set`",
                    f"the plan has no {_FEATURES[name].en}; a larger one has: `nemboks plan set`")  # fmt: skip


def _rule(rule: Rule, route: Route, house: House) -> Rule:
    value = clean(rule.value, VALUE_MOST + 1).strip()
    name = FIELDS[rule.field]
    if not value or len(value) > VALUE_MOST:
        _refuse(f"Skriv en værdi for {name.da}, højst {VALUE_MOST} tegn",
                f"write a value for the {name.en}, at most {VALUE_MOST} characters")  # fmt: skip
    shape, words = _SHAPES.get(rule.field, (".+", Words("", "")))
    if not re.fullmatch(shape, value):
        _refuse(f"»{value}« er ikke {name.da}: skriv {words.da}", f"'{value}' is no {name.en}: write {words.en}")
    if rule.field not in _SHAPES and mask_cpr(value) != value:
        _refuse("Et CPR-nummer kan ikke stå i en regel: det gemmes ingen steder",
                "a CPR number cannot stand in a rule: it is kept nowhere")  # fmt: skip
    return replace(rule, value=value, server=_server(rule.address, rule.server, route, house))


def _recipient(one: Recipient, route: Route, house: House) -> Recipient:
    if one.address.lower() == route.address.lower():
        _refuse(f"{one.address} er den sædvanlige adresse og får brevene i forvejen",
                f"{one.address} is the usual address and gets the letters anyway")  # fmt: skip
    known = [x for x in route.others if x.role is one.role and x.address.lower() == one.address.lower()]
    certificate = one.certificate or (known[0].certificate if known else "")
    return replace(one, server=_server(one.address, one.server, route, house), certificate=certificate)


def _holiday(holiday: Holiday, route: Route, house: House, at: datetime) -> Holiday:
    since = max(holiday.since, at)
    if holiday.until <= since:
        _refuse("Ferien skal slutte senere, end den begynder, og senere end nu",
                "the holiday must end after it begins, and after now")  # fmt: skip
    if holiday.until - since > HOLIDAY_MOST:
        _refuse(f"En ferie varer højst {HOLIDAY_MOST.days} dage; skal posten et andet sted hen for altid, så brug "
                "`nemboks address set`",
                f"a holiday lasts {HOLIDAY_MOST.days} days at most; for good, use `nemboks address set`")  # fmt: skip
    if holiday.address.lower() == route.address.lower():
        _refuse(f"{holiday.address} er den sædvanlige adresse", f"{holiday.address} is the usual address")
    return replace(holiday, since=since, server=_server(holiday.address, holiday.server, route, house))


def _server(address: Address, server: str, route: Route, house: House) -> str:
    """The named server; else that of the usual address for its domain, and the domain's own MX for any other."""
    if address.domain in house.domains:
        _refuse(f"{address} er en af vores egne adresser; dertil videresendes intet",
                f"{address} is one of our own addresses; nothing is forwarded there")  # fmt: skip
    if not server:
        return route.server if address.domain == route.address.domain else DIRECT
    if server != DIRECT and server not in house.servers:
        known = ", ".join([*sorted(house.servers), DIRECT])
        _refuse(f"Der er ingen [servers.{server}] i indstillingerne; kendte: {known}",
                f"there is no [servers.{server}] in the settings; known: {known}")  # fmt: skip
    return server


def _fits(edit: Edit, route: Route) -> None:
    """Raises RefusedByRule for too many, for the same twice, and for a place that there is not."""
    rules = edit.rules if edit.base else (*route.rules, *edit.rules)
    others = edit.others if edit.base else (*route.others, *edit.others)
    if not edit.base and edit.place > len(route.rules) + 1:
        _refuse(f"Der er {len(route.rules)} regler; sæt den ind som nr. 1 til {len(route.rules) + 1}",
                f"there are {len(route.rules)} rules; put it in as number 1 to {len(route.rules) + 1}")  # fmt: skip
    if len(rules) > RULES_MOST or len(others) > COPIES_MOST:
        _refuse(f"Højst {RULES_MOST} regler og {COPIES_MOST} kopimodtagere",
                f"at most {RULES_MOST} rules and {COPIES_MOST} further recipients")  # fmt: skip
    if twice := _twice([name_of(one).casefold() for one in rules]):
        _refuse(f"Reglen {twice} er der allerede", f"there is a rule {twice} already")
    if twice := _twice([f"{one.role}: {one.address}".lower() for one in others]):
        _refuse(f"Modtageren er der allerede ({twice})", f"the recipient is there already ({twice})")


def _twice(names: Sequence[str]) -> str:
    return next((name for number, name in enumerate(names) if name in names[:number]), "")


def _refuse(da: str, en: str) -> NoReturn:
    raise RefusedByRule(Words(da, en))
