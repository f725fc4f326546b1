"""What several harnesses ask of words that people will see."""

import re
import unicodedata
from typing import Final

_CPR: Final = re.compile(r"(?<![0-9])(0[1-9]|[12][0-9]|3[01])(0[1-9]|1[0-2])[0-9]{2}[- ]?[0-9]{4}(?![0-9])")
_NEVER: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # controls, invisible and half characters, breaks


def names_somebody(words: str) -> bool:
    """Whether a CPR number stands there, in whatever digits: the pattern of SECURITY.md 6, not the program's own.

    A sign that stands for several, such as a fraction, is a digit to nobody.
    """
    plain = "".join(one if len(one := unicodedata.normalize("NFKC", sign)) == 1 else sign for sign in words)
    return bool(_CPR.search(plain))


def is_one_line(words: str) -> bool:
    """Whether it is one line without controls, invisible signs and half characters."""
    return not any(unicodedata.category(sign) in _NEVER for sign in words)
