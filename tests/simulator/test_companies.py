"""Companies by hundreds, their standing from the command line, and the counts of calls to each."""

import json
import subprocess
import sys

import pytest

from nemboks.simulator.control_client import ControlError, ask
from tests.simulator.conftest import LIMIT_SECONDS
from tests.simulator.test_standing import as_before, every_call, stand, vendor

__all__ = ["as_before"]  # a fixture for every test here too


def calls(world, cvr):
    return world.control.get("calls").json()[cvr]


def test_calls_are_counted_by_company_and_kind(world):
    """Refused ones too, those without a login not at all; asking the register is no poll."""
    cvr = world.control.post("companies", json={"face": "rest", "consent": "awaited"}).json()
    uuid, at = "6e5c1f2a-0a0e-4a43-9a0e-0f4f7d6f2b11", (cvr["system_id"], cvr["api_token"])
    none = calls(world, cvr["cvr"])
    with vendor(world) as client, world.rest(auth=(at[0], "wrong")) as stranger:
        for path in (f"organisation-lookup/{cvr['cvr']}", f"organisations/{cvr['cvr']}/systems/"):
            client.get(path)
            stranger.get(path)
        stranger.get("memos/")
    asked = calls(world, cvr["cvr"])
    with world.rest(auth=at) as own:
        every_call(own, uuid)
        own.get("memos")

    assert none == {"list": 0, "fetch": 0, "receipt": 0, "delete": 0, "lookup": 0, "systems": 0}
    assert asked == none | {"lookup": 1, "systems": 1}
    assert calls(world, cvr["cvr"]) == asked | {"list": 2, "fetch": 1, "receipt": 1, "delete": 1}


def test_calls_of_the_imap_face_are_counted(world):
    """A login is a list, a letter read a fetch, an expunge a delete."""
    cvr = world.cvr("imap")
    letter, before = world.post(cvr), calls(world, cvr)
    client = world.imap()
    uid = str(letter["uid"]["uid"])
    client.uid("FETCH", uid, "(BODY.PEEK[])")
    client.uid("STORE", uid, "+FLAGS", "(\\Deleted)")
    client.uid("EXPUNGE", uid)
    client.shutdown()
    after = calls(world, cvr)

    assert {kind: after[kind] - before[kind] for kind in after if after[kind] != before[kind]} == {
        "list": 1, "fetch": 1, "delete": 1,
    }  # fmt: skip


# --- control and command ---------------------------------------------------------------------------------------------


def test_hundreds_of_companies_come_in_one_call(world):
    """All of them with what was said of each; those that are there already stay as they are."""
    wanted = [{"name": f"Klient {n}", "face": "rest", "consent": "awaited"} for n in range(300)]
    there = world.items("companies")[0]
    answer = world.control.post("companies", json=[*wanted, {"cvr": there["cvr"], "life": "ceased"}])
    made = answer.json()["items"]

    assert answer.status_code == 201
    assert [one["name"] for one in made[:300]] == [one["name"] for one in wanted]
    assert {(one["consent"], one["life"], one["curator"]) for one in made[:300]} == {("awaited", "active", False)}
    assert made[300] == there
    assert len({one["system_id"] for one in made[:300]} & {one["system_id"] for one in world.items("companies")}) == 300


@pytest.mark.parametrize(
    "bad",
    [
        {"life": "dead"}, {"consent": True}, {"curator": "yes"}, {"cvr": "123"}, {"cvr": "24256790"}, {"name": " "},
        7, [],
    ],
)  # fmt: skip
def test_a_list_with_one_bad_company_registers_none(world, bad):
    """The first good ones neither."""
    before = world.items("companies")
    answer = world.control.post("companies", json=[{"cvr": "24256790"}, {}, bad])

    assert answer.status_code == 400
    assert world.items("companies") == before


@pytest.mark.parametrize("body", [{"life": "dead"}, {"consent": None}, {"curator": 1}, [], 7])
def test_a_bad_change_changes_nothing(world, body):
    """And of a company that is not there it is 404."""
    before = world.control.get(f"companies/{world.cvr()}").json()

    assert world.control.post(f"companies/{world.cvr()}", json=body).status_code == 400
    assert world.control.get(f"companies/{world.cvr()}").json() == before
    assert world.control.post("companies/99999999", json={}).status_code == 404


def test_settings_name_only_who_lets_the_vendor_in(world):
    """Of others nobody could know a login; one that ceases was let in once and stays."""
    rest = [world.cvr(place=place) for place in range(2)]
    stand(world, rest[0], consent="awaited")
    stand(world, rest[1], life="ceased")
    named = {one["cvr"] for one in world.config()["mailboxes"]}

    assert (rest[0] in named, rest[1] in named) == (False, True)


def test_the_command_shows_and_changes_a_company(world, tmp_path):
    """In words, or as JSON; an unknown CVR and a simulator that is gone are errors with a sentence."""
    ready, cvr = tmp_path / "ready.json", world.cvr()
    ready.write_text(json.dumps(world.ready))

    def company(*words):
        command = [sys.executable, "-W", "error", "-m", "nemboks.simulator.app", "company", *words]
        done = subprocess.run(
            [*command, "--ready-file", str(ready)], capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False
        )
        return done.returncode, done.stdout + done.stderr

    changed = company(cvr, "--life", "bankrupt", "--curator", "--consent", "declined", "--json")
    shown = company(cvr)

    assert json.loads(changed[1]) == world.control.get(f"companies/{cvr}").json()
    assert shown[0] == 0
    assert "bankrupt, consent declined, curator's access active" in shown[1]
    assert company("99999999") == (1, "Error: no company has this CVR number\n")


def test_a_ready_file_of_nobody_is_an_error(world, tmp_path):
    """Absent, of another kind, or left over from a simulator that has ended."""
    for content in ("", "[]", '{"control": {}}', '{"control": {"base_url": "http://127.0.0.1:1/control/"}}'):
        ready = tmp_path / "ready.json"
        ready.write_text(content)
        with pytest.raises(ControlError, match="running"):
            ask(ready, "companies/13748136", {})
    with pytest.raises(ControlError, match="running"):
        ask(tmp_path / "none.json", "companies/13748136", {})
