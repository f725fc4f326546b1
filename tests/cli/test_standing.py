"""How companies stand, through the whole program against the simulator: what is asked, and what people are told."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner

from nemboks.cli.main import program
from nemboks.desk import imports
from nemboks.desk.access import Asking
from nemboks.desk.imports import Terms
from nemboks.domain.custody import Consent, Life
from nemboks.domain.mailbox import Cvr, Mailbox
from nemboks.journey.collect import look
from nemboks.journey.standing import refresh_standings
from nemboks.settings import load
from nemboks.simulator.simulation import Plan, Simulation
from nemboks.wiring import Services, services
from tests.desk.importing import ONE, TERMS, TWO, table

OPERATOR = Asking("root (operator)")
ROWS = (f"{ONE};Claras Bo;clara@bo.example;;;", f"{TWO};Dortes Drift;dorte@drift.example;;;")


class City:
    """The simulator, and the program's services over settings that it wrote."""

    def __init__(self, simulator: Simulation, config: Path, services: Services, control: httpx2.AsyncClient) -> None:
        self.simulator, self.config, self.services, self._control = simulator, config, services, control

    async def company(self, cvr: str, **standing: object) -> None:
        """A company in the simulator; one that is there stands so from now on."""
        there = self.simulator.companies.by_cvr(cvr) is not None
        where, body = (
            (f"companies/{cvr}", standing) if there else ("companies", {"cvr": cvr, "face": "rest", **standing})
        )
        (await self._control.post(where, json=body)).raise_for_status()

    async def calls(self, cvr: str) -> Mapping[str, int]:
        """How often the simulator was asked for what, by its own account."""
        return (await self._control.get("calls")).json()[cvr]

    async def look(self, cvr: str) -> Mailbox:
        """The mailbox after a look, whether one was due or not."""
        await look(await self.box(cvr), self.services.world)
        return await self.box(cvr)

    async def box(self, cvr: str) -> Mailbox:
        found = await self.services.store.mailboxes.find(Cvr(cvr))
        assert found
        return found

    async def imported(self, *rows: str) -> None:
        terms = Terms("implicit", our_cvr=TERMS.our_cvr)
        item = await imports.import_table(self.services.store, OPERATOR, table(*rows), terms)
        assert not item["faults"]

    async def says(self, *arguments: str) -> str:
        """What a command answers beside the running services."""
        line = [*arguments, "--config", str(self.config)]
        return (await asyncio.to_thread(CliRunner().invoke, program, line)).output


@pytest.fixture
async def city(tmp_path) -> AsyncIterator[City]:
    simulator = Simulation(Plan(tmp_path / "sim", companies=0))
    await simulator.start()
    config = tmp_path / "nemboks.toml"
    config.write_text(simulator.config_text())
    base = simulator.ready_facts()["control"]["base_url"]
    try:
        async with httpx2.AsyncClient(base_url=base, trust_env=False) as control, services(load(config)) as opened:
            yield City(simulator, config, opened, control)
    finally:
        await simulator.stop()


async def test_threat_7_an_imported_company_is_not_polled_before_its_consent(city: City) -> None:
    """SECURITY 3, threat 7: a table with somebody else's company. Digital Post counts no call but the register's."""
    for cvr in (ONE, TWO):
        await city.company(cvr, consent="awaited")
    await city.imported(*ROWS)
    for _ in range(3):
        await city.look(ONE)

    counted = await city.calls(ONE)
    assert {counted[kind] for kind in ("list", "fetch", "receipt", "delete")} == {0}
    assert (counted["lookup"], counted["systems"]) == (3, 3)
    assert (await city.says("cvr", "list")).count("Afventer fuldmagt") == 2

    await city.company(ONE, consent="given")
    box = await city.look(ONE)
    await city.look(TWO)

    assert (box.consent, box.trouble) == (Consent.GIVEN, "") and box.listed_at
    assert ((await city.calls(ONE))["list"], (await city.calls(TWO))["list"]) == (1, 0)
    assert (await city.says("status")).count("Afventer fuldmagt") == 1


async def test_a_company_that_says_no_is_told_apart(city: City) -> None:
    """Declined is not awaited; neither is polled."""
    await city.company(ONE, consent="declined")
    await city.imported(ROWS[0])

    assert (await city.look(ONE)).consent is Consent.DECLINED
    assert "Afvist: virksomheden har sagt nej" in await city.says("status")
    assert (await city.calls(ONE))["list"] == 0


@pytest.mark.parametrize(("consent", "text"), [("awaited", "Fuldmagten er trukket tilbage"), ("declined", "Afvist")])
async def test_consent_is_withdrawn_later(city: City, consent: str, text: str) -> None:
    """The refusal is explained, the polls stop, and they begin again when the company lets us in again."""
    await city.company(ONE, consent="given")
    await city.imported(ROWS[0])
    await city.look(ONE)
    await city.company(ONE, consent=consent)
    out = await city.look(ONE)
    polls = (await city.calls(ONE))["list"]
    for _ in range(3):
        await city.look(ONE)

    assert out.parked_until and (await city.calls(ONE))["list"] == polls == 2
    assert text in await city.says("cvr", "list")
    assert text in (whole := await city.says("status")) and "Al post er leveret" in whole
    await city.company(ONE, consent="given")
    back = await city.look(ONE)
    assert (back.consent, back.parked_until, back.trouble) == (Consent.GIVEN, None, "")


@pytest.mark.parametrize(("life", "text"), [
    ("waiting_period", "Ny virksomhed i venteperiode"), ("exempt", "Fritaget for Digital Post"),
    ("reconstruction", "Under rekonstruktion"), ("bankrupt", "Under konkurs"),
])  # fmt: skip
async def test_every_life_has_its_text(city: City, life: str, text: str) -> None:
    """Told in the list and in the status, and no trouble: the mailbox is listed as before."""
    await city.company(ONE, consent="given", life=life)
    await city.imported(ROWS[0])
    box = await city.look(ONE)

    assert (box.life, box.trouble, box.parked_until) == (Life(life), "", None)
    for command in (("cvr", "list"), ("status",)):
        assert text in await city.says(*command)
    assert (await city.calls(ONE))["list"] == 1
    await city.company(ONE, life="active")
    assert await refreshed(city) is Life.ACTIVE
    assert text not in await city.says("status")


async def refreshed(city: City) -> Life:
    """The life after the daily question, which comes after a day."""
    box = await city.box(ONE)
    ago = replace(box, looked_up_at=(box.looked_up_at or box.due_at) - timedelta(days=1))
    await city.services.store.act(lambda books: books.keep(ago))
    assert await refresh_standings(city.services.world) == 1
    return (await city.box(ONE)).life


async def test_a_company_that_ceases_is_left_alone(city: City) -> None:
    """Not a bare 403: it says what happened, and useless polling stops; nothing is an alarm."""
    await city.company(ONE, consent="given")
    await city.imported(ROWS[0])
    await city.look(ONE)
    await city.company(ONE, life="ceased")
    box = await city.look(ONE)

    pace, world = city.services.settings.pace, city.services.world
    assert (box.life, box.consent) == (Life.CEASED, Consent.GIVEN)
    assert "has ceased" in box.trouble and "403" in box.trouble
    assert (box.due_at - world.clock.now()).total_seconds() > 0.7 * pace.standing_seconds > 2 * pace.poll_seconds
    assert "Ophørt: alle adgange" in (whole := await city.says("status")) and "Al post er leveret" in whole
    assert "Ophørt: alle adgange" in await city.says("cvr", "list")


async def test_a_curators_access_is_known(city: City) -> None:
    """Upstream says so; the answer carries it."""
    await city.company(ONE, consent="given", life="bankrupt", curator=True)
    await city.imported(ROWS[0])

    assert (await city.look(ONE)).curator
    assert '"curator": true' in await city.says("cvr", "list", "--json")


async def test_a_start_without_our_own_login_asks_nobody(city: City) -> None:
    """The list says that nobody can see a consent, instead of waiting in silence."""
    await city.company(ONE, consent="given")
    await city.imported(ROWS[0])
    world = replace(city.services.world, registry=None)
    await look(await city.box(ONE), world)

    assert "[upstream] has no login of our own" in await city.says("status")
    assert sum((await city.calls(ONE)).values()) == 0
