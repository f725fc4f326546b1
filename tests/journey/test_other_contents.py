"""Contents that are not, or not any more, those of the letter that Digital Post was asked for (RELIABILITY H15)."""

import pytest

from nemboks.domain.events import Reason, Released
from nemboks.domain.headline import Sealed
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Face
from nemboks.journey.kept import kept
from nemboks.ports import Unavailable
from tests.helpers.fake_inbox import Removal
from tests.journey.town import Town, memo, uuid

S = State


async def test_the_same_id_with_other_contents_is_held_until_a_person_takes_them() -> None:
    """After lost contents upstream brings another letter under the id; once released it goes with its own identity."""
    town = Town()
    letter = await town.waiting()
    town.contents.files.clear()
    town.inbox.put(uuid(1), memo(title="Ny"))
    states = [await town.step() for _ in range(2)]
    assert states == [S.FOUND, S.HELD]
    assert town.letter.why == Reason.OTHER_CONTENTS

    await town.letters.move(town.letter, Released("anna", town.clock.now()))
    states = [await town.step() for _ in range(3)]
    assert states == [S.FOUND, S.WAITING, S.FORWARDED]
    assert town.letter.headline is not None and letter.headline is not None
    assert town.letter.headline.sha256 != letter.headline.sha256


@pytest.mark.parametrize("removal", list(Removal))
async def test_a_letter_that_once_came_with_anothers_contents_is_fetched_anew(removal: Removal) -> None:
    """Digital Post gave another's contents once; after a release the right ones are asked for, and go."""
    town = Town(removal=removal)
    await town.posted(memo(2))
    assert await town.step() is S.HELD
    kept = town.letter.contents

    town.inbox.put(uuid(1), memo())
    await town.letters.move(town.letter, Released("anna", town.clock.now()))
    assert [await town.step() for _ in range(3)] == [S.FOUND, S.WAITING, S.FORWARDED]
    assert town.letter.contents != kept and list(town.contents.files) == [town.letter.contents.file]


async def test_anothers_contents_stay_where_nothing_else_comes() -> None:
    """They may be the only ones there are: held again, sealed as before, until upstream answers otherwise."""
    town = Town()
    await town.posted(memo(2))
    assert await town.step() is S.HELD
    kept = town.letter.contents

    town.inbox.letters.clear()
    for _ in range(2):
        await town.letters.move(town.letter, Released("anna", town.clock.now()))
        assert [await town.step() for _ in range(2)] == [S.FOUND, S.HELD]
        assert (town.letter.why, town.letter.contents) == (Reason.OTHER_CONTENTS, kept)
        assert list(town.contents.files) == [kept.file]

    town.inbox.plant("fetch", Unavailable("down"))
    await town.letters.move(town.letter, Released("anna", town.clock.now()))
    assert [await town.step() for _ in range(2)] == [S.FOUND, S.FOUND]
    assert (town.letter.why, list(town.contents.files)) == ("unavailable", [kept.file])


async def released(removal: Removal, right: bytes) -> Town:
    """Another's contents were held, a person has released the letter, and upstream has the right ones now."""
    town = Town(removal=removal)
    await town.posted(memo(2))
    assert await town.step() is S.HELD
    town.inbox.put(uuid(1), right)
    await town.letters.move(town.letter, Released("anna", town.clock.now()))
    assert await town.step() is S.FOUND
    return town


def is_somewhere(town: Town, right: bytes) -> bool:
    """Whether the letter's own contents still lie upstream, or in a sealed file that its row names."""
    named = town.letter.contents
    sealed = town.contents.files.get(named.file, (0, b""))[1] if named else b""
    return right in (sealed, *town.inbox.letters.values())


@pytest.mark.parametrize("removal", list(Removal))
async def test_right_contents_that_cannot_be_read_are_not_lost(removal: Removal) -> None:
    """Where upstream forgets what it gave, they are the only ones: sealed for a person, as at a first fetch."""
    right = (
        memo().replace(b'memoVersion="1.1"', b'memoVersion="2.0"').replace(b'memoVersion="1.2"', b'memoVersion="2.0"')
    )
    assert right != memo()
    town = await released(removal, right)

    while await town.step() is not S.HELD:
        pass
    assert town.letter.why == Reason.UNREADABLE
    assert is_somewhere(town, right)


class Death(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("removal", list(Removal))
async def test_right_contents_outlive_a_crash_before_their_commit(removal: Removal, monkeypatch) -> None:
    """The row names the file before it is whole, so that no sweep takes it for nobody's."""

    async def dies(*_: object) -> bool:
        raise Death

    town = await released(removal, memo())
    with monkeypatch.context() as killed, pytest.raises(Death):
        killed.setattr(town.mailboxes, "shared", dies)
        await town.step()
    named = town.letter.contents
    for name in set(town.contents.files) - {named.file if named else ""}:
        del town.contents.files[name]  # the next start's sweep

    assert [await town.step() for _ in range(2)] == [S.WAITING, S.FORWARDED]


@pytest.mark.parametrize("raw", [memo(2), memo(recipient_id="87654321")], ids=["another letter", "another recipient"])
async def test_a_memo_is_read_as_one_after_the_mailbox_got_its_imap_door(raw: bytes) -> None:
    """Read as a plain message it would name no letter and no recipient, and go to whoever owns the mailbox."""
    town = Town()
    await town.posted(raw)
    assert await town.step() is S.HELD
    why = town.letter.why

    town.mailboxes.change(1, face=Face.IMAP)
    await town.letters.move(town.letter, Released("anna", town.clock.now()))
    while await town.step() is S.FOUND:
        pass
    assert (town.letter.state, town.letter.why) == (S.HELD, why)


async def test_what_can_be_read_goes_before_what_another_worker_left_unreadable(monkeypatch) -> None:
    """Neither is the letter's own, and a person is shown what it is rather than that nobody knows."""
    town = Town()
    await town.posted(memo(2))
    assert await town.step() is S.HELD
    async with town.contents.seal(town.letter.id) as sealing:
        await sealing.write(b"<MeMo")
        left = await sealing.finish(durable=True)

    async def leaves(letter: int) -> list[Sealed]:
        return [left]

    monkeypatch.setattr(town.contents, "left", leaves)
    best = await kept(town.letter, town.world)
    assert best is not None and best.sealed == town.letter.contents != left
