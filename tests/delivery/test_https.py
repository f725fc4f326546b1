"""One HTTPS call to somebody's server: verified, bounded, to a checked address."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from nemboks.delivery.https import ANSWER_BYTES, Ask, NoAnswer, ask
from tests.helpers.https_server import HttpsServer
from tests.helpers.smtp_server import Certificates


def question(server: HttpsServer, certificates: Certificates, **changes: object) -> Ask:
    """A question for the server."""
    url = f"https://localhost:{server.port}/path?secret=1"
    return replace(Ask("POST", url, {"A": "b"}, b"body", certificates.ca_file, internal=True), **changes)


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates of its own: the server changes their context."""
    return Certificates.make(tmp_path_factory.mktemp("https"))


async def test_an_answer(own: Certificates) -> None:
    """The answer comes whole; the server sees the name that was meant, in TLS and in Host."""
    async with HttpsServer(own.context, [(200, b"yes")]).running() as server:
        answer = await ask(question(server, own))

    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"yes", "3")
    assert server.names == ["localhost"]
    (asked,) = server.asked
    assert (asked.line, asked.body) == ("POST /path?secret=1 HTTP/1.1", b"body")
    assert asked.headers["host"] == f"localhost:{server.port}"
    assert asked.headers["a"] == "b"


async def test_a_redirect_is_an_answer(own: Certificates) -> None:
    """No redirect is followed."""
    moved = b"HTTP/1.1 302 x\r\nLocation: https://localhost/elsewhere\r\nContent-Length: 0\r\n\r\n"
    async with HttpsServer(own.context, [moved]).running() as server:
        answer = await ask(question(server, own))

    assert answer.status == 302
    assert len(server.asked) == 1


@pytest.mark.parametrize("proxy", ["https_proxy", "ALL_PROXY"])
async def test_no_proxy(proxy: str, own: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says of proxies does not count."""
    monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    async with HttpsServer(own.context, [(200, b"yes")]).running() as server:
        assert (await ask(question(server, own))).body == b"yes"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ca_file": None}, "certificate"),
        ({"internal": False}, "own network"),
        ({"seconds": 0.3}, "did not answer within 0.3 s"),
        ({"url": "http://localhost/"}, "must begin with https"),
        ({"url": "https://user:word@localhost/"}, "must begin with https"),
        ({"url": "https://localhost:99999/"}, "could not be reached"),
        ({"url": "https://localhost:1/x"}, "could not be reached"),
    ],
)
async def test_no_answer(changes: dict[str, object], words: str, own: Certificates) -> None:
    """Whatever is wrong, one error says so in words, and shows nothing of the URL's query or the body."""
    async with HttpsServer(own.context, [None]).running() as server:
        with pytest.raises(NoAnswer) as seen:
            await ask(question(server, own, **changes))
        await asyncio.sleep(0)

    assert words in str(seen.value)
    assert "secret" not in str(seen.value) + repr(question(server, own, url="https://x.example/"))
    assert "body" not in repr(question(server, own)).replace("body=", "")
    assert "word" not in str(seen.value)


@pytest.mark.parametrize(
    "answer", [(200, b"a" * (ANSWER_BYTES + 1)), b"HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\nhalf", b"no http\r\n\r\n"]
)
async def test_answers_that_are_none(answer: tuple[int, bytes] | bytes, own: Certificates) -> None:
    """Too long, cut short, not HTTP: no answer."""
    async with HttpsServer(own.context, [answer]).running() as server:
        with pytest.raises(NoAnswer):
            await ask(question(server, own))


async def test_another_name_in_the_certificate(tmp_path: Path) -> None:
    """The certificate is checked for the URL's name, although an address was connected to."""
    other = Certificates.make(tmp_path, "elsewhere.example")
    async with HttpsServer(other.context, [(200, b"yes")]).running() as server:
        with pytest.raises(NoAnswer, match="Hostname mismatch"):
            await ask(question(server, other))

    assert server.asked == []


@pytest.mark.parametrize("answer", [b"%b\r\n\r\n", b"HTTP/1.1 200 ok\r\n%b\r\n\r\n"])
async def test_a_server_that_repeats_the_question(answer: bytes, own: Certificates) -> None:
    """A webhook's path may be a secret: a server that sends it back does not bring it into rows and logs."""
    async with HttpsServer(own.context, [answer % b"POST /path?secret=1 HTTP/1.1"]).running() as server:
        with pytest.raises(NoAnswer) as seen:
            await ask(question(server, own))

    assert str(seen.value) == "localhost could not be reached: its answer is no HTTP"
