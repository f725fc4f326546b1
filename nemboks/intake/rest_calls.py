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
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from nemboks.domain.pace import Pace
from nemboks.intake.http_line import Broken
from nemboks.intake.network import Client, Opened
from nemboks.intake.patience import Patience
from nemboks.intake.tls_files import TlsFileUnusable, identified_context
from nemboks.intake.words import said
from nemboks.ports import Clock, Gone, InboxError, Refused, Unavailable
from nemboks.rate import Rate

ANSWER_BYTES: Final = 16 << 20  # a page of 1000 ids is 40 kB
_FAULT_BYTES: Final = 64 << 10  # of an error's body: enough for code and message
_LONGEST_WAIT: Final = 3600.0  # seconds; a longer Retry-After is cut to this (RELIABILITY H07)
_STEP_SECONDS: Final = 30.0  # for connecting, and for each silence of the other side
_URL = re.compile(r"[\x21-\x7e]+")  # as it goes into a request's line (RFC 9112 3.2)


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
        asked = parts.hostname and parts.port != 0 and parts.username is None and not (parts.query or parts.fragment)
        if parts.scheme != "https" or not asked or not _URL.fullmatch(self.base_url):
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
    parts = urlsplit(access.base_url)
    return Client(parts.hostname or "", parts.port or 443, context)


class RestCalls:
    """Calls in the name of one system."""

    def __init__(
        self, client: Client, access: RestAccess, system_id: str, api_token: str, pace: Pace, clock: Clock
    ) -> None:
        self._client, self._rate, self._pace, self._clock = client, access.rate, pace, clock
        parts = urlsplit(access.base_url)
        self._base = parts.path.rstrip("/") + "/"
        basic = base64.b64encode(f"{system_id}:{api_token}".encode()).decode()
        self._secrets = (api_token, basic)
        # Uncompressed on purpose: then nothing can unfold, and Content-Length is the letter's own length.
        self._headers = (
            f"HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Basic {basic}\r\n"
            "Accept-Encoding: identity\r\nUser-Agent: nemboks\r\nAccept: "
        )
        self._silence = min(_STEP_SECONDS, pace.request_seconds)

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """The whole answer, whatever its status. Raises Unavailable when none came, or one beyond 16 MB."""
        await self._turn()
        with _translated():
            until = self._until()
            opened = await self._send(method, path, "application/json", until, body)
            try:
                return await self._whole(opened, until)
            finally:
                opened.close()

    async def open(self, path: str, accept: str) -> Opened:
        """The answer with its body still to be read, always 2xx; the caller closes it. Raises as `failure` says."""
        await self._turn()
        with _translated():
            until = self._until()
            opened = await self._send("GET", path, accept, until)
            if opened.welcome:
                return opened
            try:
                answer = await self._whole(opened, until)
            finally:
                opened.close()
        raise self.failure(answer, "the letter")

    def _until(self) -> float:
        return asyncio.get_running_loop().time() + self._pace.request_seconds

    async def _turn(self) -> None:
        if self._rate is not None:  # not part of the call's own time
            await self._rate.turn()

    async def _send(
        self, method: str, path: str, accept: str, until: float, body: Mapping[str, Any] | None = None
    ) -> Opened:
        call = f"{method} {self._base}{path} {self._headers}{accept}\r\n"
        content = b""
        if body is not None:
            content = json.dumps(body).encode()
            call += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        opened = await self._client.ask(f"{call}\r\n".encode() + content, self._silence, until)
        if opened.headers.get("content-encoding", "identity").lower() != "identity":
            opened.close()
            raise Unavailable("Digital Post compressed its answer although we asked it not to")
        return opened

    async def _whole(self, opened: Opened, until: float) -> Answer:
        """The answer with its body; of a fault only the beginning is kept."""
        limit = ANSWER_BYTES if opened.welcome else _FAULT_BYTES
        body = bytearray()
        while piece := await opened.read(self._silence, until):
            body += piece
            if len(body) > limit:
                if opened.welcome:
                    raise Unavailable(f"Digital Post's answer is larger than {limit >> 20} MB")
                break
        return Answer(opened.status, opened.headers, bytes(body))

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

    def __init__(self, opened: Opened, length: int | None, largest: int, pace: Pace, clock: Clock) -> None:
        self._opened, self._length, self._largest, self._patience = opened, length, largest, Patience(pace, clock)
        self._received = 0

    async def __anext__(self) -> bytes:
        with _translated():
            while (piece := self._opened.take()) is None:
                await self._patience.until(self._opened.news, self._received)
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
    return _STRICT.decode(body.decode(json.detect_encoding(body), "surrogatepass"))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _bounded(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError("a number that is none")
    return number


_STRICT: Final = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_bounded, parse_float=_bounded)


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


@contextmanager
def _translated() -> Iterator[None]:
    """Turns what the HTTP library and the network raise into Unavailable, with words that help."""
    try:
        yield
    except TimeoutError as error:
        raise Unavailable("Digital Post did not answer in time") from error
    except Broken as error:
        raise Unavailable(f"Digital Post broke off: {error}") from error
    except OSError as error:
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
