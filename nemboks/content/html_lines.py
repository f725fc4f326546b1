"""The words of sanitised HTML as plain lines: what stands in the mail's text body for an HTML letter.

Promises: every word of the HTML in its order and no other, but the numbers and marks of list items, which a browser
draws. Takes only what safe_html.py gives out: known tags, whole and in order. Linear in its length.
"""

import re
from html import unescape

_APART = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre", "hr"))
_LINE = frozenset(("div", "li", "dt", "dd", "tr", "caption"))
_SPACE = re.compile("[ \t\r\n\f]+")


def lines_of(shown: str) -> str:
    """The lines, ended by LF but for the last."""
    writer = _Writer()
    for token in re.split(r"(<[^>]*>)", shown):
        if token.startswith("<"):
            writer.tag(token.strip("</>").partition(" ")[0], token.startswith("</"))
        elif token:
            writer.words(unescape(token))
    return writer.text()


class _Writer:
    """Gaps are remembered and written before the next word, so that nothing begins, ends or piles up with them."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._gap = 0  # line ends owed before the next word
        self._mark = ""  # of the list item that has no word yet
        self._lists: list[int | None] = []  # of each open list the number of its last item; None for bullets
        self._kept = 0  # open <pre>: white space counts

    def tag(self, name: str, closes: bool) -> None:
        if name in ("ul", "ol"):
            self._list(name, closes)
        if name == "li" and not closes:
            self._item()
        elif name in _APART and not (self._lists and name in ("ul", "ol")):
            self._need(2)
        elif name in _LINE:
            self._need(1)
        elif name == "br" and not closes:
            self._gap += not self._mark
        elif name in ("td", "th") and closes:
            self._spaces("  ")
        if name == "pre":
            self._kept += -1 if closes else 1

    def words(self, words: str) -> None:
        if self._kept:
            self._write(words)
            return
        words = _SPACE.sub(" ", words)
        if words.startswith(" "):
            self._spaces(" ")
        if words.strip(" "):
            self._write(words.strip(" "))
            self._spaces(" " if words.endswith(" ") else "")

    def text(self) -> str:
        """All that was written."""
        lines = "".join(self._out).replace("\xa0", " ").split("\n")
        return "\n".join(line.rstrip() for line in lines).strip("\n")

    def _write(self, words: str) -> None:
        if self._out:
            self._out.append("\n" * min(self._gap, 2))
        self._out += [self._mark, words]
        self._gap, self._mark = 0, ""

    def _spaces(self, spaces: str) -> None:
        if self._out and not self._gap and not self._mark and not self._out[-1].endswith(" "):
            self._out.append(spaces)

    def _need(self, gap: int) -> None:
        if not self._mark:
            self._gap = max(self._gap, gap)

    def _list(self, name: str, closes: bool) -> None:
        if not closes:
            self._lists.append(0 if name == "ol" else None)
            self._need(1)
        elif self._lists:
            self._lists.pop()

    def _item(self) -> None:
        self._gap = max(self._gap, 1)
        number = self._lists[-1] if self._lists else None
        if number is not None:
            number += 1
            self._lists[-1] = number
        self._mark = "  " * (len(self._lists) - 1) + ("- " if number is None else f"{number}. ")
