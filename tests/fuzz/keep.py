"""Which inputs are worth keeping: the smallest that together reach every line-to-line step of the program seen so far.

Promises: what is kept already stays kept; at most MOST files and OCTETS octets a parser. Slower than the fuzzer's own
merging, and its choice does not depend on how the interpreter was instrumented.
"""

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Final

MOST: Final = 60
OCTETS: Final = 200_000
_PROGRAM: Final = str(Path(__file__).parents[2] / "nemboks")

Step = tuple[str, int, int]


def keep(harness: ModuleType, folder: Path, found: Iterable[Path]) -> int:
    """How many of the found inputs were added to the folder."""
    kept = sorted(path for path in folder.glob("*") if path.is_file())
    seen: set[Step] = set()
    for path in kept:
        seen |= steps(harness, path.read_bytes())
    count, size, added = len(kept), sum(path.stat().st_size for path in kept), 0
    for path in sorted(found, key=lambda each: (each.stat().st_size, each.name)):
        octets = path.read_bytes()
        if count >= MOST:
            break
        if size + len(octets) > OCTETS or not (new := steps(harness, octets) - seen):
            continue
        (folder / f"found-{hashlib.sha256(octets).hexdigest()[:12]}").write_bytes(octets)
        seen |= new
        count, size, added = count + 1, size + len(octets), added + 1
    return added


def steps(harness: ModuleType, octets: bytes) -> set[Step]:
    """From which line to which line the program went with these octets."""
    seen: set[Step] = set()
    last: dict[int, int] = {}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(_PROGRAM):
            return None
        line = frame.f_lineno
        if event == "line":
            seen.add((file, last.get(id(frame), 0), line))
        last[id(frame)] = line if event == "line" else 0
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        harness.check(octets)
    finally:
        sys.settrace(before)
    return seen
