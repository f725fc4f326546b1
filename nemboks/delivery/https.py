"""One HTTPS call to a server that somebody chose: an OAuth endpoint, an MTA-STS policy, a webhook.

Promises: verified TLS 1.2 or newer; the connection goes to an address that hosts.py checked, with the certificate
checked for the URL's name; no redirect, proxy or cookie; a bounded answer within a bounded time.
Never: tries again; shows what was sent, or a URL's query, in an error.
"""

import asyncio
import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx2

from nemboks.delivery.hosts import UnsafeHost, checked_addresses
from nemboks.domain.redact import redact

ANSWER_BYTES: Final = 65_536  # the most that RFC 8461 3.3 has us read of a policy; a token is some 4 kB


class NoAnswer(Exception):
    """No whole answer came; the message says why, in words for people."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of whom. `body` and `headers` may hold secrets."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    ca_file: Path | None = None  # the system's authorities without one
    internal: bool = False  # the host may have a private or loopback address
    addresses: tuple[str, ...] = ()  # checked before (hosts.py): connect to these instead of looking the host up
    seconds: float = 30.0  # for everything


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, whatever its status. `headers` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def ask(request: Ask) -> Answer:
    """The answer. Raises NoAnswer when none came, or one of more than 64 kB."""
    host = urlsplit(request.url).hostname or "?"
    try:
        async with asyncio.timeout(request.seconds):
            return await _asked(request)
    except TimeoutError:
        raise NoAnswer(f"{host} did not answer within {request.seconds:g} s") from None
    except UnsafeHost as error:
        raise NoAnswer(str(error)) from None
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, ValueError) as error:
        raise NoAnswer(f"{host} could not be reached: {_cause(error)}") from None


async def _asked(request: Ask) -> Answer:
    parts = urlsplit(request.url)
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc:
        raise ValueError("its address must begin with https:// and a name")
    name, port = parts.hostname, parts.port or 443
    addresses = request.addresses or await checked_addresses(name, port, request.internal)
    context = await asyncio.to_thread(_context, request.ca_file)  # reading the system's authorities takes 30 ms
    async with httpx2.AsyncClient(verify=context, trust_env=False, timeout=httpx2.Timeout(request.seconds)) as client:
        for address in addresses:
            last = address == addresses[-1]
            host = f"[{address}]" if ipaddress.ip_address(address).version == 6 else address
            pinned = parts._replace(netloc=f"{host}:{port}", fragment="").geturl()
            try:
                return await _exchange(client, request, pinned, parts.netloc, name)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):  # not a byte of the request went
                if last:
                    raise
    raise AssertionError("there is at least one address")


async def _exchange(client: httpx2.AsyncClient, request: Ask, url: str, host: str, name: str) -> Answer:
    headers = {"User-Agent": "nemboks", "Accept-Encoding": "identity", **request.headers, "Host": host}
    asked = client.build_request(
        request.method, url, headers=headers, content=request.body or None, extensions={"sni_hostname": name}
    )
    response = await client.send(asked, stream=True, follow_redirects=False)
    try:
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > ANSWER_BYTES:
                raise ValueError("an answer of more than 64 kB")
        return Answer(
            response.status_code, {key.lower(): value for key, value in response.headers.items()}, bytes(body)
        )
    finally:
        await response.aclose()


def _context(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _cause(error: BaseException) -> str:
    """The most telling words in the chain of exceptions; those of TLS and the system say why."""
    if isinstance(error, httpx2.RemoteProtocolError):  # its words repeat what came, and that may repeat what we sent
        return "its answer is no HTTP"
    words, link = str(error), error.__cause__ or error.__context__
    while link is not None:
        if isinstance(link, OSError) and str(link):
            words = link.verify_message if isinstance(link, ssl.SSLCertVerificationError) else str(link)
        link = link.__cause__ or link.__context__
    return redact(words or type(error).__name__)[:200]
