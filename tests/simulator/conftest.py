"""A running simulator per test file, in a thread with a loop of its own, and plain blocking clients for it."""

import asyncio
import imaplib
import re
import smtplib
import ssl
import threading
import time
import tomllib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from nemboks.simulator.simulation import Plan, Simulation

LIMIT_SECONDS = 10


@dataclass
class World:
    """Both ends of the simulator as a test sees them."""

    ready: dict[str, Any]
    control: httpx2.Client
    tls: ssl.SSLContext

    def rest(self, place: int = 0, **changes: Any) -> httpx2.Client:
        """A client for the company's recipient system."""
        system = self.ready["rest"]["systems"][place]
        settings = {"auth": (system["system_id"], system["api_token"]), "verify": self.tls, "timeout": LIMIT_SECONDS}
        return httpx2.Client(base_url=self.ready["rest"]["base_url"], trust_env=False, **(settings | changes))

    def imap(self, place: int = 0) -> imaplib.IMAP4_SSL:
        """A logged-in connection with INBOX open."""
        at, user = self.ready["imap"], self.ready["imap"]["users"][place]
        client = imaplib.IMAP4_SSL(at["host"], at["port"], ssl_context=self.tls, timeout=LIMIT_SECONDS)
        try:
            client.login(user["user"], user["password"])
            client.select("INBOX")
        except imaplib.IMAP4.error:
            client.shutdown()
            raise
        return client

    def smtp(self, kind: str = "implicit", host: str = "localhost") -> smtplib.SMTP:
        """An encrypted connection after EHLO."""
        at = self.ready["mail"]
        if kind == "implicit":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                host, at["implicit_tls_port"], context=self.tls, timeout=LIMIT_SECONDS
            )
        else:
            client = smtplib.SMTP(host, at["starttls_port"], timeout=LIMIT_SECONDS)
            try:
                client.starttls(context=self.tls)
            except BaseException:
                client.close()
                raise
        client.ehlo()
        return client

    def cvr(self, face: str = "rest", place: int = 0) -> str:
        return [one["cvr"] for one in self.items("companies") if one["face"] == face][place]

    def items(self, what: str) -> list[dict[str, Any]]:
        answer = self.control.get(what)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    def letter(self, letter_id: int) -> dict[str, Any]:
        return self.items("letters")[letter_id - 1]

    def post(self, cvr: str, index: int = 0, **more: Any) -> dict[str, Any]:
        """A generated letter that nobody has posted before."""
        seed = len(self.items("letters")) + 1000
        answer = self.control.post("letters", json={"cvr": cvr, "seed": seed, "index": index, **more}, timeout=60)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def fault(self, name: str, times: int | None = 1) -> None:
        assert self.control.post("faults", json={"name": name, "times": times}).status_code == 200

    def config(self) -> dict[str, Any]:
        return tomllib.loads(self.control.get("config").text)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The simulator with two REST and two IMAP companies."""
    started: list[Simulation] = []
    stop: list[Callable[[], None]] = []
    up = threading.Event()

    async def run() -> None:
        simulation = Simulation(Plan(tmp_path_factory.mktemp("sim"), companies=4, inbox="both"))
        await simulation.start()
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(ended.set))
        started.append(simulation)
        up.set()
        await ended.wait()
        await simulation.stop()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert up.wait(LIMIT_SECONDS)
    ready = started[0].ready_facts()
    tls = ssl.create_default_context(cafile=ready["rest"]["ca"])
    tls.load_cert_chain(ready["rest"]["client_cert"], ready["rest"]["client_key"])
    with httpx2.Client(base_url=ready["control"]["base_url"], trust_env=False, timeout=LIMIT_SECONDS) as control:
        yield World(ready, control, tls)
    stop[0]()
    thread.join(LIMIT_SECONDS)
    assert not thread.is_alive()


@pytest.fixture
def world(running: World) -> World:
    """The running simulator with every switch at its default."""
    assert running.control.delete("faults").status_code == 204
    running.control.post("removal", json={"policy": "on-receipt"})
    running.control.post("repeat", json={"status": 409})
    return running


def receipt_for(message_uuid: str, status: str = "COMPLETED", **changes: Any) -> dict[str, Any]:
    """A receipt as a recipient system writes it."""
    return {
        "transmissionId": str(uuid.uuid4()),
        "messageUUID": message_uuid,
        "timeStamp": "2026-11-21T10:00:00.1234567Z",
        "receiptStatus": status,
    } | changes


def with_new_uuid(xml: bytes) -> tuple[str, bytes]:
    """Another letter with the same contents."""
    fresh = str(uuid.uuid4())
    return fresh, re.sub(rb"(messageUUID>)[^<]+", rb"\g<1>" + fresh.encode(), xml, count=1)


def wait_for(what: Callable[[], Any]) -> Any:
    """What comes back as soon as it is true; fails after the limit."""
    end = time.monotonic() + LIMIT_SECONDS
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen in time"
        threading.Event().wait(0.02)
    return found


def memo(**changes: str) -> bytes:
    """A minimal letter; `changes` replace header texts, an empty one takes the element away."""
    values = {
        "messageType": "DIGITALPOST",
        "messageUUID": "6e5c1f2a-0a0e-4a43-9a0e-0f4f7d6f2b11",
        "label": "Et brev",
        "senderID": "13748136",
        "senderType": "CVR",
        "senderLabel": "Åbylund Kommune",
        "recipientID": "13585628",
        "recipientType": "CVR",
    } | changes
    tags = {"senderType": "idType", "senderLabel": "label", "recipientType": "idType"}
    e = {
        key: f"<m:{tags.get(key, key)}>{value}</m:{tags.get(key, key)}>" if value else ""
        for key, value in values.items()
    }
    return (
        f'<m:Message xmlns:m="https://DigitalPost.dk/MeMo-1" memoVersion="1.1"><m:MessageHeader>{e["messageType"]}'
        f"{e['messageUUID']}{e['label']}<m:Sender>{e['senderID']}{e['senderType']}{e['senderLabel']}</m:Sender>"
        f"<m:Recipient>{e['recipientID']}{e['recipientType']}</m:Recipient></m:MessageHeader></m:Message>"
    ).encode()
