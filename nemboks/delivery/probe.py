"""Looks at an address and its server as a delivery would, without sending a mail: the Prober port.

Promises: the same servers, the same demands and the same login rules as a delivery; RCPT is asked once, and no DATA
follows; every finding has a code of CODES, and what is no fault is worth knowing. Never raises for what servers or the
DNS do. Never does: look closer at a server that does not prove who it is, not even to say more about it.
"""

import asyncio
import contextlib
import dataclasses
import re
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from nemboks.delivery.access import Progress, ServerAccess, Stopped
from nemboks.delivery.commands import announced_limit, envelope_commands
from nemboks.delivery.courier import Carrier
from nemboks.delivery.mta_sts import Policies
from nemboks.delivery.own_domain import OWN_CODES, OwnDomain, look
from nemboks.delivery.resolver import Kind
from nemboks.delivery.stream import Wire
from nemboks.delivery.targets import LEVEL_WORDS, Found, NoWay, Targets
from nemboks.delivery.tls import make_context
from nemboks.delivery.wire import dial
from nemboks.domain.mailbox import DIRECT, Address
from nemboks.domain.proof import Reply, Report, Stage, Way
from nemboks.domain.verdict import Verdict, verdict
from nemboks.ports import Clock, Finding, Mail

CODES: Final = (
    "server_unknown", "look_alike",
    # the way there
    "dns_failed", "no_domain", "null_mx", "mx_is_us", "no_mail_server", "no_address", "private_address",
    "mx", "mx_changed", "mx_implicit", "mta_sts", "mta_sts_unfetched", "mta_sts_unnamed", "level_fell",
    # the connection
    "unreachable", "greeting_refused", "no_starttls", "tls_old", "tls_failed", "tls",
    "certificate_name", "certificate_expired", "certificate_unknown", "certificate_refused", "certificate_ends",
    "dane_mismatch", "login_refused", "login_failed",
    # what the server can
    "size", "size_small", "size_unknown", "offers", "no_dsn", "relay_trusted",
    # the address
    "sender_refused", "recipient_taken", "recipient_later", "recipient_full", "recipient_unknown", "recipient_refused",
    *OWN_CODES,
)  # fmt: skip

SECONDS: Final = 60.0  # for one server; a person may be waiting
FAREWELL_SECONDS: Final = 5.0
CHANGE_TOLD_FOR: Final = timedelta(days=7)  # people see it in time to ask whether it was meant
WARN_DAYS: Final = 21  # public certificates are renewed with 30 days to go
SMALL: Final = 25_000_000  # bytes; what common mail servers take, and fewer letters than one in a hundred need more
_PROBE_SIZE: Final = 10_000
_KEYWORDS: Final = ("8bitmime", "chunking", "dsn", "smtputf8", "pipelining")

# What tls.py and wire.py say of a connection that is not what we asked for.
_TLS_CODES: Final = (
    (re.compile("offers no STARTTLS"), "no_starttls"),
    (re.compile("TLSA"), "dane_mismatch"),
    (re.compile("not accepted: .*(mismatch|not valid for)", re.IGNORECASE), "certificate_name"),
    (re.compile("not accepted: .*expired"), "certificate_expired"),
    (re.compile("not accepted: .*(self.signed|issuer|unable to)"), "certificate_unknown"),
    (re.compile("not accepted"), "certificate_refused"),
    (re.compile("protocol version|unsupported protocol|version too low|too old"), "tls_old"),
)


class Preflight:
    """The Prober port. `sender` is our own address, as deliveries have it in the envelope."""

    def __init__(
        self, servers: Mapping[str, ServerAccess], targets: Targets, policies: Policies, carrier: Carrier,
        clock: Clock, sender: str, own: OwnDomain,
    ) -> None:  # fmt: skip
        self._servers, self._targets, self._policies = dict(servers), targets, policies
        self._carrier, self._clock, self._sender, self._own = carrier, clock, sender, own

    async def probe(self, address: Address, server: str) -> Sequence[Finding]:
        """What was found on the way to the address; see the port."""
        odd = [_finding("look_alike", False, words=address.warning)] if address.warning else []
        if server == DIRECT:
            return [*odd, *await self._direct(address)]
        access = self._servers.get(server)
        if access is None:
            return [*odd, _finding("server_unknown", True, server=server)]
        return [*odd, *(await self._server(access, address))[0]]

    async def own(self) -> Sequence[Finding]:
        """What was found of our own domain; see the port."""
        return await look(self._own, self._targets.resolver)

    async def _direct(self, address: Address) -> list[Finding]:
        """The servers in turn, until one went through: as a delivery. Then faults of those before are no faults."""
        try:
            found = await self._targets.find(address.domain)
        except NoWay as end:
            return [_no_way(address.domain, end)]
        findings, before = self._domain(address.domain, found), list[Finding]()
        for host in found.hosts:
            try:
                access = await self._targets.target(found, host)
            except NoWay as end:
                before.append(_no_way(host, end))
                continue
            seen, through = await self._server(access, address)
            if through:
                return [*findings, *(dataclasses.replace(one, fault=False) for one in before), *seen]
            before += seen
        return [*findings, *before]

    def _domain(self, domain: str, found: Found) -> list[Finding]:
        implicit = found.exchangers.kind is Kind.IMPLICIT
        findings = [_finding("mx_implicit" if implicit else "mx", False, domain=domain, servers=", ".join(found.hosts))]
        if self._changed_lately(found):
            was, now = ", ".join(found.known.mx_before), ", ".join(found.known.mx)
            findings.append(_finding("mx_changed", False, domain=domain, was=was, servers=now))
        if why := self._policies.failure(domain):
            findings.append(_finding("mta_sts_unfetched", False, domain=domain, words=why))
        if found.policy:
            findings.append(_finding("mta_sts", False, domain=domain, mode=found.policy.mode.value))
        return findings

    def _changed_lately(self, found: Found) -> bool:
        at = found.known.mx_changed_at
        return at is not None and self._clock.now() - at < CHANGE_TOLD_FOR

    async def _server(self, access: ServerAccess, address: Address) -> tuple[list[Finding], bool]:
        """What was found at one server, and whether it came to a word about the address."""
        progress, made = Progress(), list[ssl.SSLObject]()
        context = _remembering(make_context(access.ca_file, access.dane is not None), made)
        dialler = dataclasses.replace(self._carrier.dialler(access), context=context)
        findings: list[Finding] = []
        try:
            async with asyncio.timeout(SECONDS):
                wire = await dial(dialler, progress)
                try:
                    findings += self._connection(access, progress, made[-1], wire)
                    findings.append(await self._asked(access, address, wire, progress))
                    await _farewell(wire)
                finally:
                    wire.abort()
        except Stopped as end:
            findings.append(_stopped(access, progress, end))
        except TimeoutError:
            findings.append(_stopped(access, progress, Stopped(f"no answer within {SECONDS:g} s")))
        return findings, progress.stage >= Stage.RCPT

    def _connection(self, access: ServerAccess, progress: Progress, made: ssl.SSLObject, wire: Wire) -> list[Finding]:
        facts, server = progress.tls, access.address
        assert facts is not None, "dial brings no connection without"
        findings = [_finding("tls", False, server=server, version=facts.version, level=LEVEL_WORDS[facts.level])]
        days = (_ends(made) - self._clock.now()).days
        if days < WARN_DAYS and access.dane is None:  # for a published certificate dates do not count (RFC 7672 3.1.1)
            findings.append(_finding("certificate_ends", False, server=server, days=str(days)))
        limit = announced_limit(wire.offers)
        code = "size_unknown" if not limit else "size_small" if limit < SMALL else "size"
        findings.append(_finding(code, False, server=server, limit=str(limit)))
        can = {keyword.upper(): "yes" if keyword in wire.offers else "no" for keyword in _KEYWORDS}
        findings.append(_finding("offers", False, server=server, **can))
        if access.way is Way.RELAY and not access.trusted and "dsn" not in wire.offers:
            findings.append(_finding("no_dsn", False, server=server))
        if access.way is Way.RELAY and access.trusted:
            findings.append(_finding("relay_trusted", False, server=server))
        return findings

    async def _asked(self, access: ServerAccess, address: Address, wire: Wire, progress: Progress) -> Finding:
        """What the server says of the address. Raises Stopped."""
        mail = Mail("", "", self._sender, address, _PROBE_SIZE, eight_bit=False, pieces=_nothing())
        progress.stage = Stage.MAIL
        for stage, command in envelope_commands(mail, wire.offers)[:2]:
            progress.stage = stage
            wire.write(command)
            reply = await wire.reply()
            if reply.code // 100 != 2:
                return _refused(access, address, stage, reply)
        return _finding("recipient_taken", False, server=access.address, address=address.masked)


def _remembering(context: ssl.SSLContext, made: list[ssl.SSLObject]) -> ssl.SSLContext:
    """The same rules; connections made by them are noted (`sslobject_class` is the documented way to do that)."""

    class Remembered(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            made.append(self)

    context.sslobject_class = Remembered
    return context


def _ends(connection: ssl.SSLObject) -> datetime:
    """When the certificate of a verified connection is over."""
    certificate = connection.getpeercert(binary_form=True)
    assert certificate, "it was verified"
    return x509.load_der_x509_certificate(certificate).not_valid_after_utc


async def _farewell(wire: Wire) -> None:
    """Take back what was announced, and leave; what the server makes of it does not matter."""
    with contextlib.suppress(Stopped, TimeoutError):
        async with asyncio.timeout(FAREWELL_SECONDS):
            for command in (b"RSET\r\n", b"QUIT\r\n"):
                wire.write(command)
                await wire.reply()


async def _nothing(pieces: tuple[bytes, ...] = ()) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def _stopped(access: ServerAccess, progress: Progress, end: Stopped) -> Finding:
    """The finding for a conversation that ended before a word about the address."""
    words = str(end.reply) if end.reply else end.words
    code = "unreachable"
    match progress.stage:
        case Stage.TLS:
            code = next((code for pattern, code in _TLS_CODES if pattern.search(words)), "tls_failed")
        case Stage.GREETING:
            code = "greeting_refused"
        case Stage.LOGIN:
            code = "login_refused" if end.reply and end.reply.code >= 500 else "login_failed"
        case Stage.MAIL if end.reply:
            code = "sender_refused"
    return _finding(code, True, server=access.address, words=words)


def _refused(access: ServerAccess, address: Address, stage: Stage, reply: Reply) -> Finding:
    """The finding for a no to MAIL or RCPT, judged as a delivery's would be. Greylisting is no fault."""
    if stage is Stage.MAIL:
        return _finding("sender_refused", reply.code >= 500, server=access.address, words=str(reply))
    match verdict(Report(stage, access.address, reply)):
        case Verdict.ADDRESS:
            code, fault = "recipient_unknown", True
        case Verdict.FULL:
            code, fault = "recipient_full", True
        case Verdict.TEMPORARY:
            code, fault = "recipient_later", False
        case _:
            code, fault = "recipient_refused", True
    return _finding(code, fault, server=access.address, address=address.masked, words=str(reply))


def _no_way(server: str, end: NoWay) -> Finding:
    return _finding(end.code, True, server=server, words=end.words)


def _finding(code: str, fault: bool, **facts: str) -> Finding:
    return Finding(code, fault, tuple(facts.items()))
