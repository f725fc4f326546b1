"""RestRegistry: what the register says of a company, whom it may be told, and what a hostile answer does."""

import json
import traceback
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nemboks.clock import RealClock
from nemboks.domain.custody import Consent, Life
from nemboks.domain.mailbox import Cvr
from nemboks.intake.registry import RestRegistry
from nemboks.intake.rest_calls import RestAccess
from nemboks.ports import Gone, InboxError, Refused, Standing, Unavailable
from nemboks.simulator.simulation import Plan, Simulation
from tests.intake.rest_peer import SYSTEM, TOKEN, answer, says, sends, silent

ASKED, OURS = Cvr("13748136"), Cvr("13585628")
BAKERY = {"cvr": ASKED, "name": "Bageriet ApS", "status": "active", "curatorAccess": False}
THEIRS = {
    "id": "7d3f1e2a-0001-4a5e-9a53-6a3f6f0f2c11",
    "delegatedCVR": OURS,
    "systemTypes": ["RECIPIENT"],
    "serviceProtocol": "REST_PULL",
    "activeFrom": "2026-01-01T00:00:00Z",
    "activeTo": None,
    "apiToken": {"value": "hemmeligt-token"},
}


@asynccontextmanager
async def registry(access, pace, system_id=SYSTEM, token=TOKEN, our_cvr=OURS):
    opened = RestRegistry(access, system_id, token, our_cvr, pace, RealClock())
    try:
        yield opened
    finally:
        await opened.close()


async def look_up(shelf, pace, *script):
    """The standing that these answers make; what is asked without an answer in the script is 401."""
    shelf.script = list(script)
    async with registry(shelf.access, pace, token="other") as opened:
        return await opened.look_up(ASKED)


async def consent_by(shelf, pace, *systems):
    return await look_up(shelf, pace, says(200, BAKERY), says(200, list(systems)))


# --- what is asked and what it means ----------------------------------------------------------------------------------


async def test_a_system_that_names_us_is_consent(shelf, pace):
    """Name, life, curator and the login by which the company lets us in, asked in our own name."""
    shelf.script = [says(200, BAKERY | {"curatorAccess": True, "status": "bankrupt"}), says(200, [THEIRS])]
    async with registry(shelf.access, pace) as opened:
        standing = await opened.look_up(ASKED)

    login = {"system_id": THEIRS["id"], "api_token": "hemmeligt-token"}
    assert standing == Standing("Bageriet ApS", Life.BANKRUPT, Consent.GIVEN, True, login)
    assert [call.path for call in shelf.calls] == [f"organisation-lookup/{ASKED}", f"organisations/{ASKED}/systems/"]
    assert {call.headers["authorization"] for call in shelf.calls} == {
        "Basic MGIwYzFmNWUtM2E0NC00ZjVlLTlhNTMtNmEzZjZmMGYyYzExOnRva2VuLWFubmE="
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"delegatedCVR": "24256790"},
        {"delegatedCVR": None},
        {"delegatedCVR": int(OURS)},
        {"systemTypes": ["SENDER"]},
        {"systemTypes": []},
        {"serviceProtocol": "SMTP"},
        {"activeFrom": "2999-01-01T00:00:00Z"},
        {"activeTo": "2026-01-02T00:00:00Z"},
    ],
)
async def test_any_other_system_is_none(shelf, pace, changes):
    """A system of another vendor, of another kind, not yet or no longer active is not consent to us."""
    standing = await consent_by(shelf, pace, THEIRS | changes)
    assert (standing.consent, standing.credentials) == (Consent.AWAITED, {})


async def test_an_active_window_is_now(shelf, pace):
    """A system counts from its activeFrom until its activeTo, whatever zone they are written in."""
    now = datetime.now(UTC)
    window = {"activeFrom": (now - timedelta(hours=1)).isoformat(), "activeTo": (now + timedelta(hours=1)).isoformat()}
    assert (await consent_by(shelf, pace, THEIRS | window)).consent is Consent.GIVEN
    copenhagen = {"activeFrom": f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}+02:00"}
    assert (await consent_by(shelf, pace, THEIRS | copenhagen)).consent is Consent.GIVEN


async def test_of_several_systems_the_same_one_always(shelf, pace):
    """The default one, else the first by id: the order of the list does not change our login."""
    other = THEIRS | {"id": "1d3f1e2a-0002-4a5e-9a53-6a3f6f0f2c11"}
    default = THEIRS | {"id": "9d3f1e2a-0003-4a5e-9a53-6a3f6f0f2c11", "systemTypes": ["SENDER", "RECIPIENT_DEFAULT"]}
    for systems, chosen in (
        ([THEIRS, other], other), ([other, THEIRS], other), ([other, default], default), ([default, other], default),
    ):  # fmt: skip
        assert (await consent_by(shelf, pace, *systems)).credentials["system_id"] == chosen["id"]


async def test_declined_is_the_companys_no(shelf, pace):
    """A 403 to the list of systems, after a look-up that let us in."""
    standing = await look_up(shelf, pace, says(200, BAKERY), says(403))
    assert (standing.consent, standing.credentials) == (Consent.DECLINED, {})


async def test_a_ceased_company_is_not_asked_for_its_systems(shelf, pace):
    """Its accesses are blocked; that is no answer to whether it lets us in."""
    standing = await look_up(shelf, pace, says(200, BAKERY | {"status": "ceased"}))
    assert (standing.life, standing.consent, len(shelf.calls)) == (Life.CEASED, Consent.AWAITED, 1)


@pytest.mark.parametrize("word", ["", "ACTIVE", "aktiv", "dissolved", "active\u200b", "unknown"])
async def test_an_unknown_life_is_unknown(shelf, pace, word):
    """It is never taken for active."""
    standing = await look_up(shelf, pace, says(200, BAKERY | {"status": word}), says(200, []))
    assert standing.life is Life.UNKNOWN


# --- no answer, a no, and answers that are none -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "first", "second"),
    [
        (400, Refused, Refused), (401, Refused, Refused), (403, Refused, None), (404, Gone, Refused),
        (410, Gone, Refused), (302, Refused, Refused), (204, Unavailable, Unavailable),
        (206, Unavailable, Unavailable), (429, Unavailable, Unavailable), (503, Unavailable, Unavailable),
    ],
)  # fmt: skip
async def test_a_status_means_one_of_three(shelf, pace, status, first, second):
    """Gone is only what the look-up says: a company without a list of systems is still there."""
    with pytest.raises(InboxError) as caught:
        await look_up(shelf, pace, says(status))
    assert type(caught.value) is first
    if second is not None:
        with pytest.raises(InboxError) as caught:
            await look_up(shelf, pace, says(200, BAKERY), says(status))
        assert type(caught.value) is second


HTML = sends(answer(200, b"<html>Log ind</html>", "text/html"))
HUGE = sends(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", b"[" * (17 << 20), close=True)
DEEP = sends(answer(200, b"[" * 200_000))
CUT = sends(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", close=True)


@pytest.mark.parametrize("hostile", [HTML, HUGE, DEEP, CUT, says(200), says(200, None), says(200, 7), says(200, "x")])
async def test_an_answer_that_is_none_is_an_outage(shelf, pace, hostile):
    """A log-in page, a flood, a depth, half an answer or another thing than JSON: try later, learn nothing."""
    with pytest.raises(Unavailable):
        await look_up(shelf, pace, hostile)
    with pytest.raises(Unavailable):
        await look_up(shelf, pace, says(200, BAKERY), hostile)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": None}, {"name": ["x"]}, {"status": None}, {"status": 1}, {"curatorAccess": None},
        {"curatorAccess": "false"}, {"curatorAccess": 0}, {"cvr": "24256790"}, {"cvr": int(ASKED)},
    ],
)  # fmt: skip
async def test_a_company_with_wrong_facts_is_an_outage(shelf, pace, changes):
    """What is missing is not guessed, and another company's facts are not this one's."""
    with pytest.raises(Unavailable):
        await look_up(shelf, pace, says(200, BAKERY | changes), says(200, [THEIRS]))


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None}, {"id": 7}, {"id": "a:b"}, {"id": "a b"}, {"id": "a\r\nX: y"}, {"id": ""}, {"id": "x" * 256},
        {"apiToken": None}, {"apiToken": "x"}, {"apiToken": {}}, {"apiToken": {"value": 1}},
        {"apiToken": {"value": "hemmeligt\ntoken"}}, {"apiToken": {"value": "hemmeligt-token" * 100}},
        {"systemTypes": None}, {"systemTypes": "RECIPIENT"}, {"systemTypes": {"RECIPIENT": 1}},
        {"activeFrom": "snart"}, {"activeFrom": 7}, {"activeFrom": "2026-01-01T00:00:00"}, {"activeTo": {}},
    ],
)  # fmt: skip
async def test_a_system_that_names_us_and_cannot_be_read_is_an_outage(shelf, pace, changes):
    """Not consent, and not its absence either; the error tells no token."""
    with pytest.raises(Unavailable) as caught:
        await consent_by(shelf, pace, THEIRS | changes)
    assert "hemmeligt" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("systems", [{}, {"content": [THEIRS]}, [THEIRS, 7], [[THEIRS]], None])
async def test_a_list_of_other_things_is_an_outage(shelf, pace, systems):
    """Nothing is picked out of an answer whose shape we do not know."""
    with pytest.raises(Unavailable):
        await look_up(shelf, pace, says(200, BAKERY), sends(answer(200, json.dumps(systems).encode())))


async def test_a_name_is_one_bounded_line(shelf, pace):
    """Control and direction marks, half characters, CPR shapes and length are taken out of what is shown to people."""
    name = "Bageriet\r\n\u202eApS\ud800 010101-0000 " + "x" * 5000
    standing = await look_up(shelf, pace, says(200, BAKERY | {"name": name}), says(200, []))
    assert standing.name.startswith("Bageriet ApS? [CPR] xxx")
    assert len(standing.name) <= 300


async def test_silence_ends_in_time(shelf, pace):
    """A register that does not answer is an outage after request_seconds."""
    shelf.script = [silent]
    async with registry(shelf.access, pace.model_copy(update={"request_seconds": 0.3})) as opened:
        with pytest.raises(Unavailable, match="in time"):
            await opened.look_up(ASKED)


async def test_no_secret_is_shown(shelf, pace):
    """Neither our token nor the company's stands in a repr, in upstream's words or in what an error prints."""
    shelf.script = [says(400, {"code": "E", "message": f"token {TOKEN}"})]
    async with registry(shelf.access, pace) as opened:
        with pytest.raises(Refused) as caught:
            await opened.look_up(ASKED)
        assert TOKEN not in repr(opened) + "".join(traceback.format_exception(caught.value))
        shelf.script = [says(200, BAKERY), says(200, [THEIRS])]
        assert "hemmeligt" not in repr(await opened.look_up(ASKED))


async def test_a_missing_certificate_is_the_look_ups_error(shelf, pace, tmp_path):
    """The registry can be made without one, closed, and used again after it is closed."""
    async with registry(replace(shelf.access, client_cert_file=tmp_path / "none.pem"), pace) as opened:
        with pytest.raises(Unavailable, match=r"none\.pem cannot be read"):
            await opened.look_up(ASKED)
    async with registry(shelf.access, pace) as opened:
        for _ in range(2):
            shelf.script = [says(200, BAKERY), says(200, [])]
            assert (await opened.look_up(ASKED)).consent is Consent.AWAITED
            await opened.close()


# --- against the simulator --------------------------------------------------------------------------------------------


@pytest.fixture
async def simulation(tmp_path):
    running = Simulation(Plan(tmp_path, companies=1))
    await running.start()
    yield running
    await running.stop()


async def test_the_simulators_register(simulation, pace):
    """Consent, life and curator as they change there; the login it brings is the company's own system."""
    at, (company,) = simulation.ready_facts()["rest"], simulation.companies
    vendor = simulation.companies.vendor
    files = (Path(at[key]) for key in ("ca", "client_cert", "client_key"))
    access, cvr = RestAccess(at["base_url"], *files), Cvr(company.cvr)
    async with registry(access, pace, vendor.system_id, vendor.api_token, Cvr(vendor.cvr)) as opened:
        found = {}
        for changes in (
            {}, {"consent": "awaited"}, {"consent": "declined"}, {"life": "ceased"},
            {"life": "bankrupt", "curator": True}, {"life": "exempt"}, {"life": "waiting_period"},
        ):  # fmt: skip
            simulation.change_standing(company, replace(company.standing, **changes))
            found[str(changes)] = one = await opened.look_up(cvr)
            login = {"system_id": company.system_id, "api_token": company.api_token}
            assert one.credentials == (login if one.consent is Consent.GIVEN else {})
        with pytest.raises(Gone):
            await opened.look_up(ASKED)
        assert (await opened.look_up(Cvr(vendor.cvr))).name == vendor.name

    assert [(one.life, one.consent, one.curator) for one in found.values()] == [
        (Life.ACTIVE, Consent.GIVEN, False), (Life.ACTIVE, Consent.AWAITED, False),
        (Life.ACTIVE, Consent.DECLINED, False), (Life.CEASED, Consent.AWAITED, False),
        (Life.BANKRUPT, Consent.GIVEN, True), (Life.EXEMPT, Consent.GIVEN, False),
        (Life.WAITING_PERIOD, Consent.GIVEN, False),
    ]  # fmt: skip
    async with registry(access, pace, vendor.system_id, "wrong", Cvr(vendor.cvr)) as stranger:
        with pytest.raises(Refused, match="401"):
            await stranger.look_up(cvr)
