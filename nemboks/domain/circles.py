"""Who is told of a trouble, and by which paths: circles of people, none of whom learns of another company's post.

A path is "mail:da:name@domain" or "webhook:name". A path that leads through the trouble itself is never used
(FEATURES B27): what is told to a dead mailbox is told to nobody. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from nemboks.domain.incidents import Cause, Sick
from nemboks.domain.mailbox import Address, Mailbox, destination

MAIL, WEBHOOK = "mail", "webhook"

# What each trouble says about the ways to its address; after any other (too large, held ...) a notice gets through.
_MAILBOX_ONLY: Final = frozenset({Cause.FULL, Cause.JUNK, Cause.RETURNED, Cause.BOUNCED})
_WHOLE_DOMAIN: Final = frozenset({
    Cause.ADDRESS, Cause.POLICY, Cause.LOGIN, Cause.TLS, Cause.LATE, Cause.SILENT, Cause.COPY,
})  # fmt: skip
_SERVER_TOO: Final = frozenset({Cause.LOGIN, Cause.TLS, Cause.LATE, Cause.SILENT})
_SERVER_FOR_ALL: Final = frozenset({Cause.LOGIN, Cause.TLS})  # certain of the server, whoever the recipient is


@dataclass(frozen=True, slots=True)
class Circle:
    """People who are told together. `who` stays the same however their paths fare; `paths` can be used now."""

    who: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failing:
    """Where mail does not get through."""

    addresses: frozenset[str]
    domains: frozenset[str]
    destinations: frozenset[str]

    def blocks(self, path: str, through: str) -> bool:
        """Whether the path leads there; `through` is what sends notices: a server's name, or "direct"."""
        address = address_of(path)
        return address is not None and (
            address.casefold() in self.addresses
            or address.domain in self.domains
            or destination(through, address) in self.destinations
        )


def mail_path(language: str, address: str) -> str:
    """The path to an address, in a language."""
    return f"{MAIL}:{language}:{address}"


def address_of(path: str) -> Address | None:
    """The address of a mail path; None for any other."""
    kind, _, rest = path.partition(":")
    return Address(rest.partition(":")[2]) if kind == MAIL else None


def language_of(path: str) -> str:
    """The language of a path: "da" or "en"; Danish for a webhook."""
    return "en" if path.startswith(f"{MAIL}:en:") else "da"


def domain_of(address: str) -> str:
    """The address's domain; "" for none."""
    return address.rpartition("@")[2].lower()


def failing(sick: Sequence[Sick]) -> Mapping[int, Failing]:
    """Where mail does not get through, for each mailbox as far as its own troubles tell.

    Of others' troubles only what is certain counts (that very address, that very server): a public provider's domain
    is not dead because one customer's box is.
    """
    addresses = frozenset(one.address.casefold() for one in sick if _is(one, _WHOLE_DOMAIN | _MAILBOX_ONLY))
    servers = frozenset(one.destination for one in sick if one.cause in _SERVER_FOR_ALL and one.destination)
    found = dict.fromkeys((one.mailbox for one in sick), Failing(addresses, frozenset(), servers))
    for one in sick:
        known = found[one.mailbox]
        if _is(one, _WHOLE_DOMAIN) and one.address:
            known = replace(known, domains=known.domains | {domain_of(one.address)})
        if _is(one, _SERVER_TOO) and one.destination:
            known = replace(known, destinations=known.destinations | {one.destination})
        found[one.mailbox] = known
    return found


def _is(one: Sick, causes: frozenset[Cause]) -> bool:
    """Whether it is one of these; a fault that the daily check found is as good as a refusal."""
    return one.cause in causes or (one.cause is Cause.PREFLIGHT and one.definite)


def circles(mailbox: Mailbox | None, operator: Address | None, blocked: Failing, through: str) -> list[Circle]:
    """The circles that hear of a mailbox's trouble: those whom the company named, its own address, the operator.

    One without a path is told when it has one. Of a mailbox that is no longer served, only the operator hears.
    """

    def usable(*paths: str) -> tuple[str, ...]:
        return tuple(path for path in paths if not blocked.blocks(path, through))

    found = []
    # Of an estate that is not decided yet the people of before must not learn, and the kurator has no right yet.
    if mailbox is not None and (mailbox.frozen_at is None or mailbox.boundary_at is not None):
        helpers, account = _chosen(mailbox, operator)
        found += [Circle("+".join(helpers), usable(*helpers))] if helpers else []
        if account and usable(account):
            found.append(Circle(account, (account,)))
        elif account and not helpers:
            found.append(Circle(f"mailbox:{mailbox.id}", ()))  # unreachable
    if operator:
        path = mail_path("da", operator)
        found.append(Circle(path, usable(path)))
    return found


def _chosen(mailbox: Mailbox, operator: Address | None) -> tuple[tuple[str, ...], str]:
    """The paths that the company named, and the one to its own address; "" if that address is told anyway."""
    options, own = mailbox.options, mailbox.route.address
    contact = options.second_contact if options.second_contact != operator else None
    mail = [mail_path(options.contact_language, contact)] if contact else []
    helpers = tuple(sorted([*mail, *(f"{WEBHOOK}:{name}" for name in options.webhooks)]))
    return helpers, "" if own in (contact, operator) else mail_path(options.language, own)
