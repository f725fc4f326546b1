"""Files that were damaged while the machine was down: octets of the ledger (RELIABILITY D02), the spool's files (D13).

Whatever becomes of it, no receipt is given without a confirmation and no letter goes astray; what is lost for good is
said, and only where upstream has forgotten it.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from nemboks.domain.chain import Outcome
from nemboks.store.spool import Spool
from nemboks.store.store import Store
from tests.power.cut import clear, lay
from tests.power.judge import Facts, judge, safe
from tests.power.machine import MODES, Machine, Recording, durability, record, town_at
from tests.power.rolled_back import LEDGER, Commit, commits, known_at
from tests.power.tally import Image, Tally
from tests.power.ways import FORGETS, ON_RECEIPT, WAYS

OFFSETS: Final = 200
HURTS: Final[dict[str, Callable[[bytes], bytes | None]]] = {
    "deleted": lambda _: None,
    "emptied": lambda _: b"",
    "halved": lambda content: content[: len(content) // 2],
    "head flipped": lambda content: flipped(content, 3),
    "middle flipped": lambda content: flipped(content, len(content) // 2),
    "end flipped": lambda content: flipped(content, len(content) - 1),
    "lengthened": lambda content: content + b"\0",
}


def flipped(content: bytes, offset: int, mask: int = 0xFF) -> bytes:
    """The content with bits of one octet turned over; 1 leaves a text a text."""
    return content[:offset] + bytes([content[offset] ^ mask]) + content[offset + 1 :]


@dataclass
class Start:
    """A machine started on damaged files, and how it fared."""

    recording: Recording
    now: Commit
    image: Image
    how: str = ""
    looks: list[Facts] = field(default_factory=list)

    async def run(self, root: Path, keeps: bool, tally: Tally) -> None:
        lay(self.image, root)
        town = town_at(self.recording, self.now.moment)
        known = await known_at(self.recording, self.now, root.with_name(root.name + "-known"))
        tally.restarts += 1
        try:
            await Machine(root, town, self.recording.keys, []).life(self._look)
            self.how = self.how or "nothing was noticed"
        except Exception as error:  # whatever it is, the program stops; what it did before is judged
            self.how = f"{'stopped' if self.looks else 'refused'}: {type(error).__name__}"
        try:
            safe(town)
            if len(self.looks) == 2:
                judge(town, known, self.looks, keeps, tally)
        except AssertionError as error:
            tally.fail(tally.restarts, root.name, f"{self.how}: {error}")
        clear(root)

    async def _look(self, store: Store, spool: Spool) -> None:
        if not self.looks:
            await store.check()
        self.looks.append(await Facts.of(store))
        if len(self.looks) == 2 and (await store.audit.verify()).outcome is not Outcome.WHOLE:
            self.how = "the chain shows it"


async def octets(at: Path, arguments: argparse.Namespace, number: int = OFFSETS) -> Tally:
    """So many octets of the ledger, spread over it and over the letters' life, one for each start."""
    tally, random = Tally(), Random(f"octets {arguments.seed}")
    with durability(*MODES["delete"]):
        recording = await record(WAYS[ON_RECEIPT], at / "life")
        states = list(commits(recording))
        for n in range(number):
            now = random.choice(states)
            content = now.image[LEDGER] or b""
            used = [offset for offset, octet in enumerate(content) if octet]  # most of the file is empty
            offset = used[random.randrange(len(used) * n // number, len(used) * (n + 1) // number)]
            start = Start(recording, now, {**now.image, LEDGER: flipped(content, offset, (0xFF, 0x01)[n % 2])})
            await start.run(at / f"{n}-{offset}", True, tally)
            tally.cells[start.how] += 1
    return tally


async def spooled(
    at: Path, arguments: argparse.Namespace, step: int = 1, ways: Sequence[str] = (ON_RECEIPT, FORGETS)
) -> Tally:
    """Each sealed file, hurt in each way after each commit, under an upstream that keeps and one that forgets."""
    total = Tally()
    for name in ways:
        root, tally = at / name[6:], Tally()
        root.mkdir()
        with durability(*MODES["delete"]):
            recording = await record(WAYS[name], root / "life")
            for n, now in enumerate(list(commits(recording))[:: step * arguments.every]):
                for path, content in now.image.items():
                    if content is None or not path.startswith("spool/"):
                        continue
                    for hurt, change in HURTS.items():
                        await _hurt(recording, now, path, change(content), root / f"{n}-{hurt}", name, tally)
        tally.say(f"{name}: {tally.restarts} starts; {dict(sorted(tally.cells.items()))}")
        total.add(tally)
    return total


async def _hurt(
    recording: Recording, now: Commit, path: str, content: bytes | None, root: Path, name: str, tally: Tally
) -> None:
    image = {**now.image, path: content}
    if content is None:
        del image[path]
    start = Start(recording, now, image)
    await start.run(root, name == ON_RECEIPT, tally)
    if start.how != "nothing was noticed":  # the ledger is whole, so the program must not stumble
        tally.fail(tally.restarts, root.name, f"{path}: {start.how}")
