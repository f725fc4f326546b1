"""What people may ask about recipient domains and about our own: what is remembered, let a level fall, what to publish.

Promises: a level falls only by a person's word with a reason, and history has both.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from nemboks.content.texts import clean
from nemboks.desk.access import Asking, allowed
from nemboks.desk.errors import NotFound, RefusedByRule
from nemboks.desk.preflight import check_item
from nemboks.desk.words import Item, Lang, Words
from nemboks.domain.mailbox import Address
from nemboks.domain.people import Action
from nemboks.domain.proof import Level
from nemboks.ports import Acts, Check, Domain

LEVELS: Final[Mapping[Level, Words]] = {
    Level.UNSIGNED_MX: Words("et certifikat til et navn fra usigneret DNS", "a certificate for a name of unsigned DNS"),
    Level.MTA_STS: Words("MTA-STS", "MTA-STS"),
    Level.DANE: Words("DANE", "DANE"),
    Level.CONFIGURED: Words("et navn i indstillingerne", "a name of the settings"),
}
_MODE: Final = re.compile(r"^mode:[ \t]*([a-z]+)", re.MULTILINE)
_REASON: Final = 500  # characters


class DomainRows(Protocol):
    async def get(self, name: str) -> Domain: ...
    async def relax(self, name: str, by: str, reason: str) -> None: ...


class CheckRows(Protocol):
    async def all(self) -> Sequence[Check]: ...


class Remembered(Acts, Protocol):
    """The store, as far as these pages see it."""

    @property
    def domains(self) -> DomainRows: ...
    @property
    def checks(self) -> CheckRows: ...


def domain_name(text: str) -> str:
    """The domain of a domain's name or of an address, as the DNS has it. ValueError for neither."""
    return Address(f"x@{text.rpartition('@')[2]}").domain.lower()


async def domain_show(store: Remembered, asking: Asking, name: str, lang: Lang) -> Item:
    """What is remembered of a recipient domain, and the latest looks at its addresses. NotFound, NotAllowed."""
    await store.ask(lambda books: allowed(books, asking, Action.DOMAINS))
    known, checks = await store.domains.get(name), await store.checks.all()
    looks = [check_item(one, lang) for one in checks if one.address.rpartition("@")[2].lower() == name]
    if known == Domain(name) and not looks:
        raise _unknown(name)
    return _domain_item(known, lang) | {
        "addresses": [{**look, "address": Address(str(look["address"])).masked} for look in looks]
    }


async def domain_relax(store: Remembered, asking: Asking, name: str, reason: str, lang: Lang) -> Item:
    """The domain, to be learnt anew. NotFound, NotAllowed; RefusedByRule where only the least is remembered."""
    by = (await store.ask(lambda books: allowed(books, asking, Action.DOMAINS))).name
    known = await store.domains.get(name)
    if known == Domain(name):
        raise _unknown(name)
    if known.level is Level.UNSIGNED_MX and not known.sts_policy:
        raise RefusedByRule(
            Words(
                f"{name} har allerede det laveste niveau; der er intet at slække på",
                f"{name} is at the lowest level already; there is nothing to relax",
            )
        )
    await store.domains.relax(name, by, clean(reason, _REASON))
    return _domain_item(await store.domains.get(name), lang) | {"relaxed_by": by, "reason": clean(reason, _REASON)}


def _domain_item(domain: Domain, lang: Lang) -> Item:
    mode = _MODE.search(domain.sts_policy)
    policy = {"mode": mode[1] if mode else None, "id": clean(domain.sts_id, 64), "until": domain.sts_until}
    return {
        "domain": domain.name,
        "level": domain.level,
        "level_text": LEVELS[domain.level].to(lang),
        "mx": domain.mx,
        "mta_sts": policy if domain.sts_policy else None,
    }


def _unknown(name: str) -> NotFound:
    return NotFound(
        Words(
            f"Vi ved intet om {name}; `nemboks address verify` ser på en adresse",
            f"we know nothing of {name}; `nemboks address verify` looks at an address",
        )
    )


def own_records(domain: str, return_domain: str, return_host: str, dkim_name: str, dkim_record: str) -> list[Item]:
    """What is to be published for our own domain: name, kind and text of each record, as a DNS editor asks for them.

    What only the owner knows stands in angle brackets. "" for a return path, or a key, that there is none of.
    """
    envelope = return_domain or domain
    records = [_record(envelope, "TXT", "v=spf1 ip4:<our address> include:<relay, if any> -all")]
    if dkim_record:
        records.append(_record(dkim_name, "TXT", dkim_record))
    records.append(_record(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=quarantine; rua=mailto:<mailbox>@{domain}"))
    if return_domain:
        records.append(_record(return_domain, "MX", f"10 {return_host}."))
    return records


def _record(name: str, kind: str, text: str) -> Item:
    return {"name": name, "type": kind, "text": text}
