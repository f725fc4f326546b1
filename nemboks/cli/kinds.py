"""What people write in an argument, read once: a moment, the role of a right."""

from datetime import datetime
from typing import Any

import click

from nemboks.content.moments import NoMomentError, local_moment
from nemboks.domain.people import GrantRole


def in_words(ctx: click.Context | None, da: str, en: str) -> str:
    """The words in the language that was asked for; --lang is read before what it is about."""
    return en if ctx is not None and ctx.params.get("lang") == "en" else da


class MomentType(click.ParamType[datetime]):
    """A date, or a date and time; Danish where it names no zone. A date alone is its first minute."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            return value if isinstance(value, datetime) else local_moment(str(value)).at
        except NoMomentError as error:
            self.fail(in_words(ctx, error.da, error.en), param, ctx)


class RoleType(click.ParamType[GrantRole]):
    """A role in the words that people see; læser may be written laeser."""

    name = "role"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> GrantRole:
        try:
            return GrantRole(str(value).lower().replace("æ", "ae"))
        except ValueError:
            roles = ", ".join(ROLES.get(one, one.value) for one in GrantRole)
            da, en = f"{value!r} er ingen rolle; der er: {roles}", f"{value!r} is no role; there are: {roles}"
            self.fail(in_words(ctx, da, en), param, ctx)


ROLES = {GrantRole.READER: "læser"}  # as people read it, where that is not as they may write it


def role_word(role: str) -> str:
    """The role as people read it."""
    return ROLES.get(GrantRole(role), str(role))
