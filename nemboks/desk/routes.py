"""What people may ask about where letters go: see the route and its past, try rules out, change them, go on holiday.

Promises: each change is the next version, made in one transaction; what an address outside the company must agree to
first waits in route_wishes.py; a rule that would take every letter is asked about twice. The usual address is never
changed here: that is `nemboks address set`.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final, NoReturn

from nemboks.content.texts import date_words
from nemboks.desk.access import Asking, box_for, hidden
from nemboks.desk.errors import NotFound, RefusedByRule
from nemboks.desk.route_acts import owner_of, put
from nemboks.desk.route_checks import FIELDS, House, checked, sold_to
from nemboks.desk.route_view import masked, route_item, trial_item
from nemboks.desk.route_wishes import end_holiday, pending, wish
from nemboks.desk.words import Item, Words
from nemboks.domain.mailbox import Address, Cvr, Holiday, Mailbox, Recipient, Role, Route, Rule
from nemboks.domain.people import Action, Actor, may, new_letters_hidden
from nemboks.domain.tryout import Trial, tried
from nemboks.domain.wishes import Edit, edited
from nemboks.ports import Acts, Books

DAYS: Final = 90  # of letters that rules are tried on


async def route_list(store: Acts, asking: Asking, cvr: Cvr, every: bool = False) -> Item:
    """The mailbox's route, with its past if asked for, and what waits for a code. NotFound, NotAllowed.

    After an estate took effect the people of before see what they had, and not the kurator's. Who runs Nemboks for
    customers sees their addresses masked.
    """

    def read(books: Books) -> Item:
        actor, box = box_for(books, asking, Action.SEE_LETTERS, cvr)
        since = new_letters_hidden(actor, box, books.at)
        versions = [one for one in books.routes(box) if since is None or one.since < since]
        shown = [route_item(one, books.at) for one in reversed(versions)]
        until = box.custody.probation_until
        item = {
            "cvr": box.cvr,
            "current": shown[0] if shown else None,
            "versions": shown if every else [],
            "pending": pending(books, box) if since is None else [],
            "probation_until": until if until and until > books.at else None,
        }
        return item if may(actor, Action.SEE_TITLES, box, books.at) else masked(item)

    return await store.ask(read)


async def route_try(store: Acts, asking: Asking, cvr: Cvr, wanted: Edit | None, house: House, days: int = DAYS) -> Item:
    """Where the letters of the last days would have gone by these rules, or by the present ones. RefusedByRule."""

    def read(books: Books) -> Item:
        actor, box = box_for(books, asking, Action.SEE_LETTERS, cvr)
        route = box.route
        if wanted is not None:
            route = edited(route, checked(_whole(wanted, box), route, house, books.at))
        return {"cvr": box.cvr, "days": days, **trial_item(_trial(books, actor, box, route, days))}

    return await store.ask(read)


async def route_set(store: Acts, asking: Asking, cvr: Cvr, wanted: Edit, house: House, sure: bool = False) -> Item:
    """The route with these rules, copies and tray in place of its own; its fallbacks stay.

    NotFound, NotAllowed; RefusedByRule, also for rules that take every letter unless the person is `sure`.
    """
    what = Words("Nye regler", "new rules")
    return await _edit(store, asking, cvr, wanted, house, what, sure, whole=True)


async def rule_add(
    store: Acts, asking: Asking, cvr: Cvr, rule: Rule, house: House, place: int = 0, sure: bool = False
) -> Item:
    """The route with one more rule, at `place` (from 1; 0: last). Errors as above."""
    field = FIELDS[rule.field]
    to = rule.address.masked
    what = Words(f"Ny regel på {field.da}, til {to}", f"new rule on the {field.en}, to {to}")
    return await _edit(store, asking, cvr, Edit(rules=(rule,), place=place), house, what, sure)


async def copy_add(store: Acts, asking: Asking, cvr: Cvr, address: Address, server: str, house: House) -> Item:
    """The route with one more recipient of copies, which delay and trigger no receipt. Errors as above."""
    edit = Edit(others=(Recipient(Role.COPY, address, server),))
    what = Words(f"Ny kopimodtager, {address.masked}", f"one more recipient of copies, {address.masked}")
    return await _edit(store, asking, cvr, edit, house, what, True)


async def holiday_set(store: Acts, asking: Asking, cvr: Cvr, holiday: Holiday, house: House) -> Item:
    """The route with a holiday, in place of one that it may have; it ends by itself. Errors as above."""
    to, since, until = holiday.address.masked, holiday.since, holiday.until
    what = Words(
        f"Ferie fra {date_words(since)} til {date_words(until)}: alle breve går til {to}",
        f"holiday from {date_words(since, 'en')} until {date_words(until, 'en')}: all letters go to {to}",
    )
    return await _edit(store, asking, cvr, Edit(holiday=holiday), house, what, True)


async def holiday_cancel(store: Acts, asking: Asking, cvr: Cvr) -> Item:
    """The route without its holiday. NotFound, NotAllowed; RefusedByRule if it has none."""

    def cancel(books: Books) -> Item:
        actor, box = box_for(books, asking, Action.ROUTE, cvr)
        if box.route.holiday is None:
            _refuse("Der er ingen ferie at slå fra", "there is no holiday to cancel")
        end_holiday(books, box)
        what = Words("Ferie slået fra", "holiday cancelled")
        return _answer(books, put(books, actor.name, box, replace(box.route, holiday=None), what))

    return await store.act(cancel)


async def rule_remove(store: Acts, asking: Asking, cvr: Cvr, number: int) -> Item:
    """The route without the rule of that number. NotFound, also for no such rule; NotAllowed."""

    def remove(books: Books) -> Item:
        actor, box = box_for(books, asking, Action.ROUTE, cvr)
        rules = box.route.rules
        if not 1 <= number <= len(rules):
            raise NotFound(Words(f"Der er ingen regel nr. {number}", f"there is no rule number {number}"))
        field = FIELDS[rules[number - 1].field]
        what = Words(f"Regel på {field.da} fjernet", f"rule on the {field.en} removed")
        left = (*rules[: number - 1], *rules[number:])
        return _answer(books, put(books, actor.name, box, replace(box.route, rules=left), what))

    return await store.act(remove)


async def copy_remove(store: Acts, asking: Asking, cvr: Cvr, address: Address) -> Item:
    """The route without copies to the address. NotFound, also if it gets none; NotAllowed."""

    def remove(books: Books) -> Item:
        actor, box = box_for(books, asking, Action.ROUTE, cvr)
        left = tuple(x for x in box.route.others if x.role is not Role.COPY or x.address.lower() != address.lower())
        if len(left) == len(box.route.others):
            raise NotFound(Words(f"{address} får ingen kopier", f"{address} gets no copies"))
        what = Words("Kopimodtager fjernet", "recipient of copies removed")
        return _answer(books, put(books, actor.name, box, replace(box.route, others=left), what))

    return await store.act(remove)


async def default_set(store: Acts, asking: Asking, cvr: Cvr, owner: str, sure: bool = False) -> Item:
    """The route whose letters that no rule fits wait for `owner`; "": they go to the usual address.

    NotFound, also for an owner who cannot see them; NotAllowed; RefusedByRule if that holds every letter.
    """

    def route_of(books: Books) -> tuple[Actor, Mailbox, Route]:
        actor, box = box_for(books, asking, Action.ROUTE, cvr)
        return actor, box, replace(box.route, unrouted=owner_of(books, box, owner).name if owner else "")

    def look(books: Books) -> Trial:
        actor, box, route = route_of(books)
        return _sure(_trial(books, actor, box, route, DAYS), box.route, sure)

    trial = await store.ask(look)
    what = (
        Words("Breve uden regel holdes tilbage", "letters that no rule fits are held")
        if owner
        else Words("Breve uden regel går til den sædvanlige adresse", "letters that no rule fits go as usual")
    )

    def change(books: Books) -> Item:
        actor, box, route = route_of(books)
        return _answer(books, put(books, actor.name, box, route, what), trial)

    return await store.act(change)


async def _edit(
    store: Acts, asking: Asking, cvr: Cvr, edit: Edit, house: House, what: Words, sure: bool, whole: bool = False
) -> Item:
    def looked_at(books: Books) -> tuple[Actor, Mailbox, Edit]:
        actor, box = box_for(books, asking, Action.ROUTE, cvr)
        made = checked(_whole(edit, box) if whole else edit, box.route, house, books.at)
        sold_to(books, box, made, house)
        if made.unrouted:
            owner_of(books, box, made.unrouted)
        return actor, box, made

    def look(books: Books) -> Trial:
        actor, box, made = looked_at(books)
        return _sure(_trial(books, actor, box, edited(box.route, made), DAYS), box.route, sure)

    def change(books: Books) -> Item:
        actor, box, made = looked_at(books)
        after, asked = wish(books, actor.name, box, made, what)
        return _answer(books, after, trial) | {"asked": asked}

    trial = await store.ask(look) if edit.rules or whole else None  # it reads much: not in the writing transaction
    return await store.act(change)


def _whole(edit: Edit, box: Mailbox) -> Edit:
    """The edit as one that replaces what the present version says; a fallback is no file's to drop."""
    kept = tuple(one for one in box.route.others if one.role is Role.FALLBACK)
    return replace(edit, base=box.route.version, others=(*edit.others, *kept))


def _trial(books: Books, actor: Actor, box: Mailbox, route: Route, days: int) -> Trial:
    since = books.at - timedelta(days=days)
    letters = [one for one in books.letters(box) if one.available_at >= since and not hidden(books, actor, box, one)]
    return tried(route, letters)


def _sure(trial: Trial, before: Route, sure: bool) -> Trial:
    """The trial. RefusedByRule if something new would take every letter, and the person has not said so twice."""
    if trial.swallows(before) and not sure:
        _refuse(
            "Én regel (eller bakken) ville tage alle breve; se `nemboks route try`, og brug --sure, hvis I mener det",
            "one rule (or the tray) would take every letter; see `nemboks route try`, and use --sure if you mean it",
        )
    return trial


def _answer(books: Books, box: Mailbox, trial: Trial | None = None) -> Item:
    told = {"trial": trial_item(trial)} if trial and (trial.rules or trial.held) else {}
    return {
        "cvr": box.cvr,
        **route_item(box.route, books.at),
        "pending": pending(books, box),
        "probation_until": box.custody.probation_until,
        **told,
    }


def _refuse(da: str, en: str) -> NoReturn:
    raise RefusedByRule(Words(da, en))
