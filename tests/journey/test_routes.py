"""A letter by its route: rules and holidays at the claim and again at the dot, and what the tray keeps."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nemboks.domain.events import Released
from nemboks.domain.letter import Reason, State
from nemboks.domain.mailbox import Address, Field, Holiday, Role, Rule
from nemboks.journey.collect import collect
from nemboks.journey.forward import forward
from tests.helpers import builders as make
from tests.helpers.clock import START
from tests.journey.town import SlowCourier, Town, memo, uuid, with_courier

LAGER, VIKAR = Address("lager@bageri.example"), Address("vikar@bageri.example")
RULE = Rule(Field.AUTHORITY, "*", LAGER, "lager")
HOUR = timedelta(hours=1)


def town_with(**route: Any) -> Town:
    return Town(route=replace(make.route(), **route))


def sent_to(town: Town) -> list[str]:
    return [one.mail.recipient for one in town.courier.sent]


async def test_a_rules_address_gets_the_letter_and_its_server_takes_it() -> None:
    """The letter's row keeps the version and the rule; the confirmation is that address's."""
    town = town_with(rules=(RULE,))
    letter = await town.forwarded()
    assert sent_to(town) == [LAGER]
    assert (letter.route_version, letter.rule) == (1, "authority:*")
    assert letter.confirmation is not None and letter.confirmation.address == LAGER


async def test_what_no_rule_fits_is_held_and_goes_on_when_one_does() -> None:
    """Nothing is sent meanwhile, and no receipt is given."""
    town = town_with(unrouted="anna")
    letter = await town.waiting()
    await forward(letter, await town.world.mailboxes.get(letter.mailbox), town.world)
    assert (town.letter.state, town.letter.why) == (State.HELD, Reason.UNROUTED)
    assert sent_to(town) == [] and town.inbox.receipts == []

    town.mailboxes.change(1, route=replace(town.mailbox.route, version=2, rules=(RULE,)))
    await town.world.letters.move(town.letter, Released("anna", town.clock.now()))
    assert await town.step() is State.FORWARDED
    assert sent_to(town) == [LAGER]


@pytest.mark.parametrize(("before", "first"), [(HOUR, VIKAR), (timedelta(0), make.ADDRESS)])
async def test_a_holiday_that_ends_while_the_mail_is_on_its_way_gets_no_dot(before: timedelta, first: str) -> None:
    """At its minute the stand-in gets nothing more, although the mail's body is with the server (T02)."""
    end = START + timedelta(days=1)
    town = town_with(holiday=Holiday(START, end, VIKAR, "vikar"))
    late = SlowCourier(
        before=lambda: town.clock.advance((end - town.clock.now()).total_seconds() - before.total_seconds())
    )
    with_courier(town, late)
    letter = await town.waiting()
    await forward(letter, await town.world.mailboxes.get(letter.mailbox), town.world)
    while town.letter.state is State.WAITING:
        late.before = lambda: None
        await town.step()
    assert sent_to(town) == [first]
    assert town.letter.rule == ("holiday" if first == VIKAR else "default")


async def test_a_rule_that_is_taken_away_while_the_mail_is_on_its_way_gets_no_dot() -> None:
    """Another version of the route, another address: the old attempt ends without one (T02)."""
    town = town_with(rules=(RULE,))
    with_courier(town, SlowCourier(before=lambda: town.mailboxes.change(1, route=replace(make.route(), version=2))))
    letter = await town.waiting()
    await forward(letter, await town.world.mailboxes.get(letter.mailbox), town.world)
    assert (town.letter.state, town.letter.why, sent_to(town)) == (State.WAITING, "stopped", [])
    with_courier(town, SlowCourier())
    assert await town.step() is State.FORWARDED
    assert sent_to(town) == [make.ADDRESS]


@pytest.mark.parametrize("copied", [True, False])
async def test_a_holiday_may_leave_a_copy_with_the_usual_address(copied: bool) -> None:
    """It is planned like any copy, and the stand-in's mail server decides alone (B33)."""
    town = town_with(holiday=Holiday(START, START + HOUR, VIKAR, "vikar", copied))
    await town.forwarded()
    planned = [(one.role, one.address, one.server) for one in town.deliveries.rows.values()]
    assert planned == ([(Role.COPY, make.ADDRESS, make.SERVER)] if copied else [])
    assert await town.step() is State.ACKNOWLEDGED


async def test_a_legal_letter_goes_by_the_rules_too() -> None:
    """Class is what the letter says of itself; the holiday comes before any rule."""
    legal = Rule(Field.CLASS, "legal", LAGER, "lager")
    town = town_with(rules=(legal,), holiday=Holiday(START, START + HOUR, VIKAR, "vikar"))
    letter = await town.waiting(memo(legal="true"))
    await forward(letter, await town.world.mailboxes.get(letter.mailbox), town.world)
    assert town.letter.headline is not None and town.letter.headline.legal
    assert sent_to(town) == [VIKAR]
    town.clock.advance(3600)
    town.inbox.put(uuid(2), memo(2, legal="true"))
    await town.look()
    second = town.letters.rows[2]
    await collect(second, await town.world.mailboxes.get(second.mailbox), town.world)
    await forward(town.letters.rows[2], await town.world.mailboxes.get(1), town.world)
    assert sent_to(town) == [VIKAR, LAGER]
