"""Webhooks: signed, https only, to where we may go, and taken only with a 2xx."""

import asyncio
import hashlib
import hmac
import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nemboks.delivery.webhook import WebhookAccess, WebhookListener, WebhookNotifier, _event, _values, signature
from nemboks.domain.incidents import Cause, Notice, NoticeKind
from nemboks.ports import Message, NotTold, Told
from tests.architecture.reading import ROOT
from tests.helpers.clock import START, PretendClock
from tests.helpers.https_server import HttpsServer
from tests.helpers.smtp_server import Certificates

KEY = "a key that nobody guesses"
NOTICE = Notice(
    7, 3, "key", NoticeKind.STOPPED, Cause.ADDRESS, "webhook:kontor", 1, 20, (1,), (1, 2), START,
    "550 5.1.1 <anna@bageri.example>: ukendt 010101-0000", "bageri", "anna@bageri.example", START, START,
)  # fmt: skip
MESSAGE = Message(NOTICE, "Nemboks: 20 breve", "20 breve er på vej.\n", ("13748136",), ("7F3K-92QD",))
OK = (204, b"")


@pytest.fixture
def own(tmp_path):
    """Certificates of its own: the server changes their context."""
    return Certificates.make(tmp_path)


def access_to(server: HttpsServer, own: Certificates, **changes) -> WebhookAccess:
    url = f"https://localhost:{server.port}/hook?token=secret"
    return replace(WebhookAccess(url, KEY, own.ca_file, internal=True, seconds=5), **changes)


async def tell(answers, own, message=MESSAGE, **changes):
    """The words of the call, and what the server was asked."""
    server = HttpsServer(own.context, answers)
    async with server.running():
        notifier = WebhookNotifier({"kontor": access_to(server, own, **changes)}, PretendClock())
        try:
            return await notifier.tell(message), server
        finally:
            await notifier.close()


def verified(asked) -> bool:
    """Whether the signature is right, as a receiver checks it with its own tools."""
    found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", asked.headers["nemboks-signature"])
    whole = found[1].encode() + b"." + asked.body
    return hmac.compare_digest(found[2], hmac.new(KEY.encode(), whole, hashlib.sha256).hexdigest())


async def test_a_notice(own):
    """A notice is one signed JSON object with its names and words, masked address, and an id that a repeat keeps."""
    words, server = await tell([OK], own)
    asked = server.asked[0]
    told = json.loads(asked.body)

    assert "localhost answered 204" == words
    assert "POST /hook?token=secret HTTP/1.1" == asked.line
    assert ("notice-7", "application/json") == (asked.headers["nemboks-event-id"], asked.headers["content-type"])
    assert verified(asked)
    assert asked.headers["nemboks-signature"].startswith(f"t={int(START.timestamp())},")
    assert ("nemboks.notice/1", "stopped", "address", 20) == tuple(
        told[x] for x in ("schema", "kind", "cause", "count")
    )
    assert (["13748136"], ["7F3K-92QD"], "a***@bageri.example") == (told["cvrs"], told["references"], told["address"])
    assert "2026-11-21T09:00:00.000Z" == told["since"]
    assert "20 breve er på vej.\n" == told["text"]
    assert not re.search(rb"anna@|010101", asked.body)
    assert ["localhost"] == server.names


async def test_several_addresses_are_none(own):
    """A notice about several addresses names none."""
    _, server = await tell([OK], own, replace(MESSAGE, notice=replace(NOTICE, address="@bageri.example")))

    assert json.loads(server.asked[0].body)["address"] is None


async def test_events(own):
    """Events come in order in one signed object, without addresses and CPR shapes, under the last one's id."""
    detail = {"words": "250 ok for anna@bageri.example", "at": START, "list": ["010101-0000", 3], "none": None}
    events = [
        Told(id_, START + timedelta(seconds=id_), "13748136", 17, "claimed", "WAITING", "SENDING", detail)
        for id_ in (4, 9)
    ]
    server = HttpsServer(own.context, [(200, b"thanks")])
    async with server.running():
        words = await WebhookListener(access_to(server, own), PretendClock()).listen(events)
    told = json.loads(server.asked[0].body)

    assert "localhost answered 200" == words
    assert ("nemboks.event/1", [4, 9]) == (told["schema"], [one["id"] for one in told["events"]])
    assert "event-9" == server.asked[0].headers["nemboks-event-id"]
    assert verified(server.asked[0])
    first = told["events"][0]
    assert ("claimed", "WAITING", "SENDING", 17) == tuple(first[name] for name in ("event", "from", "to", "letter"))
    assert {"words": "250 ok for a***@bageri.example", "at": "2026-11-21T09:00:00.000Z", "list": ["[CPR]", 3],
            "none": None} == first["detail"]  # fmt: skip


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 410, 429, 500, 503])
async def test_only_a_2xx_is_taken(own, status):
    """Every other status is not taken, and no redirect is followed."""
    elsewhere = f"HTTP/1.1 {status} x\r\nLocation: https://localhost:1/\r\nContent-Length: 0\r\n\r\n".encode()
    with pytest.raises(NotTold, match=f"answered {status}"):
        await tell([elsewhere], own)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="silence"),
        pytest.param(b"SSH-2.0-x\r\n", id="not http"),
        pytest.param((200, b"x" * 100_000), id="endless"),
    ],
)
async def test_odd_answers(own, answer):
    """A receiver that says nothing, nonsense, or too much has not taken it, and keeps nobody waiting."""
    with pytest.raises(NotTold):
        await tell([answer], own, seconds=0.5)


async def test_the_certificate_counts(own, tmp_path):
    """A receiver whose certificate we do not trust gets nothing."""
    others = Certificates.make(tmp_path / "others")
    with pytest.raises(NotTold, match="certificate"):
        await tell([OK], own, ca_file=others.ca_file)


async def test_our_own_network_is_closed(own):
    """A name that leads to ourselves is not called unless a person said that it is internal."""
    with pytest.raises(NotTold, match="own network"):
        await tell([OK], own, internal=False)


@pytest.fixture
def lookup(monkeypatch):
    """Lets the system's resolver give these answers in turn; what it was asked is in the list."""

    def answers(*given):
        looked, rest = [], list(given)

        async def getaddrinfo(host, port, **_):
            looked.append(host)
            return [(0, 0, 0, "", (address, port)) for address in rest.pop(0)]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        return looked

    return answers


async def test_the_address_that_was_checked_is_called(own, lookup):
    """A name is looked up once for a call: one that answers differently the next time (rebinding) gains nothing."""
    looked = lookup(["127.0.0.1"], ["169.254.169.254"])
    words, server = await tell([OK], own)

    assert ("localhost answered 204", ["localhost"], 1) == (words, looked, len(server.asked))


async def test_each_call_checks_anew(own, lookup):
    """A name that once led out into the world and now leads to ourselves is not called."""
    lookup(["127.0.0.1"], ["::ffff:10.0.0.1"], ["169.254.169.254", "100.64.0.1"])
    server = HttpsServer(own.context, [OK])
    async with server.running():
        notifier = WebhookNotifier({"kontor": access_to(server, own, internal=False)}, PretendClock())
        for _ in range(3):
            with pytest.raises(NotTold, match="own network"):
                await notifier.tell(MESSAGE)

    assert not server.asked


async def test_a_webhook_that_left_the_settings():
    """A webhook that nobody knows any more is told as a failure."""
    with pytest.raises(NotTold, match=r"webhooks\.kontor"):
        await WebhookNotifier({}, PretendClock()).tell(MESSAGE)


def test_https_and_a_key_or_nothing():
    """A webhook without https, or without a key to sign by, cannot be made; neither shows in its repr."""
    with pytest.raises(ValueError, match="https"):
        WebhookAccess("http://hook.example/", KEY)
    with pytest.raises(ValueError, match="secret"):
        WebhookAccess("https://hook.example/", "")
    assert KEY not in repr(WebhookAccess("https://hook.example/", KEY))
    assert "T0K3N" not in repr(WebhookAccess("https://hook.example/T0K3N", KEY))


def test_a_receiver_that_does_as_the_page_says_knows_us():
    """docs/webhooks.md: its check takes our calls, not another's, an altered or an old one; it names every field."""
    page = (ROOT / "docs" / "webhooks.md").read_text()
    known: dict[str, Any] = {}
    exec(re.search(r"```python\n(.+?)```", page, re.S)[1], known)
    ours, now = signature(KEY, 1_000, b"{}"), 1_001.0

    assert known["is_ours"](ours, b"{}", KEY, now)
    assert not known["is_ours"](ours, b"{ }", KEY, now)
    assert not known["is_ours"](ours, b"{}", KEY + "x", now)
    assert not known["is_ours"](ours, b"{}", KEY, now + 301)
    event = Told(4, START, "13748136", 17, "claimed", "WAITING", "SENDING", {})
    assert [name for name in (*_values(MESSAGE), *_event(event)) if f"`{name}`" not in page] == []


def test_the_signature_is_the_documented_one():
    """The signature is HMAC-SHA256 of the time, a dot and the body, as OpenSSL computes it."""
    expected = "3dd49b2593d0f9a349e9e71c4bde3e2b862c2be4003fe9b4ba81332029310158"

    assert f"t=1,v1={expected}" == signature("k", 1, b"{}")
