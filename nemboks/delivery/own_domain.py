"""What the DNS says of our own domain: whether receivers will believe that our mails are ours (SPF, DKIM, DMARC).

Promises: each fault has a code of its own; an outage of the DNS is told as such, never as a fault of the domain.
Never does: work out whether our address is among those that SPF names; behind a relay or NAT it cannot be known here.
"""

import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from nemboks.delivery.resolver import Kind, Resolver, Temporary
from nemboks.ports import Finding

OWN_CODES: Final = (
    "own_dns_failed",
    "spf_missing", "spf_several", "spf_open", "spf",
    "dkim_off", "dkim_missing", "dkim_other", "dkim",
    "dmarc_missing", "dmarc_none", "dmarc",
    "returns_no_mx",
)  # fmt: skip

_SPF = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)
_OPEN = re.compile(r"(?:^| )[+?]?all(?: |$)", re.IGNORECASE)  # everybody may, or "we do not say"
_DMARC = re.compile(r"v=DMARC1\s*(?:;|$)")


@dataclass(frozen=True, slots=True)
class OwnDomain:
    """Who our mails come from. `dkim_record` is the text that is to be published for our key."""

    domain: str
    return_domain: str = ""  # of the envelope, where it is another one
    dkim_selector: str = ""
    dkim_record: str = ""


async def look(own: OwnDomain, resolver: Resolver) -> list[Finding]:
    """What was found, in the order SPF, DKIM, DMARC, return path."""
    found: list[Finding] = []
    for check in (_spf, _dkim, _dmarc, _returns):
        found += await _told(check, own, resolver)
    return found


Check = Callable[[OwnDomain, Resolver], Coroutine[Any, Any, list[Finding]]]


async def _told(check: Check, own: OwnDomain, resolver: Resolver) -> list[Finding]:
    try:
        return await check(own, resolver)
    except Temporary as error:
        return [_finding("own_dns_failed", False, domain=own.domain, words=str(error))]


async def _spf(own: OwnDomain, resolver: Resolver) -> list[Finding]:
    """By the envelope's domain (RFC 7208 2.4); several records are an error (4.5), as none is in all but name."""
    domain = own.return_domain or own.domain
    records = [text for text in await resolver.txt(domain) if _SPF.match(text)]
    if len(records) != 1:
        return [_finding("spf_several" if records else "spf_missing", True, domain=domain)]
    is_open = bool(_OPEN.search(records[0]))
    return [_finding("spf_open" if is_open else "spf", is_open, domain=domain, record=records[0])]


async def _dkim(own: OwnDomain, resolver: Resolver) -> list[Finding]:
    if not own.dkim_selector:
        return [_finding("dkim_off", False, domain=own.domain)]
    name = f"{own.dkim_selector}._domainkey.{own.domain}"
    keys = [_tags(text).get("p", "") for text in await resolver.txt(name)]
    if not any(keys):  # an empty one is a key that was taken back (RFC 6376 3.6.1)
        return [_finding("dkim_missing", True, name=name, record=own.dkim_record)]
    # Verifiers may take whichever of several records comes first (RFC 6376 3.6.2.2): ours must be the only one.
    if keys != [_tags(own.dkim_record).get("p")]:
        return [_finding("dkim_other", True, name=name, record=own.dkim_record)]
    return [_finding("dkim", False, name=name)]


async def _dmarc(own: OwnDomain, resolver: Resolver) -> list[Finding]:
    """The domain's own policy, or one of a domain above it (RFC 7489 6.6.3; we know no list of public suffixes)."""
    labels = own.domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        name = "_dmarc." + ".".join(labels[start:])
        records = [text for text in await resolver.txt(name) if _DMARC.match(text)]
        if len(records) == 1:
            policy = _tags(records[0]).get("p", "").lower()
            strict = policy in ("quarantine", "reject")
            return [_finding("dmarc" if strict else "dmarc_none", False, name=name, policy=policy)]
    return [_finding("dmarc_missing", False, name=f"_dmarc.{own.domain}")]


async def _returns(own: OwnDomain, resolver: Resolver) -> list[Finding]:
    """Whether mail to the return path can come back at all."""
    if not own.return_domain:
        return []
    kind = (await resolver.mx(own.return_domain)).kind
    return [] if kind in (Kind.MX, Kind.IMPLICIT) else [_finding("returns_no_mx", True, domain=own.return_domain)]


def _tags(text: str) -> dict[str, str]:
    """The tags of a record, white space inside their values left out (RFC 6376 3.2)."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip(): re.sub(r"\s", "", value) for name, _, value in pairs}


def _finding(code: str, fault: bool, **facts: str) -> Finding:
    return Finding(code, fault, tuple(facts.items()))
