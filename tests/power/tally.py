"""What came of many restarts, in the words of the shared result."""

import hashlib
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.torture.result import Result

Image = Mapping[str, bytes | None]
LOST, PREMATURE, COPIES = ("lost",), ("premature", "a receipt before"), ("copies", "uncertain ends", "dot_begun")


@dataclass
class Tally:
    points: int = 0
    images: int = 0  # that were looked at
    restarts: int = 0  # of images that were not seen before
    uncertain: int = 0
    copies: int = 0
    vanished: int = 0
    failures: list[tuple[int, str, str]] = field(default_factory=list)  # point, choice, what was wrong
    cells: Counter[str] = field(default_factory=Counter)
    more: dict[str, object] = field(default_factory=dict)
    _seen: set[bytes] = field(default_factory=set)

    def new(self, image: Image, moment: int) -> bool:
        """Whether this disk in this world was not started yet."""
        digest = hashlib.sha256(str(moment).encode())
        for path, content in image.items():
            digest.update(path.encode() + b"\0" + (b"/" if content is None else hashlib.sha256(content).digest()))
        self.images += 1
        fresh = digest.digest() not in self._seen
        self._seen.add(digest.digest())
        return fresh

    def fail(self, point: int, choice: str, words: str) -> None:
        self.failures.append((point, choice, words))

    def say(self, words: str) -> None:
        """For who watches a long run."""
        print(words, file=sys.stderr, flush=True)

    def add(self, other: "Tally") -> None:
        for name in ("points", "images", "restarts", "uncertain", "copies", "vanished"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.failures += other.failures
        self.cells += other.cells
        self.more |= other.more

    def result(self, seconds: float) -> Result:
        more = {"points": self.points, "images": self.images, "vanished": self.vanished, **self.more}
        return Result(
            ok=not self.failures,
            schedules=self.restarts,
            lost=self._of(LOST),
            premature=self._of(PREMATURE),
            copies=self.copies,
            uncertain=self.uncertain,
            cells=dict(self.cells),
            seconds=seconds,
            failing_seeds=tuple(sorted({point for point, _, _ in self.failures})),
            more=more,
        )

    def _of(self, words: tuple[str, ...]) -> int:
        return sum(any(word in what for word in words) for _, _, what in self.failures)

    def __str__(self) -> str:
        return (
            f"{self.points} points, {self.images} images, {self.restarts} restarts, {self.copies} copies of "
            f"{self.uncertain} uncertain ends, {self.vanished} vanished, {len(self.failures)} failures"
        )
