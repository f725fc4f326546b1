"""The sender call: letters of any origin come in, alone, in containers and in forms."""

import io
import lzma
import tarfile
import uuid

import pytest

from tests.simulator.conftest import memo, with_new_uuid


def container(*letters, format=lzma.FORMAT_ALONE):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for place, xml in enumerate(letters):
            member = tarfile.TarInfo(f"../../{place}.xml")
            member.size = len(xml)
            tar.addfile(member, io.BytesIO(xml))
    return lzma.compress(raw.getvalue(), format=format)


def send(client, content, kind="application/xml", **more):
    return client.post("memos/", content=content, headers={"Content-Type": kind, **more.pop("headers", {})}, **more)


def test_a_letter_comes_in_unchanged(world):
    """201 with a RECEIVED receipt; the recipient can fetch the same bytes; the source is kept."""
    fresh, xml = with_new_uuid(memo(recipientID=world.cvr()))
    with world.rest(1) as sender, world.rest() as recipient:
        kind, extra = "text/xml; charset=utf-8", {"X-Source-Name": "somebody"}
        answer = send(sender, xml, kind, params={"memo-message-uuid": fresh.upper()}, headers=extra)
        fetched = recipient.get(f"memos/{fresh}").content

    assert answer.status_code == 201
    assert (answer.json()["receiptStatus"], answer.json()["messageUUID"]) == ("RECEIVED", fresh)
    assert fetched == xml
    assert world.items("letters")[-1]["source"] == "somebody"


def test_the_uuid_must_be_given_be_right_and_be_new(world):
    """Missing, different and repeated UUIDs are 400 with a field error, and leave nothing."""
    fresh, xml = with_new_uuid(memo())
    with world.rest() as client:
        missing = send(client, xml)
        different = send(client, xml, params={"memo-message-uuid": str(uuid.uuid4())})
        first = send(client, xml, params={"memo-message-uuid": fresh})
        repeated = send(client, xml, params={"memo-message-uuid": fresh})

    assert first.status_code == 201
    for answer in (missing, different, repeated):
        assert answer.status_code == 400
        assert answer.json()["fieldErrors"]
    assert sum((one["message_uuid"] == fresh) for one in world.items("letters")) == 1


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4", memo()[:-1], b"<!DOCTYPE m>" + memo(), memo(label="")])
def test_what_is_not_a_letter_is_refused(world, content):
    """400 with an ErrorMessage; the list of letters stays as it was."""
    before = len(world.items("letters"))
    with world.rest() as client:
        answer = send(client, content, params={"memo-message-uuid": str(uuid.uuid4())})

    assert answer.status_code == 400
    assert answer.json()["fieldErrors"]
    assert len(world.items("letters")) == before


def test_a_letter_for_an_unknown_company_waits_for_it(world):
    """It is taken without a recipient; whoever registers later finds it on the list."""
    fresh, xml = with_new_uuid(memo(recipientID="24256790"))
    with world.rest() as client:
        send(client, xml, params={"memo-message-uuid": fresh})
    company = world.control.post("companies", json={"cvr": "24256790", "face": "rest"}).json()
    with world.rest(auth=(company["system_id"], company["api_token"])) as client:
        assert client.get("memos/").json()["content"] == [fresh]


def test_a_container_brings_all_its_letters_or_none(world):
    """Two letters come in; a bad one among them keeps both out; names in the container are never paths."""
    letters = [with_new_uuid(memo())[1] for _ in range(2)]
    before = len(world.items("letters"))
    with world.rest() as client:
        spoilt = send(client, container(letters[0], b"<bad/>"), "application/x-lzma")
        after_spoilt = len(world.items("letters")) - before
        good = send(client, container(*letters), "application/x-lzma")

    assert (spoilt.status_code, after_spoilt) == (400, 0)
    assert (good.status_code, len(world.items("letters")) - before) == (201, 2)


@pytest.mark.parametrize("content", [b"", b"garbage", container(), container(memo(), format=lzma.FORMAT_XZ)])
def test_what_is_not_a_container_is_refused(world, content):
    """Empty, damaged or of another format: 400."""
    with world.rest() as client:
        assert send(client, content, "application/x-lzma").status_code == 400


@pytest.mark.parametrize("packed", [True, False])
def test_a_form_brings_a_letter_in_the_part_named_file(world, packed):
    """As a container or as a single XML; other parts do not matter."""
    fresh, xml = with_new_uuid(memo())
    content = container(xml) if packed else xml
    with world.rest() as client:
        answer = client.post("memos/", files={"note": ("a.txt", b"\r\n--x"), "file": (fresh, content)})
        without = client.post("memos/", files={"note": ("a.txt", b"x")})

    assert (answer.status_code, answer.json()["messageUUID"]) == (201, fresh)
    assert without.status_code == 400


def test_control_takes_raw_xml_under_a_source_name(world):
    """The same checks as the sender call, the letter as answer."""
    fresh, xml = with_new_uuid(memo(recipientID=world.cvr()))
    good = world.control.post("letters/xml?source=an%20archive", content=xml)
    again = world.control.post("letters/xml", content=xml)

    assert (good.status_code, good.json()["message_uuid"], good.json()["source"]) == (201, fresh, "an archive")
    assert again.status_code == 400


def test_a_large_letter_goes_in_and_out(world):
    """Twenty megabytes, streamed both ways."""
    letter = world.post(world.cvr(), document_bytes=20_000_000)
    with world.rest() as client:
        xml = client.get(f"memos/{letter['message_uuid']}").content
        fresh, xml = with_new_uuid(xml)
        assert send(client, xml, params={"memo-message-uuid": fresh}).status_code == 201

    assert world.items("letters")[-1]["documents"] == letter["documents"]
