"""What a domain says about its mail servers over HTTPS (MTA-STS, RFC 8461).

Promises: a policy is kept until its max_age is over, whatever the DNS or the web server say meanwhile, and fetched
anew when its id changes or half of its time is over; only a policy that was fetched over verified HTTPS replaces it.
Never does: follow a redirect, believe a page of another type, ask a broken host more often than each five minutes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from nemboks.delivery.hosts import refusal
from nemboks.delivery.https import Ask, NoAnswer, ask
from nemboks.delivery.resolver import Resolver, Temporary
from nemboks.ports import Clock, Domain, Domains

FETCH_SECONDS: Final = 30.0  # RFC 8461 3.3 suggests one minute
AGAIN_SECONDS: Final = 300.0  # RFC 8461 3.3: not more often than once in five minutes
LONGEST_AGE: Final = 31_557_600  # RFC 8461 3.2: one year
_MOST_PATTERNS: Final = 100

_ID = re.compile(r"\s*v=STSv1\s*;(?:[^;]*;)*?\s*id=([A-Za-z0-9]{1,32})\s*(?:;.*)?", re.DOTALL)
_FIELD = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})[ \t]*:[ \t]*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)[ \t]*")
_TYPE = re.compile(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,40}")
_PATTERN = re.compile(r"(?:\*\.)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")


class Mode(StrEnum):
    """What is done with a server that the policy does not name, or whose certificate does not verify."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy's fields (RFC 8461 3.2); `max_age` in seconds."""

    mode: Mode
    max_age: int
    patterns: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """The policy in the text. ValueError for anything that RFC 8461 3.2 does not allow."""
        fields: dict[str, list[str]] = {}
        for line in text.removesuffix("\n").removesuffix("\r").split("\n"):
            if not (found := _FIELD.fullmatch(line.removesuffix("\r"))):
                raise ValueError("a line that is no field")
            fields.setdefault(found[1], []).append(found[2])
        first = {name: values[0] for name, values in fields.items()}  # of a repeated field the first counts
        if first.get("version") != "STSv1":
            raise ValueError("no version STSv1")
        if not re.fullmatch(r"[0-9]{1,10}", age := first.get("max_age", "")) or int(age) > LONGEST_AGE:
            raise ValueError("no max_age, or one of more than a year")
        mode = Mode(first.get("mode", ""))
        patterns = tuple(pattern.lower().removesuffix(".") for pattern in fields.get("mx", []))
        if not all(map(_PATTERN.fullmatch, patterns)) or len(patterns) > _MOST_PATTERNS:
            raise ValueError("an mx that is no host's name")
        if not patterns and mode is not Mode.NONE:
            raise ValueError("no mx")
        return cls(mode, int(age), patterns)

    @property
    def enforced(self) -> bool:
        return self.mode is Mode.ENFORCE

    def names(self, host: str) -> bool:
        """Whether it names this server; `*.` stands for exactly one label (RFC 8461 4.1)."""
        host = host.lower().removesuffix(".")
        return any(pattern in (host, "*." + host.partition(".")[2]) for pattern in self.patterns)


def policy_id(texts: Sequence[str]) -> str:
    """The id in the domain's `_mta-sts` record; "" for none, or several (RFC 8461 3.1: then there is no policy)."""
    records = [text for text in texts if re.match(r"v=STSv1\s*;", text)]
    found = _ID.fullmatch(records[0]) if len(records) == 1 else None
    return found[1] if found else ""


class Policies:
    """The policies of recipient domains, kept in `domains`."""

    def __init__(
        self,
        resolver: Resolver,
        domains: Domains,
        clock: Clock,
        ca_file: Path | None = None,
        port: int = 443,
        internal: bool = False,
    ) -> None:
        """`internal`: policy hosts may have private addresses; that and another port are for tests."""
        self._resolver, self._domains, self._clock = resolver, domains, clock
        self._ca_file, self._port, self._internal = ca_file, port, internal
        self._failed: dict[str, tuple[str, float, str]] = {}  # domain -> id, when (monotonic), why

    async def of(self, domain: str) -> Policy | None:
        """The policy in force, None without one. Never raises for what servers do."""
        known = await self._domains.get(domain)
        kept = self._kept(known)
        try:
            now_id = policy_id(await self._resolver.txt(f"_mta-sts.{domain}"))
        except Temporary:
            return kept
        if not now_id or (kept and now_id == known.sts_id and not self._aged(known, kept)):
            return kept
        return await self._renewed(domain, now_id) or kept

    def failure(self, domain: str) -> str:
        """Why the domain's policy could not be fetched the last time; "" if it could, or was not asked for."""
        return self._failed[domain][2] if domain in self._failed else ""

    def _kept(self, known: Domain) -> Policy | None:
        if known.sts_until is None or known.sts_until <= self._clock.now():
            return None
        try:
            return Policy.parse(known.sts_policy)
        except ValueError:
            return None

    def _aged(self, known: Domain, kept: Policy) -> bool:
        """Whether half of its time is over: so that it does not run out while its host is broken (RFC 8461 3.3)."""
        return (known.sts_until or self._clock.now()) - self._clock.now() < timedelta(seconds=kept.max_age / 2)

    async def _renewed(self, domain: str, now_id: str) -> Policy | None:
        failed_id, since, _ = self._failed.get(domain, ("", 0.0, ""))
        if failed_id == now_id and self._clock.monotonic() - since < AGAIN_SECONDS:
            return None
        try:
            text = await self._fetch(domain)
            policy = Policy.parse(text)
        except (NoAnswer, Temporary, ValueError) as error:
            self._failed[domain] = (now_id, self._clock.monotonic(), str(error))
            return None
        self._failed.pop(domain, None)
        until = self._clock.now() + timedelta(seconds=policy.max_age)
        await self._domains.keep_policy(domain, now_id, text, until)
        return policy

    async def _fetch(self, domain: str) -> str:
        """The policy's text. Raises NoAnswer, Temporary or ValueError, with words."""
        host = f"mta-sts.{domain}"
        found = (await self._resolver.addresses(host)).found
        addresses = tuple(one for one in found if self._internal or not refusal(one))
        if not addresses:
            raise NoAnswer(f"{host} has no address that we may connect to")
        url = f"https://{host}:{self._port}/.well-known/mta-sts.txt"
        request = Ask("GET", url, ca_file=self._ca_file, addresses=addresses, seconds=FETCH_SECONDS)
        answer = await ask(request)
        if answer.status != 200:  # a redirect too: RFC 8461 3.3
            raise NoAnswer(f"{host} answered {answer.status}")
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "text/plain":  # RFC 8461 3.3: else whoever may upload there could speak for the domain
            shown = kind if _TYPE.fullmatch(kind) else "no type"
            raise NoAnswer(f"{host} answered with {shown}, not with text/plain")
        return answer.body.decode("ascii")
