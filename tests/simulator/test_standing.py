"""Consent, life states and the curator: what the register tells, who is kept out, who can be sent nothing."""

import contextlib
import imaplib

import pytest

from nemboks.simulator.companies import Companies
from nemboks.simulator.standing import LIVES
from tests.simulator.conftest import memo, receipt_for, with_new_uuid

KEPT_OUT = [{"consent": "awaited"}, {"consent": "declined"}, {"life": "ceased"}]
NO_POST = ["waiting_period", "exempt", "ceased"]


@pytest.fixture(autouse=True)
def as_before(world):
    """Every company stands as at the start once the test is over."""
    yield
    usual = {"life": "active", "curator": False, "consent": "given"}
    for one in world.items("companies"):
        if one != one | usual:
            stand(world, one["cvr"], **usual)


def stand(world, cvr, **changes):
    answer = world.control.post(f"companies/{cvr}", json=changes)
    assert answer.status_code == 200, answer.text
    return answer.json()


def vendor(world, **changes):
    """A client with the vendor's own login."""
    own = world.ready["rest"]["vendor"]
    return world.rest(auth=(own["system_id"], own["api_token"]), **changes)


def every_call(client, uuid):
    """The status of each of the company's own calls about a letter."""
    return [
        client.get("memos/").status_code,
        client.get(f"memos/{uuid}").status_code,
        client.post(f"memos/{uuid}/receipt", json=receipt_for(uuid)).status_code,
        client.delete(f"memos/{uuid}").status_code,
        client.post("memos/", content=memo(), headers={"Content-Type": "application/xml"}).status_code,
    ]


# --- the register ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("life", LIVES)
def test_the_look_up_tells_name_life_and_curator(world, life):
    """Of every company, one that has ceased and one that lets nobody in too."""
    name = stand(world, world.cvr(), life=life, curator=True, consent="declined")["name"]
    with vendor(world) as client:
        answer = client.get(f"organisation-lookup/{world.cvr()}")

    assert answer.json() == {"cvr": world.cvr(), "name": name, "status": life, "curatorAccess": True}


@pytest.mark.parametrize("path", ["organisation-lookup/{}", "organisations/{}/systems/", "organisations/{}/systems"])
def test_the_register_wants_a_login_and_a_company(world, path):
    """Whoever has no login is 401, a CVR that is not there 404; any company's login will do."""
    with vendor(world) as client, world.rest(auth=("nobody", "wrong")) as stranger, world.rest() as other:
        assert stranger.get(path.format(world.cvr())).status_code == 401
        assert client.get(path.format("99999999")).status_code == 404
        assert client.get(path.format(world.ready["rest"]["vendor"]["cvr"])).status_code == 200
        assert other.get(path.format(world.cvr(place=1))).status_code == 200


def test_consent_is_a_system_that_names_the_vendor(world):
    """Its id and token are the company's login; awaited there is none, declined is 403."""
    cvr, own = world.cvr(), world.ready["rest"]["systems"][0]
    path = f"organisations/{cvr}/systems/"
    with vendor(world) as client:
        (system,) = client.get(path).json()
        stand(world, cvr, consent="awaited")
        awaited = client.get(path)
        stand(world, cvr, consent="declined")
        declined = client.get(path)
        stand(world, cvr, consent="awaited", life="ceased")
        ceased = client.get(path)

    assert (system["id"], system["apiToken"]["value"]) == (own["system_id"], own["api_token"])
    assert system["delegatedCVR"] == world.ready["rest"]["vendor"]["cvr"]
    assert (system["serviceProtocol"], system["systemTypes"]) == ("REST_PULL", ["RECIPIENT"])
    assert (awaited.status_code, awaited.json()) == (200, [])
    assert (declined.status_code, ceased.status_code) == (403, 403)


def test_tokens_are_shown_to_the_vendor_alone(world):
    """Another company sees none of the systems that do not name it; a company of the IMAP face has none."""
    with world.rest(1) as other, vendor(world) as client:
        assert other.get(f"organisations/{world.cvr()}/systems/").json() == []
        assert client.get(f"organisations/{world.cvr('imap')}/systems/").json() == []


def test_the_vendor_is_in_the_settings_and_has_no_mailbox(world):
    """Its CVR and login stand under [upstream]; the list, a letter and a receipt are 403 to it, but it may send."""
    own, uuid = world.control.get("vendor").json(), world.post(world.cvr())["message_uuid"]
    fresh, xml = with_new_uuid(memo())
    with vendor(world) as client:
        assert every_call(client, uuid)[:4] == [403] * 4
        sent = client.post(
            f"memos/?memo-message-uuid={fresh}", content=xml, headers={"Content-Type": "application/xml"}
        )

    assert sent.status_code == 201
    assert own == world.ready["rest"]["vendor"]
    assert {key: world.config()["upstream"][key] for key in ("cvr", "system_id", "api_token")} == {
        key: own[key] for key in ("cvr", "system_id", "api_token")
    }


def test_the_vendor_does_not_change_the_companies():
    """The same seed gives the same vendor; its CVR number cannot be registered again."""
    first, second = Companies(1), Companies(1)

    assert first.vendor == second.vendor != Companies(2).vendor
    with pytest.raises(ValueError, match="already"):
        first.register("rest", first.vendor.cvr)


# --- who is kept out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("standing", KEPT_OUT)
def test_a_company_that_is_kept_out_is_403_until_it_is_not(world, standing):
    """Every call of its own; its letters stay as they are, and others notice nothing."""
    letter = world.post(world.cvr())
    uuid = letter["message_uuid"]
    stand(world, world.cvr(), **standing)
    with world.rest() as client, world.rest(1) as other:
        refused = every_call(client, uuid)
        elsewhere = other.get("memos/").status_code
        kept = world.letter(letter["id"])
        stand(world, world.cvr(), life="active", consent="given")
        after = client.get(f"memos/{uuid}").status_code

    assert refused == [403] * 5
    assert (elsewhere, after) == (200, 200)
    assert (kept["listed"], kept["acts"]) == (True, letter["acts"])


@pytest.mark.parametrize("standing", KEPT_OUT)
def test_imap_keeps_out_as_well(world, standing):
    """The open connection ends, a login is refused, and the letter is there when the company is let in again."""
    cvr = world.cvr("imap")
    letter = world.post(cvr)
    open_one = world.imap()
    with contextlib.ExitStack() as stack:
        stack.callback(open_one.shutdown)
        stand(world, cvr, **standing)
        with pytest.raises((imaplib.IMAP4.error, OSError)):
            open_one.noop()
        with pytest.raises(imaplib.IMAP4.error):
            world.imap()
        stand(world, cvr, life="active", consent="given")
        again = world.imap()
        stack.callback(again.shutdown)
        found = again.uid("SEARCH", f"UID {letter['uid']['uid']}")[1]

    assert found == [str(letter["uid"]["uid"]).encode()]


@pytest.mark.parametrize("life", ["waiting_period", "exempt", "reconstruction", "bankrupt"])
def test_other_life_states_keep_nobody_out(world, life):
    """What lies in the mailbox can be collected as before."""
    uuid = world.post(world.cvr())["message_uuid"]
    stand(world, world.cvr(), life=life)
    with world.rest() as client:
        assert uuid in client.get("memos/", params={"size": 1000}).json()["content"]
        assert client.get(f"memos/{uuid}").status_code == 200


# --- who can be sent nothing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("face", ["rest", "imap"])
@pytest.mark.parametrize("life", LIVES)
def test_post_comes_or_is_refused_by_the_life_state(world, face, life):
    """With 409 and a sentence where it is refused; the estate of a bankrupt company still gets its post."""
    cvr, before = world.cvr(face), len(world.items("letters"))
    stand(world, cvr, life=life)
    answer = world.control.post("letters", json={"cvr": cvr, "seed": LIVES.index(life) + 500, "index": 0})

    assert answer.status_code == (409 if life in NO_POST else 201)
    assert len(world.items("letters")) == before + (life not in NO_POST)
    assert life not in NO_POST or "the company" in answer.json()["message"]


@pytest.mark.parametrize("life", NO_POST)
def test_a_senders_deposit_is_refused(world, life):
    """Over the sender call and over the control interface; nothing is left behind."""
    fresh, xml = with_new_uuid(memo(recipientID=world.cvr()))
    stand(world, world.cvr(), life=life)
    before = len(world.items("letters"))
    with world.rest(1) as sender:
        kind = {"Content-Type": "application/xml"}
        answers = [
            sender.post(f"memos/?memo-message-uuid={fresh}", content=xml, headers=kind),
            world.control.post("letters/xml", content=xml),
        ]
        refused = [answer.status_code for answer in answers]
        stand(world, world.cvr(), life="active")
        taken = sender.post(f"memos/?memo-message-uuid={fresh}", content=xml, headers=kind)

    assert refused == [409, 409]
    assert (taken.status_code, len(world.items("letters"))) == (201, before + 1)
