"""The power fails while letters are on their way; `./x torture power` does the same at every call on the disk."""

from pathlib import Path

import pytest

from nemboks.store.store import Store
from tests.power.cut import cut_at, lay
from tests.power.disk import PLAIN, Chance, Choice, Disk, Op
from tests.power.machine import MODES, directory, durability, record
from tests.power.planted import ALL, found
from tests.power.tally import Tally
from tests.power.ways import FORGETS, ON_RECEIPT, WAYS


@pytest.mark.parametrize(
    ("mode", "name"), [(m, n) for m in MODES for n in (ON_RECEIPT, FORGETS)] + [("delete", "imap")]
)
async def test_no_power_cut_loses_or_doubles_a_letter(mode: str, name: str) -> None:
    """Whatever part of the unsynced survives: told commits are there, sealed letters open, nothing is early."""
    tally = Tally()
    with directory() as at, durability(*MODES[mode]):
        recording = await record(WAYS[name], at / "life")
        await cut_at(recording, (*PLAIN[1:], Chance("1")), at, tally, start=0, step=len(recording.ops) // 5)

    assert tally.failures == []
    assert tally.restarts >= 8


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
async def test_a_planted_mistake_is_seen(name: str) -> None:
    """A commit, a file or a name that is not synced, or contents gone too early: some cut shows it."""
    with directory() as at:
        tally = await found(name, at)

    assert tally.failures, "no cut showed it"


async def test_the_record_is_the_truth(tmp_path: Path) -> None:
    """When everything survives, the recorded disk is, octet for octet, what lies in the directory."""
    with durability(*MODES["delete"]):
        recording = await record(WAYS["imap"], tmp_path / "life")
    disk = Disk()
    for op in recording.ops:
        disk.do(op)

    there = {str(p.relative_to(tmp_path / "life")): p for p in (tmp_path / "life").rglob("*")}
    assert disk.after(Choice()) == {name: None if p.is_dir() else p.read_bytes() for name, p in there.items()}
    assert {op.act for op in recording.ops} >= {"write", "sync", "sync_directory", "create", "rename", "unlink"}


async def test_a_cut_while_the_ledger_is_made_leaves_one_that_opens(tmp_path: Path) -> None:
    """The first start of all, cut at any call: the next one makes the ledger whole."""
    with directory() as at, durability(*MODES["delete"]):
        recording = await record(WAYS["imap"], at / "life")
        disk = Disk()
        for number, op in enumerate(recording.ops[: recording.first]):
            disk.do(op)
            if number % 20:
                continue
            lay(disk.after(Chance(str(number))), at / str(number))
            town = recording.make_town()
            store = Store.open(at / str(number) / "nemboks.db", recording.keys, town.clock, threaded=False)
            await store.check()
            await store.close()
    assert recording.first > 100


def written(disk: Disk, offset: int, data: bytes) -> None:
    disk.do(Op("write", "a", offset=offset, data=data))


def test_what_is_synced_stays_and_what_is_not_may_go() -> None:
    """The disk's own rules: a file without its name is gone, a sync keeps octets, sectors are kept one by one."""
    disk, nothing = Disk(), PLAIN[1]
    disk.do(Op("create", "a"))
    written(disk, 0, b"1" * 1024)
    disk.do(Op("sync", "a"))
    assert disk.after(nothing) == {}
    disk.do(Op("sync_directory", ""))
    assert disk.after(nothing) == {"a": b"1" * 1024}

    written(disk, 0, b"2" * 1024)
    seen = {disk.after(Chance(str(n)))["a"] for n in range(200)}
    assert seen == {one * 512 + other * 512 for one in (b"1", b"2") for other in (b"1", b"2")}

    disk.do(Op("rename", "a", to="b"))
    assert [set(disk.after(choice)) for choice in PLAIN] == [{"b"}, {"a"}, {"b"}, {"a"}]
    disk.do(Op("broken", "b"))
    disk.do(Op("sync", "b"))
    assert disk.after(Choice()) == {"b": b"1" * 1024}, "a failed sync loses what it was for"
