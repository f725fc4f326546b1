"""The Registry port: what every register says of how a company stands, the real adapter and the fake."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nemboks.clock import RealClock
from nemboks.domain.custody import Consent, Life
from nemboks.domain.mailbox import Cvr
from nemboks.domain.pace import Pace
from nemboks.intake.registry import RestRegistry
from nemboks.intake.rest_calls import RestAccess
from nemboks.ports import Gone, Registry
from nemboks.simulator.simulation import Plan, Simulation
from nemboks.simulator.standing import Standing as Stands
from tests.helpers.fake_registry import FakeRegistry, standing

COMPANY, UNKNOWN = Cvr("13748136"), Cvr("25313763")
Say = Callable[[Life, Consent, bool], None]


@asynccontextmanager
async def real(folder: Path) -> AsyncIterator[tuple[Registry, Say]]:
    """The adapter over the simulator, and how to change the company's standing there."""
    world = Simulation(Plan(folder, companies=0))
    await world.start()
    rest, vendor = world.ready_facts()["rest"], world.companies.vendor
    access = RestAccess(rest["base_url"], Path(rest["ca"]), Path(rest["client_cert"]), Path(rest["client_key"]))
    registry = RestRegistry(access, vendor.system_id, vendor.api_token, Cvr(vendor.cvr), Pace.demo(), RealClock())
    company = world.companies.register("rest", COMPANY, "Bageriet ApS")

    def say(life: Life, consent: Consent, curator: bool) -> None:
        world.change_standing(company, Stands(life.value, curator, consent.value))

    try:
        yield registry, say
    finally:
        await registry.close()
        await world.stop()


@asynccontextmanager
async def fake(folder: Path) -> AsyncIterator[tuple[Registry, Say]]:
    registry = FakeRegistry()

    def say(life: Life, consent: Consent, curator: bool) -> None:
        registry.companies[COMPANY] = standing("Bageriet ApS", life, consent, curator)

    yield registry, say


@pytest.fixture(params=[real, fake], ids=["rest", "fake"])
async def register(request, tmp_path):
    async with request.param(tmp_path) as opened:
        yield opened


async def test_consent_is_a_login_for_us(register) -> None:
    """A company that let us in is active, by its name, with what it takes to read its post; asked again, the same."""
    registry, say = register
    say(Life.ACTIVE, Consent.GIVEN, False)

    first, again = await registry.look_up(COMPANY), await registry.look_up(COMPANY)

    assert (first.name, first.life, first.consent, first.curator) == ("Bageriet ApS", Life.ACTIVE, Consent.GIVEN, False)
    assert set(first.credentials) == {"system_id", "api_token"} and all(first.credentials.values())
    assert first == again
    assert first.credentials["api_token"] not in repr(first)


@pytest.mark.parametrize("consent", [Consent.AWAITED, Consent.DECLINED])
async def test_without_consent_there_is_no_login(register, consent: Consent) -> None:
    """Not yet and no are told apart, and neither brings credentials."""
    registry, say = register
    say(Life.ACTIVE, consent, False)

    found = await registry.look_up(COMPANY)

    assert (found.consent, found.credentials) == (consent, {})


@pytest.mark.parametrize("life", [one for one in Life if one not in (Life.UNKNOWN, Life.CEASED)])
async def test_every_life_is_told(register, life: Life) -> None:
    """Each state of a company that is there, with its curator; consent does not depend on it."""
    registry, say = register
    say(life, Consent.GIVEN, True)

    found = await registry.look_up(COMPANY)

    assert (found.life, found.curator, found.consent) == (life, True, Consent.GIVEN)


async def test_a_ceased_company_shows_no_login(register) -> None:
    """Every access is blocked, which is no answer to whether it lets us in."""
    registry, say = register
    say(Life.CEASED, Consent.GIVEN, False)

    found = await registry.look_up(COMPANY)

    assert (found.life, found.consent, found.credentials) == (Life.CEASED, Consent.AWAITED, {})


async def test_a_number_that_nobody_has_is_gone(register) -> None:
    """A CVR that is not in the register."""
    with pytest.raises(Gone):
        await register[0].look_up(UNKNOWN)
