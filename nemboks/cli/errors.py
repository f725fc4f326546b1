"""Every way a command can end badly: one place that gives each its exit code and its words (UX.md 10).

0 ok, 1 failed, 2 wrong use, 3 not found, 4 refused by rule, 5 attention, 6 critical, 75 try later, 77 not allowed,
78 configuration; 130 after Ctrl-C.
"""

import traceback
from dataclasses import dataclass
from typing import Final

import click

from nemboks.desk.errors import DeskError, NotAllowed, NotFound
from nemboks.desk.words import Lang, Words
from nemboks.domain.letter import Stale

FAILED, USAGE, NOT_FOUND, REFUSED, ATTENTION, CRITICAL = 1, 2, 3, 4, 5, 6
LATER, FORBIDDEN, CONFIGURATION, INTERRUPTED = 75, 77, 78, 130

KINDS: Final = {
    FAILED: "failed",
    USAGE: "usage",
    NOT_FOUND: "not_found",
    REFUSED: "refused",
    LATER: "later",
    FORBIDDEN: "forbidden",
    CONFIGURATION: "configuration",
    INTERRUPTED: "interrupted",
}
# What people try to hand over in an argument, where every other program of the machine can read it (S-B88).
SECRETS: Final = frozenset({"api-token", "code", "key", "kode", "pass", "password", "secret", "token"})
NO_SECRETS: Final = Words(
    "En hemmelighed står aldrig i et argument: alle på maskinen kan læse det. Brug --token-file, --password-file eller "
    "--code-file med en fil, eller - for stdin.",
    "a secret is never an argument: everybody on the machine can read it. Use --token-file, --password-file or "
    "--code-file with a file, or - for stdin.",
)
_OF_DESK: Final = {NotFound: NOT_FOUND, NotAllowed: FORBIDDEN}


@dataclass(frozen=True, slots=True)
class Failure:
    """How a command ends: its exit code, and what is told."""

    code: int
    words: str

    @property
    def kind(self) -> str:
        return KINDS.get(self.code, "failed")


def failure_of(error: BaseException, lang: Lang) -> Failure:
    """What the error means to the one who called. An error that we did not expect comes with its traceback."""
    match error:
        case click.NoSuchOption() if error.option_name.lstrip("-").partition("=")[0] in SECRETS:
            return Failure(error.exit_code, NO_SECRETS.to(lang))
        case click.ClickException():
            return Failure(error.exit_code, error.format_message())
        case DeskError():
            return Failure(_OF_DESK.get(type(error), REFUSED), error.words.to(lang))
        case KeyboardInterrupt() | click.Abort():
            return Failure(INTERRUPTED, "")
        case Stale():
            return Failure(LATER, f"{error}: another was first. Look again")
    if _not_allowed(error):
        return Failure(FORBIDDEN, f"{error}. Run this as the user that Nemboks runs as")
    code = _code(error)
    return Failure(code or FAILED, str(error) if code else "".join(traceback.format_exception(error)).rstrip())


def _code(error: BaseException) -> int | None:
    """The exit code of an error of the settings or the store; imported late, for they bring much with them."""
    from nemboks.settings import SettingsError
    from nemboks.store.errors import (
        StoreAway,
        StoreBusy,
        StoreDamaged,
        StoreError,
        StoreFull,
        StoreInUse,
        StoreTooNew,
        VaultError,
    )

    if isinstance(error, SettingsError | VaultError | StoreTooNew | StoreDamaged):
        return CONFIGURATION
    if isinstance(error, StoreAway | StoreBusy | StoreInUse | StoreFull):
        return LATER
    return FAILED if isinstance(error, StoreError) else None


def _not_allowed(error: BaseException | None) -> bool:
    """Whether the operating system said no, however often the error was told on."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:  # `raise e from e` makes an error its own cause
        if isinstance(error, PermissionError):
            return True
        seen.add(id(error))
        error = error.__cause__
    return False
