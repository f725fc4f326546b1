"""After a relay took a letter: a landing confirms, junk is told, silence is an alarm."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.domain.events import Confirmed, PartConfirmed, Postponed, Reason
from nemboks.domain.headline import Kind, Style
from nemboks.domain.letter import State
from nemboks.domain.proof import Evidence, Stage
from nemboks.journey.landed import look_for
from nemboks.ports import Landed, Place, Refused, Unavailable
from tests.helpers import builders as make
from tests.helpers.clock import START
from tests.journey.relayed import SILENT, Relayed

ID = "<1.13748136@nemboks.example>"
INBOX = Landed(Place.INBOX, "INBOX")


async def test_a_mail_in_the_inbox_is_confirmed() -> None:
    """With the facts of the attempt that sent it, and what was found as the reply."""
    town = Relayed()
    town.landings.lies[ID] = INBOX
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    letter, proof = town.letter, town.letter.confirmation
    assert letter.state is State.FORWARDED and proof is not None and letter.transmission_id
    assert (Evidence.LANDING, "found in INBOX", make.tls(), 1) == (
        proof.evidence,
        proof.reply.text,
        proof.tls,
        proof.part,
    )


async def test_a_mail_in_junk_waits_and_is_confirmed_when_a_person_saves_it() -> None:
    """The folder's name is told; no silence is claimed, however long it lies there."""
    town = Relayed()
    for place in (Place.JUNK, Place.BIN):
        town.landings.lies[ID] = Landed(place, "Uønsket mail")
        town.clock.advance(SILENT.total_seconds())
        await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
        assert (State.HANDED_OVER, "junk", "Uønsket mail") == (town.letter.state, town.letter.why, town.letter.words)
        assert town.letter.due_at == town.clock.now() + timedelta(seconds=300)
    town.landings.lies[ID] = INBOX
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert [Postponed, Postponed, Confirmed] == town.events()


async def test_a_mail_that_is_nowhere_is_looked_for_until_the_time_is_up() -> None:
    """Then only a person lets it go on; the last look comes with the end of the time, not after it."""
    town = Relayed(words="250 queued as 4711")
    looks = 0
    while town.letter.state is State.HANDED_OVER:
        await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
        looks += 1
        if town.letter.due_at:
            assert town.letter.due_at <= START + SILENT and town.letter.why == "handed_over"
            town.clock.advance((town.letter.due_at - town.clock.now()).total_seconds())
    assert (State.HELD, Reason.RELAY_SILENT) == (town.letter.state, town.letter.why)
    assert town.clock.now() == START + SILENT and looks == len(town.landings.looked) == 49
    assert "queued as 4711" in town.letter.words


async def test_a_mail_found_with_the_last_look_is_confirmed() -> None:
    """A find counts, however late."""
    town = Relayed()
    town.landings.lies[ID] = INBOX
    town.clock.advance(10 * SILENT.total_seconds())
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert town.letter.state is State.FORWARDED


@pytest.mark.parametrize("absent", ["no name", "no port"])
async def test_without_a_mailbox_to_look_into_only_the_time_counts(absent: str) -> None:
    """One look at the end of it, and the alarm."""
    town = Relayed(landing="" if absent == "no name" else "bageri")
    if absent == "no port":
        town.world = replace(town.world, landings=None)
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert absent == "no port" or town.letter.due_at == START + SILENT
    town.clock.advance(SILENT.total_seconds())
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert Reason.RELAY_SILENT == town.letter.why and not town.landings.looked


@pytest.mark.parametrize(
    ("error", "why"), [(Unavailable("no answer"), "unavailable"), (Refused("no login"), "refused")]
)
async def test_a_look_that_fails_proves_nothing_and_hides_no_silence(error: Exception, why: str) -> None:
    """It is tried again, and when the time is up the alarm says why nothing was seen."""
    town = Relayed()
    town.landings.error = error
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert (State.HANDED_OVER, why, str(error)) == (town.letter.state, town.letter.why, town.letter.words)
    town.clock.advance(SILENT.total_seconds())
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert (Reason.RELAY_SILENT, str(error)) == (town.letter.why, town.letter.words)


async def test_each_part_is_looked_for_by_its_own_number() -> None:
    """The first part's landing makes the second one due, and confirms nothing else."""
    copy = make.copy(message_id="<abc.1@nemboks.example>", parts=((0,), (1,)))
    town = Relayed(copy=copy)
    town.landings.lies["<abc.1@nemboks.example>"] = INBOX
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert State.WAITING is town.letter.state and [PartConfirmed] == town.events()
    town.sent(2, part=2)
    town.put(replace(town.letter, state=State.HANDED_OVER, fence=2, deadline_at=START + SILENT))
    town.landings.lies["<abc.2@nemboks.example>"] = INBOX
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert State.FORWARDED is town.letter.state and town.letter.confirmation is not None
    assert (2, 2) == (town.letter.confirmation.part, town.letter.confirmation.attempt)


@pytest.mark.parametrize("how", ["as it is", "wrapped", "encrypted", "without its own"])
async def test_a_message_that_goes_as_it_is_keeps_its_own_id(how: str) -> None:
    """So that one is looked for; ours only where our own header is around it."""
    own = "" if how == "without its own" else "Message-ID:\r\n <brev-1@kommune.example>\r\n"
    raw = f"From: kommune@example.dk\r\n{own}Subject: Brev\r\n\r\nhej\r\n".encode()
    copy = make.copy(message_id="<abc.1@nemboks.example>", wrap=how == "wrapped")
    if how == "encrypted":
        copy = replace(copy, style=Style(certificate="PEM"))
    town = Relayed(copy=copy, headline=make.headline(kind=Kind.MESSAGE))
    async with town.contents.seal(1) as sealing:
        await sealing.write(raw)
        sealed = await sealing.finish(durable=True)
    town.put(replace(town.letter, contents=sealed))
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert ["<brev-1@kommune.example>" if how == "as it is" else "<abc.1@nemboks.example>"] == town.landings.looked


async def test_contents_that_are_lost_end_no_wait() -> None:
    """Without them a message's own id is not known: later, and silence in the end."""
    town = Relayed(headline=make.headline(kind=Kind.MESSAGE))
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert (State.HANDED_OVER, "contentsgone") == (town.letter.state, town.letter.why)


async def test_a_find_without_a_record_of_ours_confirms_nothing() -> None:
    """A confirmation needs the TLS facts of the attempt that sent it; the newest one that got so far is taken."""
    town = Relayed(fence=3)
    town.landings.lies[ID] = INBOX
    town.letters.attempts.clear()
    town.record(1, 1, None)
    town.sent(2, stage=Stage.RCPT)
    town.sent(3, part=2)
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert State.HANDED_OVER is town.letter.state and "no attempt of ours surely" in town.letter.words
    town.sent(1)
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert town.letter.confirmation is not None and town.letter.confirmation.attempt == 1


@pytest.mark.parametrize("dot", [True, False])
async def test_a_mail_of_a_killed_attempt_to_the_address_of_before_confirms_no_later_one(dot: bool) -> None:
    """The process died behind its dot, the address was changed, the next mail was handed over and got lost: what lies
    in the inbox that we look into is the first one, and the new reader has nothing."""
    town = Relayed(fence=2)
    town.landings.lies[ID] = INBOX
    town.record(1, 1, None, "bo@bageri.example", dot)
    town.sent(2)
    await look_for(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert town.letter.state is (State.HANDED_OVER if dot else State.FORWARDED)
