"""What a company chose for its mailbox, as it lies in the database: further recipients, and options.

Fields that a row does not have yet get their defaults; fields that we no longer know are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any

from nemboks.domain.estates import Former
from nemboks.domain.mailbox import Address, Field, Holiday, Options, Recipient, Role, Rule
from nemboks.domain.wishes import Edit


def others_of(found: Sequence[Mapping[str, Any]]) -> tuple[Recipient, ...]:
    """The further recipients of a route, in order."""
    return tuple(Recipient(**_known(Recipient, one, role=Role, address=Address)) for one in found)


def rules_of(found: Sequence[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules of a route, in order."""
    return tuple(Rule(**_known(Rule, one, field=Field, address=Address)) for one in found)


def holiday_of(found: Mapping[str, Any]) -> Holiday:
    """The holiday redirect of a route."""
    moment = datetime.fromisoformat
    return Holiday(**_known(Holiday, found, since=moment, until=moment, address=Address))


def edit_of(found: Mapping[str, Any]) -> Edit:
    """What is asked of a route."""
    return Edit(**_known(Edit, found, rules=rules_of, others=others_of, holiday=_perhaps_holiday))


def options_of(found: Mapping[str, Any]) -> Options:
    """The options of a mailbox."""
    return Options(**_known(Options, found, second_contact=_contact, webhooks=tuple, digest=_contact))


def _perhaps_holiday(found: Mapping[str, Any] | None) -> Holiday | None:
    return holiday_of(found) if found else None


def former_of(found: Mapping[str, Any]) -> Former:
    """What an estate took the place of."""
    return Former(**_known(Former, found, options=options_of))


def _contact(text: str | None) -> Address | None:
    return Address(text) if text else None


def _known(kind: type, found: Mapping[str, Any], **made: Any) -> dict[str, Any]:
    names = [name for name in _names(kind) if name in found]
    return {name: made[name](found[name]) if name in made else found[name] for name in names}


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
