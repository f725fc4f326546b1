"""Cuts the power in a recorded life, at any point with any choice of what survived, and starts the machine again."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.power.disk import Choice, Disk
from tests.power.machine import Machine, Moment, Recording, town_at
from tests.power.oracle import Looks
from tests.power.tally import Image, Tally


def points(recording: Recording, start: int, step: int = 1) -> Iterator[tuple[int, Disk, Moment]]:
    """Each point from `start` on: before which call the power fails, the disk there, the world there."""
    disk = Disk()
    for number, op in enumerate(recording.ops):
        if number >= start and (number - start) % step == 0:
            yield number, disk, recording.moments[op.moment]
        disk.do(op)
    yield len(recording.ops), disk, recording.moments[-1]


async def cut_at(recording: Recording, choices: Sequence[Choice], at: Path, tally: Tally, *, start: int, step: int = 1,
                 stop_at: int = 0) -> None:  # fmt: skip
    """Every point with every choice; ends early after `stop_at` failures, if given."""
    for number, disk, moment in points(recording, start, step):
        tally.points += 1
        for choice in choices:
            picked = choice.at(number)
            image = disk.after(picked)
            if tally.new(image, id(moment)):
                await restart(recording, image, moment, at / f"{number}-{tally.restarts}", tally, (number, picked.name))
            if stop_at and len(tally.failures) >= stop_at:
                return


async def restart(
    recording: Recording, image: Image, moment: Moment, root: Path, tally: Tally, name: tuple[int, str]
) -> None:
    """Starts the machine on what the disk kept; what is wrong with it goes to the tally."""
    lay(image, root)
    tally.restarts += 1
    tally.cells[f"power cut × {recording.step(moment)}"] += 1
    town, journal = town_at(recording, moment), list(recording.journal[: moment.journal])
    looks = Looks(town, journal)
    try:
        await Machine(root, town, recording.keys, journal).life(looks)
    except Exception as error:
        tally.fail(*name, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")
    tally.uncertain += looks.uncertain
    tally.copies += looks.copies
    tally.vanished += sum(x.state == "vanished" for x in looks.letters)
    clear(root)


def lay(image: Image, root: Path) -> None:
    """Writes the image below the directory, which is made."""
    root.mkdir()
    for path, content in image.items():
        if content is None:
            (root / path).mkdir(mode=0o700)
        else:
            (root / path).write_bytes(content)
            (root / path).chmod(0o600)


def clear(root: Path) -> None:
    for path in sorted(root.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    root.rmdir()
