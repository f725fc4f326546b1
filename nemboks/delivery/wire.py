"""Opens a connection to a mail server by aiosmtplib, then takes it over. The only importer of aiosmtplib.

`dial` lets the library connect, agree on TLS, say EHLO and log in, each step by itself so that its place is known.
Then the transport is handed to Wire (documented asyncio: `set_protocol`) and the library is forgotten, because its
own calls cannot tell before the dot from after it and read a letter into memory. What the server said too early
stays behind in the library's protocol, so it can never be taken for an answer to us.

Never: a step in clear besides EHLO and STARTTLS; a second attempt to log in; a name or password in an exception.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import aiosmtplib

from nemboks.delivery.access import Progress, ServerAccess, Stopped
from nemboks.delivery.commands import announced_limit
from nemboks.delivery.hosts import UnsafeHost, checked_addresses, connect
from nemboks.delivery.logins import cure, unsaid
from nemboks.delivery.oauth import Tokens, TokenTrouble
from nemboks.delivery.replies import ReplyReader, make_reply
from nemboks.delivery.stream import Wire
from nemboks.delivery.tls import UnsafeTls, describe, verified_facts
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Reply, Stage, TlsFacts

LOGIN_METHODS = ("plain", "login", "cram-md5")  # inside TLS the first needs one round and no stored clear text


@dataclass(frozen=True, slots=True)
class Dialler:
    """What is needed to reach one server; `login_turn` opens the block in which one login may be tried."""

    access: ServerAccess
    context: ssl.SSLContext
    helo: str
    pace: Pace
    login_turn: Callable[[], AbstractAsyncContextManager[None]]
    tokens: Tokens | None = None  # of an access with `oauth`


async def dial(dialler: Dialler, progress: Progress) -> Wire:
    """A connection that is encrypted, verified, greeted and logged in. Raises Stopped; `progress` says where."""
    access, pace = dialler.access, dialler.pace
    limit = asyncio.get_running_loop().time() + pace.connect_seconds
    with _translated(progress):
        reached = await _reach(access, pace, limit)
    engine = _Engine(
        hostname=access.host, sock=reached, use_tls=access.implicit, start_tls=False,
        tls_context=dialler.context, local_hostname=dialler.helo, timeout=pace.reply_seconds,
    )  # fmt: skip
    try:
        with _translated(progress):
            await _greet(engine, access, pace, limit, progress)
            progress.stage = Stage.GREETING
            await engine.ehlo()
            if not access.implicit:
                await _start_tls(engine, access, pace, progress)
                progress.stage = Stage.GREETING
                await engine.ehlo()
            _ends(engine)
        offers = dict(engine.esmtp_extensions)
        progress.limit = announced_limit(offers)
        if access.username is not None:
            progress.stage = Stage.LOGIN
            async with dialler.login_turn():
                with _translated(progress):
                    await _log_in(engine, access.username, access.password or "", dialler.tokens)
        wire = Wire(_ends(engine)[0], offers)
        # The library and its protocol hold each other; the connection's buffers must not wait for the collector.
        engine.transport = engine.protocol = None
        return wire
    except BaseException:
        engine.close()
        reached.close()
        raise


class _Engine(aiosmtplib.SMTP):
    """The library, closing without a farewell: a graceful end of TLS waits half a minute for a silent peer."""

    def close(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()
        super().close()


class _Guard(asyncio.Protocol):
    """Between transport and library while STARTTLS is answered: lets that one reply through and nothing else.

    Whoever sits on the line can write clear text behind the 220, to be read as if it had come encrypted (RFC 3207 6).
    """

    def __init__(self, transport: asyncio.Transport, library: asyncio.Protocol) -> None:
        self._transport = transport
        self._library = library
        self._reader = ReplyReader()
        self._replies = 0
        self.spoiled = False

    def data_received(self, data: bytes) -> None:
        self._replies += len(self._reader.feed(data))
        if self._replies + self._reader.halfway > 1:
            self.spoiled = True
            self._transport.abort()
        else:
            self._library.data_received(data)

    def eof_received(self) -> bool | None:
        return self._library.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._library.connection_lost(exc)


async def _reach(access: ServerAccess, pace: Pace, limit: float) -> socket.socket:
    """A TCP connection to an address of the server that may be connected to."""
    try:
        async with asyncio.timeout_at(limit):
            addresses = access.addresses or await checked_addresses(access.host, access.port, access.internal)
            return await connect(addresses, access.port, pace.connect_seconds)
    except UnsafeHost as error:
        raise Stopped(str(error)) from None
    except TimeoutError:
        raise Stopped(f"no connection within {pace.connect_seconds:g} s") from None


async def _greet(engine: _Engine, access: ServerAccess, pace: Pace, limit: float, progress: Progress) -> None:
    """TLS if implicit, and the greeting, which may take longer than all before (RFC 5321 4.5.3.2.1)."""
    loop = asyncio.get_running_loop()

    def give_up() -> None:
        if engine.transport is None:  # it is set when TLS is done
            cut.reschedule(loop.time())

    try:
        async with asyncio.timeout(None) as cut:
            check = loop.call_at(limit, give_up)
            try:
                await engine.connect()
            finally:
                check.cancel()
    except (aiosmtplib.SMTPException, OSError) as error:
        if cut.expired():
            raise Stopped(f"no connection within {pace.connect_seconds:g} s") from None
        progress.stage = _where(error, access.implicit)
        raise
    if access.implicit:
        progress.stage = Stage.TLS
        progress.tls = _verified(engine, access)


def _verified(engine: _Engine, access: ServerAccess) -> TlsFacts:
    return verified_facts(engine.get_transport_info("ssl_object"), access.level, access.dane)


def _where(error: Exception, implicit: bool) -> Stage:
    """The stage in which the library's `connect` failed: it has one exception for several."""
    cause = error.__cause__
    if isinstance(error, aiosmtplib.SMTPResponseException) or isinstance(cause, aiosmtplib.SMTPException):
        return Stage.GREETING
    cut = isinstance(cause, ConnectionResetError | ConnectionAbortedError | BrokenPipeError)
    return Stage.TLS if isinstance(cause, ssl.SSLError) or (implicit and cut) else Stage.CONNECT


def _ends(engine: _Engine) -> tuple[asyncio.Transport, asyncio.Protocol]:
    """What the library holds. Asked before its offers are: of a server that went, it remembers none."""
    transport, library = engine.transport, engine.protocol
    if not isinstance(transport, asyncio.Transport) or library is None:
        raise Stopped("the server closed the connection")
    return transport, library


async def _start_tls(engine: _Engine, access: ServerAccess, pace: Pace, progress: Progress) -> None:
    progress.stage = Stage.TLS
    transport, library = _ends(engine)
    if not engine.supports_extension("starttls"):
        raise Stopped("the server offers no STARTTLS, and nothing is sent in clear")
    guard = _Guard(transport, library)
    transport.set_protocol(guard)
    try:
        await engine.starttls(timeout=pace.connect_seconds)
    except (aiosmtplib.SMTPException, OSError):
        if guard.spoiled:
            raise Stopped("clear text behind the answer to STARTTLS: somebody may sit on the line") from None
        raise
    progress.tls = _verified(engine, access)


async def _log_in(engine: _Engine, username: str, password: str, tokens: Tokens | None) -> None:
    """One attempt with one method: the library's own `login` tries each offered method, and locks accounts out."""
    methods = ("xoauth2",) if tokens else LOGIN_METHODS
    method = next((name for name in methods if name in engine.server_auth_methods), None)
    with _unsaid(username, password):
        match method:
            case "xoauth2":
                assert tokens is not None
                await _log_in_by_token(engine, username, tokens)
            case "plain":
                await engine.auth_plain(username, password)
            case "login":
                await engine.auth_login(username, password)
            case "cram-md5":
                await engine.auth_crammd5(username, password)
            case _:
                raise Stopped("the server offers no login that we know")


@contextlib.contextmanager
def _unsaid(username: str, secret: str) -> Iterator[None]:
    """A refusal passes without what we logged in with."""
    try:
        yield
    except aiosmtplib.SMTPResponseException as error:
        error.message = unsaid(error.message, username, secret)
        raise


async def _log_in_by_token(engine: _Engine, username: str, tokens: Tokens) -> None:
    """A kept token may have been withdrawn since: its refusal says nothing of the login, and is met by a new one."""
    again = True
    try:
        while True:
            token = await tokens.get()
            try:
                with _unsaid(username, token.text):
                    await engine.auth_xoauth2(username, token.text)
                return
            except aiosmtplib.SMTPAuthenticationError as error:
                if error.code < 500:
                    raise
                tokens.drop(token)
                if token.fresh or not again:
                    raise
                again = False
    except TokenTrouble as error:
        # In the words of RFC 4954 6, so that it is judged, and not tried again soon, as a refused login is.
        raise Stopped(str(error), Reply(535, "5.7.8", str(error)) if error.refused else None) from None


@contextlib.contextmanager
def _translated(progress: Progress) -> Iterator[None]:
    """Foreign exceptions become Stopped, once, here."""
    try:
        yield
    except aiosmtplib.SMTPResponseException as error:
        if 400 <= error.code <= 599:
            reply = make_reply(error.code, str(error.message).split("\n"))
            raise Stopped(cure(reply) if progress.stage is Stage.LOGIN else "", reply) from None
        raise Stopped(f"an answer that does not belong there ({error.code})") from None
    except UnsafeTls as error:
        progress.stage = Stage.TLS
        raise Stopped(str(error)) from None
    except TimeoutError:
        raise Stopped("no answer in time") from None
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        raise Stopped(_describe(error)) from None


def _describe(error: Exception) -> str:
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    match cause:
        case ssl.SSLError():
            return describe(cause)
        case aiosmtplib.SMTPServerDisconnected():
            return "the server closed the connection"
        case OSError(strerror=str(words)):
            return words
        case ConnectionError():
            return f"the connection broke ({type(cause).__name__})"
        case _:
            return f"{type(cause).__name__}: {cause}"
