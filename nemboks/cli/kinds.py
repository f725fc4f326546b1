"""What people write in an argument, read once: a moment, the role of a right."""

from datetime import datetime
from typing import Any

import click

from nemboks.content.moments import NoMomentError, local_moment
from nemboks.domain.people import GrantRole


class MomentType(click.ParamType[datetime]):
    """A date, or a date and time; Danish where it names no zone. A date alone is its first minute."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            return value if isinstance(value, datetime) else local_moment(str(value)).at
        except NoMomentError as error:
            self.fail(f"{error.da} / {error.en}", param, ctx)


class RoleType(click.ParamType[GrantRole]):
    """A role in the words that people see; læser may be written laeser."""

    name = "role"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> GrantRole:
        try:
            return GrantRole(str(value).lower().replace("æ", "ae"))
        except ValueError:
            self.fail(f"{value!r} is no role; there are: {', '.join(GrantRole)}", param, ctx)


ROLES = {GrantRole.READER: "læser"}  # as people read it, where that is not as they may write it


def role_word(role: str) -> str:
    """The role as people read it."""
    return ROLES.get(GrantRole(role), str(role))
