"""Which servers may take a domain's mail, and how each of them must prove who it is.

The strongest that a domain offers is demanded: DANE (a TLSA record that a validating resolver vouches for), else
MTA-STS (the name stands in an enforced policy, and the certificate verifies), else a certificate that verifies for
the name in the MX record. Promises: nothing weaker than the highest level that the domain was ever delivered at,
until a person says that it really changed; no server in our own network; never ourselves.
Never does: take an outage of the DNS for an answer, in whichever of the questions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nemboks.delivery.access import ServerAccess
from nemboks.delivery.dane import Tlsa, matches, usable
from nemboks.delivery.hosts import refusal
from nemboks.delivery.mta_sts import Policies, Policy
from nemboks.delivery.resolver import Addresses, Exchangers, Kind, Resolver, Temporary
from nemboks.domain.proof import Level, Reply, Stage, Way
from nemboks.logs import log
from nemboks.ports import Clock, Domain, Domains

LEVEL_WORDS: Final[Mapping[Level, str]] = {
    Level.UNSIGNED_MX: "a certificate for a name from unsigned DNS",
    Level.MTA_STS: "MTA-STS",
    Level.DANE: "DANE",
    Level.CONFIGURED: "a name from the settings",
}


class NoWay(Exception):
    """No server, or not this one, may be tried: how far we came, and why. `reply` if the DNS said a definite no.

    `code` is what a preflight calls it (probe.py).
    """

    def __init__(self, code: str, stage: Stage, words: str, reply: Reply | None = None) -> None:
        super().__init__(words)
        self.code, self.stage, self.words, self.reply = code, stage, words, reply


@dataclass(frozen=True, slots=True)
class DirectAccess:
    """How exchangers are reached. Without `ca_file` the system's authorities count."""

    helo: str
    port: int = 25  # another one is for tests
    ca_file: Path | None = None
    internal: bool = False  # exchangers may have private addresses: for tests


@dataclass(frozen=True, slots=True)
class Published:
    """Says whether a certificate is one that the domain published (RFC 7672); compares by its records."""

    records: tuple[Tlsa, ...]

    def __call__(self, der: bytes) -> bool:
        return matches(self.records, der)


@dataclass(frozen=True, slots=True)
class Found:
    """Where a domain's mail goes: names in the order in which they are tried."""

    exchangers: Exchangers
    hosts: tuple[str, ...]
    policy: Policy | None
    known: Domain


class Targets:
    """Finds the servers of recipient domains."""

    def __init__(
        self, resolver: Resolver, policies: Policies, domains: Domains, access: DirectAccess, clock: Clock
    ) -> None:
        self.resolver = resolver
        self._policies, self._domains = policies, domains
        self._access, self._clock = access, clock

    async def find(self, domain: str) -> Found:
        """The servers to try. Raises NoWay. What was seen is remembered; a change is told."""
        try:
            exchangers = await self.resolver.mx(domain)
        except Temporary as error:
            raise NoWay("dns_failed", Stage.LOOKUP, str(error)) from None
        hosts = self._ordered(exchangers, domain)
        policy = await self._policies.of(domain)
        known = await self._domains.get(domain)
        if exchangers.names != known.mx:
            before = await self._domains.seen(domain, exchangers.names)
            if before and before != exchangers.names:
                log().warning("domain_changed", domain=domain, mx=exchangers.names, mx_before=before)
            known = await self._domains.get(domain)
        return Found(exchangers, hosts, policy, known)

    async def target(self, found: Found, host: str) -> ServerAccess:
        """How this server is reached, and what it must prove. Raises NoWay."""
        addresses = await self._addresses(found, host)
        try:
            records = await self._published(found, host, addresses)
        except Temporary as error:  # RFC 7672 2.1.2: whoever suppresses the answer must not weaken us
            raise NoWay("dns_failed", Stage.LOOKUP, str(error)) from None
        level = _level(found, host, records)
        if level < found.known.level:
            raise NoWay("level_fell", Stage.TLS, _fell(found.known, level))
        own = self._access
        return ServerAccess(
            host, own.port, implicit=False, ca_file=own.ca_file, way=Way.DIRECT, internal=own.internal,
            addresses=addresses.found, level=level, dane=Published(records) if records else None,
        )  # fmt: skip

    def _ordered(self, exchangers: Exchangers, domain: str) -> tuple[str, ...]:
        """The names by preference, equal ones by chance (RFC 5321 5.1), cut where our own stands (there too)."""
        if exchangers.kind is Kind.NO_DOMAIN:
            raise _definite("no_domain", 550, "5.1.2", f"the domain {domain} does not exist")
        if exchangers.kind is Kind.NULL:
            raise _definite("null_mx", 556, "5.1.10", f"the domain {domain} takes no mail (null MX)")
        own = self._access.helo.lower()
        ours = min((preference for preference, name in exchangers.hosts if name == own), default=None)
        hosts = [(preference, name) for preference, name in exchangers.hosts if ours is None or preference < ours]
        if not hosts:
            raise _definite("mx_is_us", 554, "5.4.6", f"the mail of {domain} would come back to ourselves ({own})")
        by_chance = sorted((preference, self._clock.chance(), name) for preference, name in hosts)
        return tuple(dict.fromkeys(name for *_, name in by_chance))

    async def _addresses(self, found: Found, host: str) -> Addresses:
        try:
            addresses = await self.resolver.addresses(host)
        except Temporary as error:
            raise NoWay("dns_failed", Stage.LOOKUP, str(error)) from None
        if not addresses.found and found.exchangers.kind is Kind.IMPLICIT:
            raise _definite(
                "no_mail_server", 550, "5.1.2", f"the domain {host} has neither mail servers nor an address"
            )
        if not addresses.found:
            raise NoWay("no_address", Stage.LOOKUP, f"{host} has no address")
        safe = tuple(one for one in addresses.found if self._access.internal or not refusal(one))
        if not safe:
            why = ", ".join(f"{one} ({refusal(one)})" for one in addresses.found)
            raise NoWay("private_address", Stage.CONNECT, f"{host} leads into our own network: {why}")
        return Addresses(safe, addresses.secure)

    async def _published(self, found: Found, host: str, addresses: Addresses) -> tuple[Tlsa, ...]:
        """The usable TLSA records. Asked only where the names before are secure (RFC 7672 2.2.1 and 2.2.2)."""
        if not (found.exchangers.secure and addresses.secure):
            return ()
        answer = await self.resolver.tlsa(host, self._access.port)
        return usable(answer.records) if answer.secure else ()


def _level(found: Found, host: str, records: tuple[Tlsa, ...]) -> Level:
    """What vouches for this server. DANE stands above a policy (RFC 8461 2)."""
    if records:
        return Level.DANE
    if not (found.policy and found.policy.enforced):
        return Level.UNSIGNED_MX
    if not found.policy.names(host):
        raise NoWay("mta_sts_unnamed", Stage.TLS, f"the domain's MTA-STS policy does not name {host}")
    return Level.MTA_STS


def _fell(known: Domain, level: Level) -> str:
    return (
        f"{known.name} was vouched for by {LEVEL_WORDS[known.level]} before, and now only by {LEVEL_WORDS[level]}: "
        f"nothing is sent. If the domain really changed that: nemboks address relax {known.name}"
    )


def _definite(why: str, code: int, enhanced: str, words: str) -> NoWay:
    """The DNS's own no, in the words of a mail server (RFC 3463, RFC 7505 4), so that it is judged like one."""
    return NoWay(why, Stage.LOOKUP, words, Reply(code, enhanced, words))
