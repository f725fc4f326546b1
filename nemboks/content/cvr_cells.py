"""What one cell of a table of companies means, or why it means nothing.

Promises: nothing is mended in silence but spaces around a cell and, in words for people, signs that nobody sees; what
looks like a CPR number is never handed on, nor repeated in the reason.
"""

import re
import unicodedata
from typing import Final

from nemboks.content import cvr_table_words as words
from nemboks.content.cvr_table_words import Said
from nemboks.content.texts import clean
from nemboks.domain.mailbox import Address, Cvr
from nemboks.domain.redact import mask_cpr

_ADDRESS = 254  # RFC 5321 4.5.3.1; longer ones need not be looked at
_CVR = 64  # characters looked at
_YES: Final = frozenset(("ja", "j", "yes", "y", "sand", "true", "x", "1"))
_NO: Final = frozenset(("", "nej", "n", "no", "falsk", "false", "0"))


class WrongCellError(ValueError):
    """The cell cannot be used: `said` is why, with its `facts`; `shown` whether the cell may be told back."""

    def __init__(self, said: Said, shown: bool = True, **facts: object) -> None:
        super().__init__(said.en)
        self.said = said
        self.shown = shown
        self.facts = facts


def cvr_of(text: str) -> Cvr:
    """The CVR number; spaces and DK in front are left out. Raises WrongCellError, for a CPR number without it."""
    plain = clean(text, _CVR)
    if not plain:
        raise WrongCellError(words.NO_CVR)
    if has_cpr(plain) or re.fullmatch(r"[0-9]{10}", re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", plain))):
        raise WrongCellError(words.CPR, shown=False)
    try:
        return Cvr(plain)
    except ValueError:
        raise WrongCellError(words.BAD_CVR) from None


def address_of(text: str) -> Address:
    """The address. Raises WrongCellError with the likeliest reason."""
    if not text:
        raise WrongCellError(words.NO_ADDRESS)
    if len(text) <= _ADDRESS:
        try:
            return Address(text)
        except ValueError:
            pass
    if not text.isprintable():
        raise WrongCellError(words.UNSEEN)
    foreign = "@" in text and not text.partition("@")[0].isascii()
    raise WrongCellError(words.FOREIGN_ADDRESS if foreign else words.BAD_ADDRESS)


def words_of(text: str, limit: int) -> str:
    """The text on one line. Raises WrongCellError if it is longer than `limit` characters or has a CPR number in it."""
    said = clean(text, limit + 1)
    if len(said) > limit:
        raise WrongCellError(words.LONG, limit=limit)
    if has_cpr(said):
        raise WrongCellError(words.CPR_INSIDE, shown=False)
    return said


def yes_of(text: str) -> bool:
    """Whether the cell says yes; blank is no. Raises WrongCellError."""
    said = clean(text, 16).lower()
    if said not in _YES | _NO:
        raise WrongCellError(words.NOT_YES_OR_NO)
    return said in _YES


def has_cpr(text: str) -> bool:
    """Whether something in it has the shape of a CPR number, in whatever digits."""
    plain = unicodedata.normalize("NFKC", text)
    return mask_cpr(plain) != plain
