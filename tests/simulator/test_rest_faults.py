"""Upstream faults: each shows where its name says, as often as it was asked to, and then heals."""

import httpx2
import pytest

from nemboks.simulator.faults import REST_CODES
from tests.simulator.conftest import receipt_for

CALLS = {
    "list": lambda client, uuid: client.get("memos/"),
    "fetch": lambda client, uuid: client.get(f"memos/{uuid}"),
    "receipt": lambda client, uuid: client.post(f"memos/{uuid}/receipt", json=receipt_for(uuid)),
    "delete": lambda client, uuid: client.delete(f"memos/{uuid}"),
}


@pytest.mark.parametrize(("stage", "code"), [(stage, code) for stage, codes in REST_CODES.items() for code in codes])
def test_a_call_answers_as_told_and_heals(world, stage, code):
    """Twice the code, then the ordinary answer; nothing has happened to the letter in between."""
    uuid = world.post(world.cvr())["message_uuid"]
    world.fault(f"rest-{stage}-{code}", times=2)
    with world.rest() as client:
        answers = [CALLS[stage](client, uuid) for _ in range(3)]

    assert [answer.status_code for answer in answers[:2]] == [code, code]
    assert answers[2].status_code == (204 if stage == "delete" else 200)
    if code == 429:
        assert answers[0].headers["retry-after"] == "1"
    if code in (401, 403):
        assert [bool(answer.content) for answer in answers[:2]] == [False, True]


def test_a_reset_breaks_the_body_in_the_middle(world):
    """The announced length is whole, the connection is not."""
    letter = world.post(world.cvr(), document_bytes=400_000)
    world.fault("rest-fetch-reset")
    with world.rest() as client:
        with pytest.raises(httpx2.TransportError):
            client.get(f"memos/{letter['message_uuid']}")

        assert len(client.get(f"memos/{letter['message_uuid']}").content) == letter["size"]


def test_a_truncated_letter_looks_complete_to_http(world):
    """200, a Content-Length that matches, and XML that ends too early."""
    letter = world.post(world.cvr())
    world.fault("rest-fetch-truncated")
    with world.rest() as client:
        answer = client.get(f"memos/{letter['message_uuid']}")

    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content) < letter["size"]


def test_a_lost_receipt_was_taken_all_the_same(world):
    """The client sees a broken connection, the repeat is 409."""
    letter = world.post(world.cvr())
    receipt, path = receipt_for(letter["message_uuid"]), f"memos/{letter['message_uuid']}/receipt"
    world.fault("rest-receipt-lost")
    with world.rest() as client:
        with pytest.raises(httpx2.TransportError):
            client.post(path, json=receipt)

        assert client.post(path, json=receipt).status_code == 409
    assert world.letter(letter["id"])["receipts"][0]["taken"] is True


def test_ids_can_be_listed_twice_also_over_two_pages(world):
    """The first id stands on the first and on the last page."""
    world.post(world.cvr()), world.post(world.cvr())
    world.fault("rest-list-twice", times=None)
    with world.rest() as client:
        first = client.get("memos/", params={"size": 2}).json()
        last = client.get("memos/", params={"size": 2, "page": first["totalPages"] - 1}).json()

    assert first["content"][0] == first["content"][1] == last["content"][-1]


def test_a_letter_can_reappear_for_three_listings(world):
    """After the receipt it is shown three times more and then never again."""
    uuid = world.post(world.cvr())["message_uuid"]
    world.fault("rest-receipt-reappear")
    with world.rest() as client:
        client.post(f"memos/{uuid}/receipt", json=receipt_for(uuid))
        shown = [uuid in client.get("memos/").json()["content"] for _ in range(5)]

    assert shown == [True, True, True, False, False]


def test_the_catalogue_says_what_each_fault_is(world):
    """Names are unique; what is on says how often it still hits and how often it did."""
    world.fault("rest-list-503", times=2)
    with world.rest() as client:
        client.get("memos/")
    faults = {fault["name"]: fault for fault in world.items("faults")}

    on = faults["rest-list-503"]
    assert (on["armed"], on["times"], on["hits"]) == (True, 1, 1)
    assert faults["smtp-dot-cut-kept"]["armed"] is False
    assert {fault["expect_forever"] for fault in faults.values()} == {"held", "delivered"}
    assert world.control.post("faults", json={"name": "rest-nothing"}).status_code == 400
