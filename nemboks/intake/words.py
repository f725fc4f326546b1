"""What upstream said, made fit for a row, a log line and a page.

Promises: one line, bounded, without our secrets, addresses, CPR shapes or control characters.
"""

import re
from typing import Final

from nemboks.domain.redact import redact

LONGEST: Final = 300  # characters: a sentence or two, never a page of HTML
_UNSHOWABLE = re.compile("[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


def said(text: str | bytes, *secrets: str) -> str:
    """The text on one line, cut to 300 characters, with every given secret replaced by three stars."""
    if isinstance(text, bytes):
        text = text[: 4 * LONGEST].decode("utf-8", "replace")
    line = _UNSHOWABLE.sub(" ", text[: 4 * LONGEST]).strip()
    for secret in filter(None, secrets):
        line = line.replace(secret, "***")
    return redact(line)[:LONGEST]
