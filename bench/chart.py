"""The letters per second of every contender as a small SVG for the README; it follows the reader's light or dark.

As wide as a telephone: its letters keep their size there, and grow elsewhere.
"""

from collections.abc import Iterator, Sequence
from html import escape

from bench.runs import NEMBOKS
from bench.summary import RATIO, Row

WIDTH, LINE, BAR, GAP, TOP = 320, 34, 10, 22, 8
DRAWN = {
    "imap": "100 mailboxes, 10 letters each",
    "imap-one": "1 mailbox, 400 letters",
    "imap-postfix": "40 mailboxes, 5 letters each, into Postfix",
}
STYLE = """\
text { font: 12px system-ui, sans-serif; fill: #24292f }
.head { font-weight: 600 }
.ours { fill: #1a7f37 }
.other { fill: #8c959f }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .ours { fill: #3fb950 } .other { fill: #6e7681 } }
"""


def chart(found: Sequence[Row], date: str) -> str:
    """The SVG. ValueError when no scenario that it draws was measured."""
    drawn = [(title, own) for name, title in DRAWN.items() if (own := [row for row in found if row.scenario == name])]
    if not drawn:
        raise ValueError(f"a chart is drawn of {', '.join(DRAWN)}: measure one of them")
    y, parts = TOP, []
    for title, own in drawn:
        y += 14
        parts.append(f'<text class="head" x="0" y="{y}">{escape(title)}</text>')
        parts += _bars(own, y)
        y += LINE * len(own) + GAP
    foot = f"letters a second, and times fetchmail; {date}"
    parts.append(f'<text x="0" y="{y}">{escape(foot)}</text>')
    body = "\n".join(parts)
    label = escape("; ".join(_words(own) for _, own in drawn))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 8}" role="img" aria-label="{label}" '
        f'style="max-width: {2 * WIDTH}px">\n<style>\n{STYLE}</style>\n{body}\n</svg>\n'
    )


def _bars(own: Sequence[Row], y: int) -> Iterator[str]:
    most = max(row.figures["letters_per_s"] for row in own)
    for row in sorted(own, key=lambda one: -one.figures["letters_per_s"]):
        each = row.figures["letters_per_s"]
        kind = "ours" if row.contender == NEMBOKS else "other"
        times = f" (×{row.figures[RATIO]:.1f})" if RATIO in row.figures else ""
        yield f'<text x="0" y="{y + 18}">{escape(row.contender)}</text>'
        yield f'<text x="{WIDTH}" y="{y + 18}" text-anchor="end">{each:,.0f}{times}</text>'
        length = max(1.0, WIDTH * each / most)
        yield f'<rect class="{kind}" x="0" y="{y + 22}" width="{length:.1f}" height="{BAR}" rx="2"/>'
        y += LINE


def _words(own: Sequence[Row]) -> str:
    return ", ".join(f"{row.contender} {row.figures['letters_per_s']:.0f} letters a second" for row in own)
