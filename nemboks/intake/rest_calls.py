"""One HTTPS call to Digital Post: who we are, how long we wait, and what an answer that is no success means.

Promises: every call ends within its time; every failure is one of the port's three errors, with words for people;
no redirect is followed, no proxy or cookie is used, no answer is held in memory beyond its limit.
Never does: try again. The journey knows when.
"""

import asyncio
import base64
import json
import math
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpcore2

from nemboks.domain.pace import Pace
from nemboks.intake.network import Client, Network, Opened
from nemboks.intake.patience import Patience
from nemboks.intake.tls_files import TlsFileUnusable, identified_context
from nemboks.intake.words import said
from nemboks.ports import Clock, Gone, InboxError, Refused, Unavailable
from nemboks.rate import Rate

ANSWER_BYTES: Final = 16 << 20  # a page of 1000 ids is 40 kB
_FAULT_BYTES: Final = 64 << 10  # of an error's body: enough for code and message
_LONGEST_WAIT: Final = 3600.0  # seconds; a longer Retry-After is cut to this (RELIABILITY H07)
_STEP_SECONDS: Final = 30.0  # for connecting, and for each silence of the other side
_SPARE_SECONDS: Final = 3.0  # servers close unused connections after 5 (uvicorn) or more; we let go first


@dataclass(frozen=True, slots=True)
class RestAccess:
    """How Digital Post's REST face is reached: one certificate for all CVRs (DIGITAL-POST 0.4, 0.5).

    `ca_file` None means the system's store. ValueError for an address that cannot be asked over https.
    """

    base_url: str
    ca_file: Path | None
    client_cert_file: Path | None
    client_key_file: Path | None
    delete_after_receipt: bool = False
    rate: Rate | None = None  # of all calls of this process; None for as many as there are

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        asked = parts.hostname and parts.port != 0 and parts.username is None and self.base_url.isascii()
        if parts.scheme != "https" or not asked:
            raise ValueError("no address for letters: it must be https://name/path/, without a user name")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: `headers` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def open_client(access: RestAccess) -> Client:
    """A client for all CVRs of one access. Raises Unavailable when a certificate file cannot be used."""
    if access.client_cert_file is None or access.client_key_file is None:
        raise Unavailable("the settings name no client certificate for Digital Post")
    try:
        context = identified_context(access.ca_file, access.client_cert_file, access.client_key_file)
    except TlsFileUnusable as error:
        raise Unavailable(f"our certificate for Digital Post cannot be used: {error}") from error
    return Client(
        ssl_context=context,
        max_connections=20,
        max_keepalive_connections=8,
        keepalive_expiry=_SPARE_SECONDS,
        network_backend=Network(),
    )


class RestCalls:
    """Calls in the name of one system."""

    def __init__(
        self, client: Client, access: RestAccess, system_id: str, api_token: str, pace: Pace, clock: Clock
    ) -> None:
        self._client, self._rate, self._pace, self._clock = client, access.rate, pace, clock
        self._base = access.base_url.rstrip("/") + "/"
        basic = base64.b64encode(f"{system_id}:{api_token}".encode()).decode()
        self._secrets = (api_token, basic)
        # Uncompressed on purpose: then nothing can unfold, and Content-Length is the letter's own length.
        self._headers = [("Host", urlsplit(self._base).netloc), ("Authorization", f"Basic {basic}"),
                         ("Accept-Encoding", "identity"), ("User-Agent", "nemboks")]  # fmt: skip
        step = min(_STEP_SECONDS, pace.request_seconds)
        self._told = {"timeout": {"connect": step, "read": step, "write": step}}

    async def call(
        self, method: str, path: str, params: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None
    ) -> Answer:
        """The whole answer, whatever its status. Raises Unavailable when none came, or one beyond 16 MB."""
        await self._turn()
        with _translated():
            async with asyncio.timeout(self._pace.request_seconds):
                opened = await self._send(method, path, "application/json", params, body)
                try:
                    return await _whole(opened)
                finally:
                    await opened.close()

    async def open(self, path: str, accept: str) -> Opened:
        """The answer with its body still to be read, always 2xx; the caller closes it. Raises as `failure` says."""
        await self._turn()
        with _translated():
            async with asyncio.timeout(self._pace.request_seconds):
                opened = await self._send("GET", path, accept)
                if opened.welcome:
                    return opened
                try:
                    answer = await _whole(opened)
                finally:
                    await opened.close()
        raise self.failure(answer, "the letter")

    async def _turn(self) -> None:
        if self._rate is not None:  # not part of the call's own time
            await self._rate.turn()

    async def _send(
        self,
        method: str,
        path: str,
        accept: str,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Opened:
        url = httpcore2.URL(self._base + path + (f"?{urlencode(params)}" if params else ""))
        headers, content = [*self._headers, ("Accept", accept)], b""
        if body is not None:
            content = json.dumps(body).encode()
            headers += [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        request = httpcore2.Request(method, url, headers=headers, content=content, extensions=self._told)
        response = await self._client.handle_async_request(request)
        opened = Opened(response)
        if opened.headers.get("content-encoding", "identity").lower() != "identity":
            await opened.close()
            raise Unavailable("Digital Post compressed its answer although we asked it not to")
        return opened

    def failure(self, answer: Answer, what: str) -> InboxError:
        """The error that an unwelcome answer means. 404 and 410 are Gone: who asked for a list knows better."""
        words = f"Digital Post answered {answer.status} to {what}" + self._detail(answer)
        match answer.status:
            case 401 | 403:
                return Refused(words, mailbox=True)
            case 404 | 410:
                return Gone(words)
            case 429:
                return Unavailable(words, retry_after(answer.headers.get("retry-after"), self._clock.now()))
            case status if 300 <= status <= 399:
                return Refused(f"{words}: a redirect, which is never followed; check the address", mailbox=True)
            case status if 400 <= status <= 499:
                return Refused(words)
            case _:
                return Unavailable(words, retry_after(answer.headers.get("retry-after"), self._clock.now()))

    def _detail(self, answer: Answer) -> str:
        """Code and message of an ErrorMessage (DIGITAL-POST 2.2), "" when the body is none."""
        try:
            fault = strict_json(answer.body)
        except (ValueError, RecursionError):
            return ""
        if not isinstance(fault, dict):
            return ""
        parts = [str(fault[key]) for key in ("code", "message") if isinstance(fault.get(key), str | int)]
        return f": {said(' '.join(parts), *self._secrets)}" if parts else ""


class Body(AsyncIterator[bytes]):
    """The pieces of an open answer's body. Ends only when the announced length was there; else Unavailable."""

    def __init__(self, raw: AsyncIterator[bytes], length: int | None, largest: int, pace: Pace, clock: Clock) -> None:
        self._raw, self._length, self._largest, self._patience = raw, length, largest, Patience(pace, clock)
        self._received = 0

    async def __anext__(self) -> bytes:
        with _translated():
            async with self._patience.wait(self._received):
                piece = await anext(self._raw, b"")
        self._received += len(piece)
        if self._received > self._largest:
            raise Refused(f"the letter is larger than {self._largest >> 20} MB")
        if piece:
            return piece
        if self._length is not None and self._received != self._length:
            raise Unavailable(f"the letter ended after {self._received} of {self._length} bytes")
        raise StopAsyncIteration


def strict_json(body: bytes) -> Any:
    """What the JSON says. ValueError, RecursionError for what another reader might read otherwise: a key that is there
    twice, NaN and numbers beyond all bounds (RFC 8259 4 and 6)."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a key stands there twice")
        return found

    def bounded(text: str) -> float:
        if not math.isfinite(number := float(text)):
            raise ValueError("a number that is none")
        return number

    return json.loads(body, object_pairs_hook=once, parse_constant=bounded, parse_float=bounded)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110 10.2.3), at most an hour; None for absent or absurd ones."""
    if value is None:
        return None
    if re.fullmatch(r"[0-9]{1,12}", plain := value.strip(" \t")):  # \s would match signs that float() refuses
        return min(float(plain), _LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(seconds, _LONGEST_WAIT) if seconds >= 0 else None


async def _whole(opened: Opened) -> Answer:
    """The answer with its body; of a fault only the beginning is kept."""
    limit = ANSWER_BYTES if opened.welcome else _FAULT_BYTES
    body = bytearray()
    async with aclosing(opened.pieces()) as pieces:
        async for piece in pieces:
            body += piece
            if len(body) > limit:
                if opened.welcome:
                    raise Unavailable(f"Digital Post's answer is larger than {limit >> 20} MB")
                break
    return Answer(opened.status, opened.headers, bytes(body))


@contextmanager
def _translated() -> Iterator[None]:
    """Turns what the HTTP library and the network raise into Unavailable, with words that help."""
    try:
        yield
    except (TimeoutError, httpcore2.TimeoutException) as error:
        raise Unavailable("Digital Post did not answer in time") from error
    except httpcore2.RemoteProtocolError as error:
        # TLS 1.3 tells a client without a welcome certificate only by closing (LIBRARIES 3.3).
        hint = "; check the client certificate" if "disconnected" in str(error) else ""
        # The library's other words repeat what came, and that may repeat what we sent: our token.
        closed = re.match("server disconnected|peer closed", str(error), re.IGNORECASE)
        words = _cause(error) if closed else "its answer is no HTTP"
        raise Unavailable(f"Digital Post broke off: {words}{hint}") from error
    except (httpcore2.LocalProtocolError, httpcore2.NetworkError, OSError) as error:
        raise Unavailable(f"Digital Post could not be reached: {_cause(error)}") from error


def _cause(error: BaseException) -> str:
    """The most telling words in the chain of exceptions: TLS and the operating system say why, their wrappers not."""
    words, link = str(error), error.__cause__ or error.__context__
    while link is not None:
        if isinstance(link, OSError) and str(link):
            words = str(link)
        link = link.__cause__ or link.__context__
    hint = "; check the client certificate" if re.search("alert.*certificate|certificate required", words, re.I) else ""
    return said(words or type(error).__name__) + hint
