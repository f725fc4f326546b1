"""Which addresses we connect to: servers out in the world, unless a person said that one is internal.

Somebody who may choose a server's name must not reach our own machine or network by it (SECURITY 3, 43).
Promises: a name is looked up once, and the very addresses that were checked are connected to; a name that answers
differently the next time (rebinding) gains nothing. Never: a list of names that are allowed.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Sequence
from typing import Final

_FIRST_SECONDS: Final = 5.0  # for an address that has others behind it; RFC 8305 would overlap them after 0.25 s

# IANA's registries of special-purpose addresses (RFC 6890 and its updates), what a server of others never has.
_SPECIAL_4: Final = (
    ("0.0.0.0/8", "unspecified"), ("10.0.0.0/8", "private"), ("100.64.0.0/10", "shared by a provider's customers"),
    ("127.0.0.0/8", "loopback"), ("169.254.0.0/16", "link-local"), ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "reserved"), ("192.0.2.0/24", "for examples only"), ("192.88.99.0/24", "reserved"),
    ("192.168.0.0/16", "private"), ("198.18.0.0/15", "for measurements only"),
    ("198.51.100.0/24", "for examples only"), ("203.0.113.0/24", "for examples only"), ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
)  # fmt: skip
_SPECIAL_6: Final = (
    ("::/128", "unspecified"), ("::1/128", "loopback"), ("64:ff9b:1::/48", "private"), ("fc00::/7", "private"),
    ("fe80::/10", "link-local"), ("fec0::/10", "private"), ("ff00::/8", "multicast"), ("2001::/23", "reserved"),
    ("2001:db8::/32", "for examples only"), ("3fff::/20", "for examples only"),
)  # fmt: skip
_NETWORKS_4: Final = tuple((ipaddress.IPv4Network(network), words) for network, words in _SPECIAL_4)
_NETWORKS_6: Final = tuple((ipaddress.IPv6Network(network), words) for network, words in _SPECIAL_6)
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")  # all that was ever given out
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052 2.1
_6TO4: Final = ipaddress.IPv6Network("2002::/16")  # RFC 3056 2


class UnsafeHost(Exception):
    """The host has no address that we may connect to; the message says why and what to do."""


def refusal(address: str) -> str:
    """Why nobody may connect there unless the server is internal, "" if anybody may. IPv4 within IPv6 counts as such.

    Pure; anything that is not exactly one IP address is refused.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "not an address"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.scope_id:
            return "link-local"
        embedded = _embedded(ip)
        if embedded is None:
            return next(
                (words for network, words in _NETWORKS_6 if ip in network), "" if ip in _UNICAST else "reserved"
            )
        ip = embedded
    return next((words for network, words in _NETWORKS_4 if ip in network), "")


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ipaddress.IPv4Address(int(ip) >> 80 & 0xFFFF_FFFF) if ip in _6TO4 else ip.ipv4_mapped


async def checked_addresses(host: str, port: int, internal: bool) -> tuple[str, ...]:
    """The host's addresses that may be connected to, in the system's order (RFC 6724); at least one.

    Raises UnsafeHost if there is none, OSError if the name cannot be looked up.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise UnsafeHost(f"{host[:80]!r} is no host's name") from None
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    refused = {} if internal else {address: why for address in addresses if (why := refusal(address))}
    safe = tuple(address for address in addresses if address not in refused)
    if not safe:
        why = ", ".join(f"{address} ({words})" for address, words in refused.items()) or "none"
        raise UnsafeHost(f"{host} leads into our own network: {why}; only a server set as internal may")
    return safe


async def connect(addresses: Sequence[str], port: int, seconds: float) -> socket.socket:
    """A socket connected to the first of the addresses that answers, tried in order. OSError, TimeoutError.

    The caller owns it. `seconds` are for all of them; one that has others behind it gets only a part.
    """
    first = min(_FIRST_SECONDS, seconds / max(1, len(addresses)))
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):  # TimeoutError is one too
            return await _connect(address, port, first)
    return await _connect(addresses[-1], port, seconds)


async def _connect(address: str, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setblocking(False)
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(one, (address, port))
    except BaseException:
        one.close()
        raise
    return one
