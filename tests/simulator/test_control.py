"""The control interface, the companies, and the settings it writes for the program."""

import base64
import json
import stat
from pathlib import Path

import pytest

from nemboks.simulator.companies import Companies, check_digit


def test_companies_are_repeatable_and_well_formed():
    """The same seed gives the same companies; CVR numbers have their check digit; addresses differ."""
    first, second, other = (Companies(seed) for seed in (1, 1, 2))
    for book in (first, second, other):
        for place in range(50):
            book.register("rest" if place % 2 else "imap")

    assert list(first) == list(second) != list(other)
    assert all(check_digit(one.cvr[:7]) == one.cvr[7] for one in first)
    assert len({one.address for one in first}) == 50
    assert {(one.face, one.server) for one in first} == {
        (face, server) for face in ("rest", "imap") for server in ("implicit", "starttls")
    }


@pytest.mark.parametrize(("seven", "digit"), [("1374813", "6"), ("2425679", "0"), ("1358562", "8")])
def test_the_check_digit_is_the_authoritys(seven, digit):
    """The worked example and two more (DIGITAL-POST.md 4.7)."""
    assert check_digit(seven) == digit


def test_a_company_can_be_added_once(world):
    """201 first, 200 and the same one after; what is missing is invented; it can be used at once."""
    first = world.control.post("companies", json={"cvr": "13748136", "name": "Møller & Søn A/S", "face": "imap"})
    again = world.control.post("companies", json={"cvr": "13748136", "face": "rest"})
    invented = world.control.post("companies", json={})

    assert (first.status_code, again.status_code, invented.status_code) == (201, 200, 201)
    assert first.json() == again.json()
    assert (first.json()["name"], first.json()["face"]) == ("Møller & Søn A/S", "imap")
    assert world.post("13748136")["inbox"] == "imap"
    assert any(one["cvr"] == "13748136" for one in world.config()["mailboxes"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("companies", {"cvr": "123"}),
        ("companies", {"face": "smtp"}),
        ("removal", {"policy": "never"}),
        ("repeat", {"status": 500}),
        ("letters", {"cvr": "00000000"}),
        ("letters", {"cvr": 7}),
        ("letters", []),
        ("faults", {"name": "smtp-dot-451", "times": -1}),
        ("faults", {}),
    ],
)
def test_a_bad_request_is_400_and_changes_nothing(world, path, body):
    """With a sentence that says why."""
    answer = world.control.post(path, json=body)

    assert answer.status_code == 400
    assert answer.json()["message"]


@pytest.mark.parametrize("more", [{"seed": "x"}, {"index": -1}, {"document_bytes": 10**9}, {"document_bytes": 1.5}])
def test_a_letter_that_cannot_be_made_is_400(world, more):
    """Numbers are whole, positive and not absurd."""
    assert world.control.post("letters", json={"cvr": world.cvr(), **more}).status_code == 400


def test_the_same_letter_cannot_be_posted_twice(world):
    """Seed and index decide the letter, so its UUID is known already."""
    order = {"cvr": world.cvr(), "seed": 1, "index": 1}
    codes = [world.control.post("letters", json=order).status_code for _ in range(2)]

    assert codes == [201, 400]


def test_a_nemsms_is_for_rest_only(world):
    """Its kind is told; an IMAP mailbox gets none."""
    assert world.post(world.cvr(), nemsms=True)["kind"] == "NEMSMS"
    assert world.control.post("letters", json={"cvr": world.cvr("imap"), "nemsms": True}).status_code == 400


def test_settings_name_everything_the_program_needs(world):
    """TOML with both faces, both servers, files that exist, and a master key made once."""
    config = world.config()
    key = Path(config["master_key_file"])
    name, _, secret = key.read_text().strip().partition(":")

    assert config["environment"] == "demo"
    assert config["upstream"]["rest_url"] == world.ready["rest"]["base_url"]
    assert config["upstream"]["imap_port"] == world.ready["imap"]["port"]
    assert {one: config["servers"][one]["tls"] for one in config["servers"]} == {
        "implicit": "implicit",
        "starttls": "starttls",
    }
    assert {one["inbox"] for one in config["mailboxes"]} == {"rest", "imap"}
    assert all(Path(config["upstream"][file]).exists() for file in ("rest_ca_file", "client_cert_file"))
    assert (name, len(base64.b64decode(secret))) == ("k1", 32)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert world.config()["upstream"]["delete_after_receipt"] is False


def test_settings_follow_the_removal_policy(world):
    """With on-delete the program has to delete."""
    assert world.control.post("removal", json={"policy": "on-delete"}).json() == {"policy": "on-delete"}
    assert world.config()["upstream"]["delete_after_receipt"] is True
    assert world.control.get("removal").json() == {"policy": "on-delete"}


def test_health_and_unknown_paths(world):
    """Alive is 200, the rest 404 with a JSON error, also for letters that do not exist."""
    assert world.control.get("health").status_code == 200
    assert [
        world.control.get(path).status_code for path in ("nothing", "letters/0/content", "letters/9999/content")
    ] == [404] * 3


def test_the_interface_describes_itself(world):
    """The root lists every call with a sentence."""
    calls = {one["call"]: one["what"] for one in world.items("")}

    assert "POST /control/faults" in calls
    assert all(calls.values())


@pytest.mark.parametrize("name", ["\ud800", "a\x00b", "two\nlines", " "])
def test_a_name_that_would_spoil_letters_is_refused(world, name):
    """No control characters, no half characters, not empty; the lists still answer."""
    body = json.dumps({"name": name}).encode()

    assert world.control.post("companies", content=body).status_code == 400
    assert world.items("companies")
