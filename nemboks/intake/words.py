"""What upstream said, made fit for a row, a log line and a page.

Promises: one line, bounded, without our secrets, addresses, CPR shapes or control characters.
"""

from typing import Final

from nemboks.domain.redact import redact

LONGEST: Final = 300  # characters: a sentence or two, never a page of HTML


def said(text: str | bytes, *secrets: str) -> str:
    """The text on one line, cut to 300 characters, with every given secret replaced by three stars."""
    if isinstance(text, bytes):
        text = text[: 4 * LONGEST].decode("utf-8", "replace")
    # Half a character of JSON (\ud800) is unprintable too: no store would take it.
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text[: 4 * LONGEST]).split())
    for secret in filter(None, secrets):
        line = line.replace(secret, "***")
    return redact(line)[:LONGEST]
