"""Writes the picture and the table in states.md from the table of moves, so that they cannot tell something else.

Run it after a change of `MOVES` in nemboks/domain/letter.py: `./x python docs/draw_states.py`.
"""

import re
from collections import defaultdict
from pathlib import Path

from nemboks.domain.letter import MOVES, State

PAGE = Path(__file__).with_name("states.md")
START, END = "<!-- drawn by draw_states.py: do not edit by hand -->", "<!-- end of the drawing -->"
FIRST = "found"  # the event that makes the row; it has no source, so the table of moves does not hold it


def name_of(event: type) -> str:
    """The event's name as the history and the log show it: `DotBegun` is `dot_begun`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower()


def picture() -> str:
    """The states and the moves between them as a Mermaid diagram."""
    arrows: dict[tuple[State, State], list[str]] = defaultdict(list)
    for event, legal in MOVES.items():
        for source in legal.sources:
            for target in legal.targets:
                arrows[source, target].append(name_of(event))
    order = list(State)
    lines = ["stateDiagram-v2", f"    [*] --> {State.FOUND}: {FIRST}"]
    for source, target in sorted(arrows, key=lambda pair: (order.index(pair[0]), order.index(pair[1]))):
        lines.append(f"    {source} --> {target}: {', '.join(arrows[source, target])}")
    left = {source for source, _ in arrows}
    lines += [f"    {state} --> [*]" for state in order if state not in left]
    return "\n".join(lines)


def marks() -> str:
    """The events that are written down without a change of state, as a table."""
    order = list(State)
    rows = [
        f"| `{name_of(event)}` | {', '.join(sorted(legal.sources, key=lambda state: order.index(State(state))))} |"
        for event, legal in MOVES.items()
        if not legal.targets
    ]
    return "\n".join(["| event | in the states |", "|---|---|", *rows])


def drawing() -> str:
    """Everything between the two markers of the page."""
    return f"{START}\n\n```mermaid\n{picture()}\n```\n\nThese events leave the state as it is:\n\n{marks()}\n\n{END}"


def page_with(text: str, drawn: str) -> str:
    """The page's text with a fresh drawing. ValueError if it has lost its markers."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"{PAGE.name} must hold the lines {START!r} and {END!r}")
    return before + drawn + after


if __name__ == "__main__":
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), drawing()), encoding="utf-8")
