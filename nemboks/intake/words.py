"""What upstream said, made fit for a row, a log line and a page.

Promises: one line, bounded, without our secrets, addresses, CPR shapes or control characters.
"""

from typing import Final

from nemboks.domain.redact import redact

LONGEST: Final = 300  # characters: a sentence or two, never a page of HTML


def said(text: str | bytes, *secrets: str) -> str:
    """The text on one line, cut to 300 characters, with every given secret replaced by three stars."""
    most = 4 * LONGEST + sum(map(len, secrets)) * 8  # so that none is cut within what is shown
    if isinstance(text, bytes):
        text = text[:most].decode("utf-8", "replace")
    line = _on_one_line(text[:most])
    for secret in sorted(filter(None, map(_on_one_line, secrets)), key=len, reverse=True):
        line = line.replace(secret, "***")
    return redact(line)[:LONGEST]


def _on_one_line(text: str) -> str:
    # Half a character of JSON (\ud800) is unprintable too: no store would take it.
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
