"""The pull interface: who may see what, pages, fetches, receipts, and when a letter leaves the list."""

import ssl

import httpx2
import pytest

from tests.simulator.conftest import receipt_for, wait_for


def listed(client):
    return client.get("memos/").json()["content"]


def post_and_list(world, **more):
    letter = world.post(world.cvr(), **more)
    return letter, letter["message_uuid"]


def test_without_a_client_certificate_nobody_gets_in(world):
    """The connection ends in the handshake or right after it, as with the real interface."""
    stranger = ssl.create_default_context(cafile=world.ready["rest"]["ca"])
    with world.rest(verify=stranger) as client, pytest.raises(httpx2.TransportError):
        client.get("memos/")


@pytest.mark.parametrize("auth", [None, ("nobody", "wrong")])
def test_without_a_valid_token_the_answer_is_401(world, auth):
    """Certificate and token are both needed, and the error says so in the ErrorMessage shape."""
    with world.rest(auth=auth) as client:
        answer = client.get("memos/")

    assert answer.status_code == 401
    assert set(answer.json()) == {"code", "message", "fieldErrors"}


def test_another_companys_letter_is_not_there(world):
    """Fetch, receipt and removal of somebody else's letter are 404."""
    _, uuid = post_and_list(world)
    with world.rest(1) as other:
        answers = [
            other.get(f"memos/{uuid}"),
            other.post(f"memos/{uuid}/receipt", json=receipt_for(uuid)),
            other.delete(f"memos/{uuid}"),
        ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_the_bytes_come_exactly_as_posted(world):
    """A fetch by id in either case brings the whole XML with its length and type."""
    letter, uuid = post_and_list(world, index=1)
    content = world.control.get(f"letters/{letter['id']}/content").content
    with world.rest() as client:
        answers = [client.get(f"memos/{uuid.lower()}"), client.get(f"memos/{uuid.upper()}")]

    for answer in answers:
        assert answer.content == content
        assert answer.headers["content-type"] == "application/xml"
        assert answer.headers["content-length"] == str(len(content))


def test_pages_cover_the_list_oldest_first(world):
    """Pages of one, in order, with neighbours; sort turns the order round."""
    posted = [post_and_list(world)[1] for _ in range(3)]
    with world.rest() as client:
        everything = listed(client)
        pages = [client.get("memos/", params={"page": n, "size": 1}).json() for n in range(len(everything))]
        backwards = client.get("memos", params={"sort": "createdDateTime,desc"}).json()["content"]

    assert everything[-3:] == posted
    assert [page["content"][0] for page in pages] == everything
    assert backwards == everything[::-1]
    assert "previous" not in pages[0]
    assert "next" not in pages[-1]
    assert pages[0]["next"]["page"] == 1
    assert pages[0]["totalElements"] == pages[0]["totalPages"] == len(everything)


@pytest.mark.parametrize(
    "query", ["page=-1", "size=0", "size=1001", "page=x", "sort=a,sideways", "size=99999999999999"]
)
def test_a_bad_query_is_400_with_the_field(world, query):
    """The error names the parameter."""
    with world.rest() as client:
        answer = client.get(f"memos/?{query}")

    assert answer.status_code == 400
    assert answer.json()["fieldErrors"][0]["field"] == query.partition("=")[0]


def test_a_completed_receipt_takes_the_letter_off_the_list(world):
    """First 200 and gone; the same receipt again is 409 or 200 by the switch; another one is 409."""
    letter, uuid = post_and_list(world)
    receipt = receipt_for(uuid)
    with world.rest() as client:
        codes = [client.post(f"memos/{uuid}/receipt", json=receipt).status_code for _ in range(2)]
        world.control.post("repeat", json={"status": 200})
        codes.append(client.post(f"memos/{uuid}/receipt", json=receipt).status_code)
        codes.append(client.post(f"memos/{uuid}/receipt", json=receipt_for(uuid)).status_code)
        codes.append(client.post(f"memos/{uuid}/receipt", json=receipt_for(uuid, "INVALID")).status_code)
        after = client.get(f"memos/{uuid}").status_code, uuid in listed(client)

    seen = world.letter(letter["id"])
    assert codes == [200, 409, 200, 409, 409]
    assert after == (404, False)
    assert [one["taken"] for one in seen["receipts"]] == [True, False, False, False, False]
    assert seen["removed"] == seen["receipts"][0]["n"]
    assert seen["listed"] is False


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"transmissionId": None}, "transmissionId"),
        ({"transmissionId": "x"}, "transmissionId"),
        ({"timeStamp": "yesterday"}, "timeStamp"),
        ({"receiptStatus": "DONE"}, "receiptStatus"),
        ({"messageUUID": 7}, "messageUUID"),
    ],
)
def test_an_unreadable_receipt_is_400_with_the_field(world, change, field):
    """Nothing is taken, and the letter stays."""
    letter, uuid = post_and_list(world)
    with world.rest() as client:
        answer = client.post(f"memos/{uuid}/receipt", json=receipt_for(uuid) | change)
        nonsense = client.post(f"memos/{uuid}/receipt", content=b"{")

    assert (answer.status_code, nonsense.status_code) == (400, 400)
    assert [one["field"] for one in answer.json()["fieldErrors"]] == [field]
    assert world.letter(letter["id"])["receipts"] == []


def test_a_receipt_for_another_letter_is_422(world):
    """The path and the body must name the same letter."""
    _, uuid = post_and_list(world)
    _, other = post_and_list(world)
    with world.rest() as client:
        assert client.post(f"memos/{uuid}/receipt", json=receipt_for(other)).status_code == 422


def test_on_delete_only_the_removal_takes_the_letter_away(world):
    """The receipt is noted; DELETE is 204, and then there is nothing left to delete."""
    world.control.post("removal", json={"policy": "on-delete"})
    letter, uuid = post_and_list(world)
    with world.rest() as client:
        client.post(f"memos/{uuid}/receipt", json=receipt_for(uuid))
        still = uuid in listed(client), world.letter(letter["id"])["removed"]
        codes = [client.delete(f"memos/{uuid}").status_code for _ in range(2)]

    seen = world.letter(letter["id"])
    assert still == (True, None)
    assert codes == [204, 404]
    assert seen["removed"] == seen["deletes"][0]


def test_on_fetch_a_whole_fetch_takes_the_letter_off_the_list(world):
    """A cut body does not count; afterwards fetch by id and receipt still work."""
    world.control.post("removal", json={"policy": "on-fetch"})
    letter, uuid = post_and_list(world)
    with world.rest() as client:
        world.fault("rest-fetch-truncated")
        client.get(f"memos/{uuid}")
        after_cut = uuid in listed(client)
        client.get(f"memos/{uuid}")
        after_whole = uuid in listed(client)
        codes = (
            client.get(f"memos/{uuid}").status_code,
            client.post(f"memos/{uuid}/receipt", json=receipt_for(uuid)).status_code,
        )

    assert (after_cut, after_whole) == (True, False)
    assert codes == (200, 200)
    assert world.letter(letter["id"])["removed"] == world.letter(letter["id"])["receipts"][0]["n"]


def test_eventually_the_letter_fades_after_its_receipt(world):
    """The list and the fetch show it for a while, then neither does."""
    world.control.post("removal", json={"policy": "eventual"})
    _, uuid = post_and_list(world)
    with world.rest() as client:
        client.post(f"memos/{uuid}/receipt", json=receipt_for(uuid))
        at_once = uuid in listed(client), client.get(f"memos/{uuid}").status_code
        wait_for(lambda: uuid not in listed(client))

        assert at_once == (True, 200)
        assert client.get(f"memos/{uuid}").status_code == 404


def test_acts_are_numbered_in_the_order_in_which_they_happened(world):
    """Posted, listed, fetched and receipted carry rising numbers of the one counter."""
    letter, uuid = post_and_list(world)
    with world.rest() as client:
        listed(client), listed(client), client.get(f"memos/{uuid}")
        client.post(f"memos/{uuid}/receipt", json=receipt_for(uuid))

    acts = world.letter(letter["id"])["acts"]
    assert [act["act"] for act in acts] == ["posted", "listed", "fetched", "receipt"]
    assert sorted(act["n"] for act in acts) == [act["n"] for act in acts]


@pytest.mark.parametrize("body", [b'{"messageUUID": "\\ud800"}', b"[" * 100_000, b"\xff", b'"x"', b"NaN"])
def test_odd_json_is_400(world, body):
    """Half characters, depth, other types: an answer in JSON, never a failure of the server."""
    _, uuid = post_and_list(world)
    with world.rest() as client:
        answer = client.post(f"memos/{uuid}/receipt", content=body)

    assert answer.status_code == 400
    assert answer.json()["fieldErrors"]
