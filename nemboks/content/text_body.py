"""The facts and the sender's own text as plain text: what every reader of mail shows (UX.md 9).

Promises: a line of the sender's never begins where ours do, so it cannot be taken for one.
"""

from nemboks.content.facts import Facts, Row

_COLUMN = 15  # where values begin
_INDENT = "    "


def text_body(facts: Facts, senders: str = "") -> str:
    """The text, lines ended by CRLF. `senders`: the letter's own words, "" for none."""
    lines = [facts.badge, ""] if facts.badge else []
    for row in facts.rows:
        lines += _row(row)
    if senders:
        lines += ["", f"{facts.heading}:", *(_INDENT + line for line in senders.splitlines())]
    lines += ["", "--", *facts.notes]
    return "\r\n".join(line.rstrip() for line in lines) + "\r\n"


def _row(row: Row) -> list[str]:
    *above, last = _label(row.label)
    return [*above, f"{last}: ".ljust(_COLUMN) + "  ".join(row.items)]


def _label(label: str) -> list[str]:
    """The label in lines that leave the column free."""
    lines = [""]
    for word in label.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) + 2 > _COLUMN:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
