"""Writes the list of causes in explain.md from the paragraphs of `nemboks explain`, so that they say the same.

Run it after a change of those: `./x python docs/list_causes.py`.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from nemboks.desk.explain_letter_words import OF_LETTER
from nemboks.desk.explain_way_words import CUSTODY, FINE, WAYS
from nemboks.desk.explain_words import STOPPED, UPSTREAM, Paragraph
from nemboks.desk.reasons import MEANINGS
from nemboks.desk.words import Words

PAGE = Path(__file__).with_name("explain.md")
START, END = "<!-- written by list_causes.py: do not edit by hand -->", "<!-- end of the list -->"
GROUPS = {
    "What keeps us from seeing new post": UPSTREAM,
    "What people decided that stops post": STOPPED,
    "Why delivered letters are in Digital Post too": CUSTODY,
    "Where else post may be": WAYS,
    "When nothing is missing": FINE,
    "Of one letter": OF_LETTER,
}


def rows(causes: Iterable[tuple[str, Words, Words, str]]) -> str:
    """One table."""
    lines = [f"| `{id_}`{risk} | {_cell(text.en)} | {_cell(step.en)} |" for id_, text, step, risk in causes]
    return "\n".join(["| cause | what is told | next step |", "|---|---|---|", *lines])


def listing() -> str:
    """Everything between the two markers of the page."""
    parts = [f"## {title}\n\n{rows(_paragraphs(group))}" for title, group in GROUPS.items()]
    whys = rows((why, one.text, one.cure, "") for why, one in sorted(MEANINGS.items()))
    parts.append(f"## What letters wait or are held for\n\n{whys}")
    return "\n\n".join(parts)


def page_with(text: str, drawn: str) -> str:
    """The page's text with this list in the place of the old one."""
    return re.sub(rf"(?s){START}.*{END}", lambda _: f"{START}\n\n{drawn}\n\n{END}", text)


def _paragraphs(group: Mapping[str, Paragraph]) -> Iterable[tuple[str, Words, Words, str]]:
    return ((id_, one.text, one.step, " !" if one.at_risk else "") for id_, one in group.items())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE.read_text(), listing()))
