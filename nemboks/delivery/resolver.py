"""Asks the DNS where a domain's mail goes.

Promises: an answer is definite or Temporary, never a guess; every question ends within its time; no more names and
addresses are brought than MOST. `secure` means that a validating resolver vouched for the whole answer, CNAMEs and
all, and is never said where the settings do not trust the way to that resolver (RFC 7672 2.1.1, RFC 6840 5.7).
Never does: keep answers (a negative one without an SOA may not be kept, RFC 2308 5, and dnspython's cache would).
"""

import asyncio
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TLSA import TLSA
from dns.rdtypes.ANY.TXT import TXT

from nemboks.delivery.dane import Tlsa

MOST_EXCHANGERS = 10  # Postfix tries 5 addresses of any (smtp_mx_address_limit), Exim 5 hosts before it waits
MOST_ADDRESSES = 4
MOST_RECORDS = 20  # of TLSA and TXT
_PAYLOAD = 1232  # bytes over UDP that are never cut into fragments (DNS flag day 2020)

T = TypeVar("T")

_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")


class Temporary(Exception):
    """No definite answer now; the message is for people."""


class Kind(StrEnum):
    """What the DNS says about a domain's mail."""

    MX = "mx"
    IMPLICIT = "implicit"  # the domain has no MX: its own address counts (RFC 5321 5.1)
    NULL = "null"  # it takes no mail (RFC 7505)
    NO_DOMAIN = "no domain"


@dataclass(frozen=True, slots=True)
class Exchangers:
    """Where a domain's mail goes: preference (lower first) and name."""

    kind: Kind
    hosts: tuple[tuple[int, str], ...] = ()
    secure: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, sorted, each once."""
        return tuple(sorted({name for _, name in self.hosts}))


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a host is; IPv4 first, as IPv6 of mail servers is broken more often. Empty: there is none."""

    found: tuple[str, ...]
    secure: bool = False


@dataclass(frozen=True, slots=True)
class TlsaAnswer:
    """The TLSA records of one port of a host."""

    records: tuple[Tlsa, ...]
    secure: bool = False


class Resolver:
    """Questions to the given DNS servers ("address" or "address:port"), or to the system's.

    `validating`: they check DNSSEC and nobody sits between them and us, so they stand on this machine: whoever can
    forge an answer's AD bit could name his own certificate. ValueError for one elsewhere, or that is no address.
    """

    def __init__(self, servers: Sequence[str] = (), validating: bool = False, seconds: float = 10.0) -> None:
        self._validating = validating
        self._seconds = seconds
        try:
            self._dns = dns.asyncresolver.Resolver(configure=not servers)
        except dns.resolver.NoResolverConfiguration:
            raise ValueError("this system names no DNS server; write one into direct.resolvers") from None
        if servers:
            self._dns.nameservers = [dns.nameserver.Do53Nameserver(*_server(text)) for text in servers]
        if validating and (far := [str(one) for one in self._dns.nameservers if not _is_here(one)]):
            raise ValueError(f"validating is for a resolver on this machine (127.0.0.1, ::1), not for {', '.join(far)}")
        self._dns.timeout = min(3.0, seconds / 4)  # for one server, before the next is asked
        self._dns.use_edns(0, 0, _PAYLOAD)
        # Asking with AD set brings it back without the signatures that DO would bring.
        self._dns.set_flags(dns.flags.RD | dns.flags.AD)

    async def mx(self, domain: str) -> Exchangers:
        """Where the domain's mail goes. Raises Temporary."""
        answer = await self._ask(domain, dns.rdatatype.MX)
        if answer is None:
            return Exchangers(Kind.NO_DOMAIN)
        records = sorted((record.preference, str(record.exchange)) for record in answer.rdatas(MX))
        if not records:
            return Exchangers(Kind.IMPLICIT, ((0, domain),), answer.secure)
        if [name for _, name in records] == ["."]:
            return Exchangers(Kind.NULL, secure=answer.secure)
        hosts = [(preference, name) for preference, text in records if (name := _host(text))]
        if not hosts:
            raise Temporary(f"the MX records of {domain} name no host")
        return Exchangers(Kind.MX, tuple(hosts[:MOST_EXCHANGERS]), answer.secure)

    async def addresses(self, host: str) -> Addresses:
        """The host's addresses; an outage of one family does not hide the other. Raises Temporary."""
        answers = await asyncio.gather(
            self._ask(host, dns.rdatatype.A), self._ask(host, dns.rdatatype.AAAA), return_exceptions=True
        )
        # Sorted, because a connection is used again only for the same addresses, and servers rotate them.
        found = [text for one in answers if isinstance(one, _Answer) for text in sorted(map(str, one.records))]
        for one in answers:
            if isinstance(one, BaseException) and not (found and isinstance(one, Temporary)):
                raise one
        secure = all(isinstance(one, _Answer) and one.secure for one in answers)
        return Addresses(tuple(found[:MOST_ADDRESSES]), secure)

    async def tlsa(self, host: str, port: int) -> TlsaAnswer:
        """What the host's domain says about the certificate at this port (RFC 7672 2.2). Raises Temporary."""
        answer = await self._ask(f"_{port}._tcp.{host}", dns.rdatatype.TLSA)
        if answer is None:
            return TlsaAnswer(())
        records = [Tlsa(one.usage, one.selector, one.mtype, one.cert) for one in answer.rdatas(TLSA)]
        return TlsaAnswer(tuple(sorted(records)[:MOST_RECORDS]), answer.secure)  # sorted as addresses are, and why

    async def txt(self, name: str) -> tuple[str, ...]:
        """The texts at this name, the strings of each joined (RFC 7208 3.3). Raises Temporary."""
        answer = await self._ask(name, dns.rdatatype.TXT)
        records = answer.rdatas(TXT) if answer else []
        return tuple(b"".join(one.strings).decode("utf-8", "replace") for one in records[:MOST_RECORDS])

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> "_Answer | None":
        """The records, none of them if the name has other kinds only; None if there is no such name."""
        try:
            asked = dns.name.from_text(name)
            async with asyncio.timeout(self._seconds + 1):  # dnspython's own clock is the system's
                answer = await self._dns.resolve(
                    asked, kind, raise_on_no_answer=False, lifetime=self._seconds, search=False
                )
        except dns.resolver.NXDOMAIN:
            return None
        except (dns.resolver.LifetimeTimeout, TimeoutError):
            raise Temporary(f"the DNS did not answer for {name} within {self._seconds:g} s") from None
        except dns.resolver.NoNameservers as error:
            raise Temporary(f"the DNS has no answer for {name}: {_why(error)}") from None
        except (dns.exception.DNSException, OSError) as error:
            raise Temporary(f"the DNS has no answer for {name}: {type(error).__name__}") from None
        secure = self._validating and bool(answer.response.flags & dns.flags.AD)
        return _Answer(tuple(answer.rrset or ()), secure)


@dataclass(frozen=True, slots=True)
class _Answer:
    records: tuple[object, ...]
    secure: bool

    def rdatas(self, kind: type[T]) -> list[T]:
        return [record for record in self.records if isinstance(record, kind)]


def _why(error: dns.resolver.NoNameservers) -> str:
    """What the last server said or did, such as SERVFAIL."""
    errors = error.kwargs.get("errors") or [("", False, 0, "no server is left", None)]
    cause = errors[-1][3]
    return str(cause) if isinstance(cause, str) else type(cause).__name__


def _host(text: str) -> str:
    """The name without its last dot, "" for what is no host: the root, an address, or worse."""
    name = text.removesuffix(".").lower()
    fits = len(name) <= 253 and _HOST.fullmatch(name) and not name.rpartition(".")[2].isdigit()
    return name if fits else ""


def _is_here(server: object) -> bool:
    """Whether the DNS server stands on this machine (RFC 6840 5.7 asks for a secure channel, RFC 7672 2.1 likewise)."""
    given = server.address if isinstance(server, dns.nameserver.Do53Nameserver) else str(server)
    try:
        return ipaddress.ip_address(given).is_loopback
    except ValueError:  # a resolver by HTTPS
        return False


def _server(text: str) -> tuple[str, int]:
    address, port = text, "53"
    if text.startswith("[") or text.count(":") == 1:
        address, _, port = text.rpartition(":") if not text.endswith("]") else (text, "", "53")
    try:
        if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65_536:
            raise ValueError(port)
        return str(ipaddress.ip_address(address.strip("[]"))), int(port)
    except ValueError:
        raise ValueError(f"{text!r} is no address of a DNS server; names cannot stand here") from None
