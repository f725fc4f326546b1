"""The first part of the way: what is found, what is believed of it, and what a failure leads to."""

from contextlib import nullcontext
from dataclasses import replace

import pytest

from nemboks.domain.events import FetchBegun, Reason, Released
from nemboks.domain.letter import Stale, State
from nemboks.domain.mailbox import Face
from nemboks.journey.collect import collect, look
from nemboks.ports import Gone, Refused, Unavailable
from tests.helpers import builders as make
from tests.helpers.fake_inbox import Cut, LostReply, Removal
from tests.journey.town import Town, memo, uuid

S = State


async def test_a_letter_is_found_before_it_is_fetched() -> None:
    """FOUND is committed by the listing alone; the fetch comes after."""
    town = Town()
    letter = await town.posted()
    assert (letter.state, town.inbox.acts) == (S.FOUND, [("list", "")])

    assert await town.step() is S.WAITING
    assert town.letter.headline is not None and town.letter.headline.message_uuid == uuid(1)
    assert town.letter.copy is not None and town.letter.copy.message_id.endswith(".1@nemboks.example>")


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        (memo(recipient_id="29189846"), Reason.WRONG_RECIPIENT),
        (memo(recipient_id="0101010000", recipient_type="CPR"), Reason.WRONG_RECIPIENT),
        (memo(recipient_type="CPR"), Reason.WRONG_RECIPIENT),
        (memo(2), Reason.OTHER_CONTENTS),
        (memo(kind="NEMSMS", files=[], created=""), Reason.NEMSMS),
    ],
    ids=["another company's", "a person's", "a person with our digits", "another messageUUID", "NemSMS"],
)
async def test_what_is_not_this_mailboxs_letter_is_held_and_stays_upstream(contents: bytes, reason: Reason) -> None:
    """Nothing of it is mailed or receipted; its contents stay sealed here; a release changes nothing."""
    town = Town()
    await town.posted(contents)
    assert await town.step() is S.HELD
    assert town.letter.contents is not None
    assert (town.letter.why, list(town.contents.files)) == (reason, [town.letter.contents.file])

    await town.letters.move(town.letter, Released("anna", town.clock.now()))
    states = [await town.step() for _ in range(2)]
    assert states == [S.FOUND, S.HELD]
    assert not town.courier.sent and not town.inbox.receipts and uuid(1) in town.inbox.letters


async def test_an_unreadable_letter_gets_three_looks_and_is_then_held() -> None:
    """Waits grow in between; of what upstream may not give again, the first stays sealed."""
    town = Town()
    await town.posted(b"<html>log in</html>")
    seen = [(await town.step(), town.letter.failures, town.letter.due_at) for _ in range(3)]
    assert [(state, n) for state, n, _ in seen] == [(S.FOUND, 1), (S.FOUND, 2), (S.HELD, 2)]
    assert town.letter.contents is not None
    assert (town.letter.why, list(town.contents.files)) == (Reason.UNREADABLE, [town.letter.contents.file])


async def test_an_unreadable_message_is_not_kept_where_upstream_keeps_it() -> None:
    """Over IMAP nothing is sealed until it is read."""
    town = Town(Face.IMAP)
    await town.posted(b"", "7.1")
    assert [await town.step() for _ in range(3)][-1] is S.HELD
    assert (town.contents.files, town.letter.contents) == ({}, None)


@pytest.mark.parametrize("whole", [True, False], ids=["sealed whole", "cut while sealing"])
async def test_a_letter_that_upstream_forgets_survives_a_crash_before_waiting(whole: bool) -> None:
    """The row names the seal before the first byte; only a letter that was not sealed whole is the one known gap."""
    town = Town(removal=Removal.FORGETS)
    letter = await town.posted()
    async with town.contents.seal(letter.id) as sealing:
        await town.letters.move(letter, FetchBegun(sealing.sealed))
        async with town.inbox.fetch(letter.upstream_id) as pieces:
            async for piece in pieces:
                await sealing.write(piece)
        if whole:
            await sealing.finish(durable=True)  # and here the process dies

    states = [await town.step() for _ in range(1 if whole else 3)]
    assert states[-1] is (S.WAITING if whole else S.VANISHED)


@pytest.mark.parametrize("face", [Face.REST, Face.IMAP])
async def test_a_stop_begins_no_fetch_that_upstream_may_not_repeat(face: Face) -> None:
    """Over REST nothing is public of what a fetch does; over IMAP a look changes nothing."""
    town = Town(face)
    mail = b"Subject: hej\r\n\r\nhej\r\n"
    letter = await (town.posted() if face is Face.REST else town.posted(mail, "7.1"))
    mailbox = await town.world.mailboxes.get(letter.mailbox)
    with nullcontext() if face is Face.IMAP else pytest.raises(Stale, match="stopping"):
        await collect(letter, mailbox, town.world, lambda: False)
    assert town.letter.state is (S.WAITING if face is Face.IMAP else S.FOUND)
    assert any(act == "fetch" for act, _ in town.inbox.acts) is (face is Face.IMAP)


async def test_an_unreadable_letter_that_upstream_forgets_is_held_with_its_bytes() -> None:
    """What we could not read is the only copy: it is kept for a person, never counted as vanished."""
    town = Town(removal=Removal.FORGETS)
    await town.posted(b"<html>log in</html>")
    while await town.step() is S.FOUND:
        pass
    assert (town.letter.state, town.letter.why) == (S.HELD, Reason.UNREADABLE)
    assert len(town.contents.files) == 1


async def test_another_trouble_between_starts_the_three_looks_again() -> None:
    """Only looks of one kind in a row are counted."""
    town = Town()
    await town.posted(b"<html>log in</html>")
    await town.step()
    await town.step()
    town.inbox.plant("fetch", Unavailable("503"))
    states = [await town.step() for _ in range(4)]
    assert states == [S.FOUND] * 3 + [S.HELD]


async def test_a_letter_that_is_not_there_vanishes_and_comes_back_when_it_is_listed_again() -> None:
    """Three answers "no such letter", ten minutes apart; a later listing makes it a letter like any other."""
    town = Town()
    await town.posted()
    town.inbox.take(uuid(1))
    states = [await town.step() for _ in range(3)]
    assert states == [S.FOUND, S.FOUND, S.VANISHED]
    assert town.letter.due_at is None

    town.inbox.put(uuid(1), memo())
    await town.look()
    assert town.letter.state is S.FOUND and await town.step() is S.WAITING


async def test_a_vanished_letter_that_nobody_lists_stays_vanished() -> None:
    """Another listing without it changes nothing."""
    town = Town()
    await town.posted()
    town.inbox.take(uuid(1))
    for _ in range(3):
        await town.step()
    await town.look()
    assert town.letter.state is S.VANISHED


@pytest.mark.parametrize("fault", [Unavailable("503"), Cut(20), LostReply(), Refused("400"), Gone("404")], ids=repr)
async def test_a_failed_fetch_leaves_nothing_and_comes_again_later(fault: Exception) -> None:
    """The letter is due again in the future, the spool is empty, and the next fetch brings it."""
    town = Town()
    await town.posted()
    town.inbox.plant("fetch", fault)  # type: ignore[arg-type]
    assert await town.step() is S.FOUND
    assert town.seconds_until_due >= 20 and town.contents.files == {}
    assert await town.step() is S.WAITING


async def test_upstreams_wish_for_a_pause_is_obeyed() -> None:
    """Retry-After is longer than our own wait."""
    town = Town()
    await town.posted()
    town.inbox.plant("fetch", Unavailable("429", retry_after=1234))
    await town.step()
    assert town.seconds_until_due == 1234


async def test_a_refused_cvr_parks_its_mailbox() -> None:
    """The letter and the mailbox wait until the same time; until then nothing of it is due."""
    town = Town()
    letter = await town.posted()
    town.inbox.plant("fetch", Refused("403", mailbox=True))
    await collect(letter, await town.world.mailboxes.get(letter.mailbox), town.world)
    assert town.letter.due_at == town.mailbox.parked_until == town.mailbox.due_at
    later = town.clock.advance(60)
    assert not await town.letters.due(S.FOUND, later, 10)

    town.clock.advance(3600)
    await town.look()
    assert town.mailbox.parked_until is None and await town.step() is S.WAITING


@pytest.mark.parametrize("parked", [True, False])
async def test_a_failed_listing_is_noted_and_comes_again(parked: bool) -> None:
    """The mailbox says why; only a refusal of the CVR parks it."""
    town = Town()
    town.inbox.plant("list", Refused("401", mailbox=True) if parked else Unavailable("503"))
    await town.look()
    assert town.mailbox.trouble in ("401", "503") and (town.mailbox.parked_until is not None) == parked
    assert town.mailbox.due_at > town.clock.now() and town.mailbox.failures == 1

    await town.look()
    assert (town.mailbox.trouble, town.mailbox.failures, town.mailbox.parked_until) == ("", 0, None)


async def test_a_mailbox_without_credentials_is_parked_and_stops_nobody() -> None:
    """An inbox that cannot be opened is a refusal like any other: for a listing and for a fetch."""
    town = Town()
    letter = await town.posted()
    town.inboxes.error = Refused("the mailbox has no token", mailbox=True)
    await collect(letter, await town.world.mailboxes.get(letter.mailbox), town.world)
    await look(town.mailbox, town.world)
    assert town.letter.state is S.FOUND and town.mailbox.parked_until is not None


async def test_the_slower_of_two_collectors_leaves_no_file() -> None:
    """The first one's contents stand, the second one's go, and its step ends as stale."""
    town = Town()
    letter = await town.posted()
    await collect(letter, await town.world.mailboxes.get(letter.mailbox), town.world)
    with pytest.raises(Stale):
        await collect(letter, await town.world.mailboxes.get(letter.mailbox), town.world)
    assert town.letter.contents is not None and list(town.contents.files) == [town.letter.contents.file]


async def test_a_letter_that_leaves_the_list_with_its_fetch_is_kept() -> None:
    """Found before, sealed after: upstream may forget it."""
    town = Town(removal=Removal.FORGETS)
    await town.waiting()
    await town.look()
    assert uuid(1) not in town.inbox.letters
    assert await town.step() is S.FORWARDED


# --- IMAP ---

MESSAGE = (
    "From: Skattestyrelsen <post@skat.example>\r\nSubject: =?utf-8?q?=C3=85rsopg=C3=B8relse?=\r\n"
    "Message-ID: <1@skat.example>\r\nDate: Sat, 21 Nov 2026 13:05:00 +0100\r\n\r\nKære bageri\r\n"
).encode()


async def test_a_letter_whose_uidvalidity_changed_goes_on_as_the_same() -> None:
    """Known bytes under a new number are the known letter: one row, no second mail (M03)."""
    town = Town(make.Face.IMAP)
    await town.waiting(MESSAGE, "7.1")
    first = town.letter
    assert await town.step() is S.FORWARDED

    town.inbox.take("7.1")
    town.inbox.put("8.5", MESSAGE)
    await town.look()
    new = next(x for x in town.letters.rows.values() if x.upstream_id == "8.5")
    await collect(new, await town.world.mailboxes.get(new.mailbox), town.world)

    assert (town.letter.id, town.letter.upstream_id, town.letter.state) == (first.id, "8.5", S.FORWARDED)
    assert town.letter.contents is not None and list(town.contents.files) == [town.letter.contents.file]
    assert await town.step() is S.ACKNOWLEDGED and len(town.courier.sent) == 1


async def test_a_twin_that_moved_on_leaves_no_file() -> None:
    """When the rebinding is refused the step ends as stale, and what was fetched for it is gone."""
    town = Town(make.Face.IMAP)
    await town.waiting(MESSAGE, "7.1")
    town.inbox.put("8.5", MESSAGE)
    await town.look()
    new = next(x for x in town.letters.rows.values() if x.upstream_id == "8.5")

    async def moved_on(*_: object) -> None:
        raise Stale("meanwhile")

    town.letters.rebind = moved_on  # type: ignore[method-assign,assignment]
    with pytest.raises(Stale):
        await collect(new, await town.world.mailboxes.get(new.mailbox), town.world)
    assert len(town.contents.files) == 1


async def test_two_letters_with_equal_bytes_under_one_uidvalidity_are_two() -> None:
    """Equal bytes alone do not make a twin."""
    town = Town(make.Face.IMAP)
    await town.waiting(MESSAGE, "7.1")
    town.inbox.put("7.2", MESSAGE)
    await town.look()
    second = next(x for x in town.letters.rows.values() if x.upstream_id == "7.2")
    await collect(second, await town.world.mailboxes.get(second.mailbox), town.world)
    assert [x.state for x in town.letters.rows.values()] == [S.WAITING, S.WAITING]


async def test_a_listing_brings_when_the_letter_came() -> None:
    """IMAP says it; over REST it lies between two listings (D14)."""
    town = Town()
    await town.look()
    before = town.clock.now()
    town.clock.advance(300)
    letter = await town.posted()
    assert (letter.not_before, letter.available_at) == (before, town.clock.now())

    imap = Town(make.Face.IMAP)
    imap.inbox.put("7.1", MESSAGE, before)
    imap.clock.advance(900)
    await imap.look()
    assert (imap.letter.not_before, imap.letter.available_at) == (None, before)


async def test_a_paused_mailbox_is_listed_and_nothing_is_fetched() -> None:
    """A pause stops fetching; the letter is known and waits."""
    town = Town()
    town.mailboxes.rows[1] = replace(town.mailbox, paused_at=town.clock.now())
    letter = await town.posted()
    assert letter.state is S.FOUND and not await town.letters.due(S.FOUND, town.clock.now(), 10)
