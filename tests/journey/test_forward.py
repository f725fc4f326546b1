"""The second part of the way: one attempt, whatever cuts it off, and what is committed of it."""

from datetime import timedelta

import pytest

from nemboks.domain.events import Claimed, Confirmed, DotBegun, Reason, Released
from nemboks.domain.letter import Letter, Stale, State
from nemboks.domain.mailbox import Address
from nemboks.domain.proof import Report, Stage
from nemboks.journey.forward import forward
from nemboks.journey.recover import recover
from tests.helpers import builders as make
from tests.helpers.fake_courier import ACCEPTED, FakeCourier, broken, refused
from tests.journey.test_collect import MESSAGE
from tests.journey.town import SlowCourier, Town, with_courier

S = State


async def test_a_letter_goes_in_four_commits() -> None:
    """Claimed before the first byte, dot_begun before the dot, confirmed after the 250; the proof is on the row."""
    town = Town()
    letter = await town.forwarded()
    assert town.events()[-3:] == [Claimed, DotBegun, Confirmed]
    proof = letter.confirmation
    assert proof is not None and (proof.letter, proof.attempt, proof.reply.code) == (letter.id, 1, 250)
    (sent,) = town.courier.sent
    assert (sent.mail.recipient, sent.mail.account, proof.address) == (make.ADDRESS, "", make.ADDRESS)
    assert (letter.uncertain, letter.deadline_at, letter.dot_begun_at) == (0, None, None)


async def test_the_claim_gives_twenty_minutes_and_moves_the_due_time_first() -> None:
    """While the attempt runs, the row says until when, and when another may come."""
    town = Town()
    seen: list[Letter] = []
    with_courier(town, SlowCourier(before=lambda: seen.append(town.letter)))
    await town.forwarded()
    (during,) = seen
    now = town.clock.now()
    assert during.state is S.SENDING and during.deadline_at is not None and during.due_at is not None
    assert timedelta(minutes=20) <= during.deadline_at - now < timedelta(minutes=21)
    assert during.due_at - now == timedelta(seconds=60)


async def test_every_attempt_sends_the_same_bytes() -> None:
    """Copies fold only if they are identical (D13)."""
    town = Town()
    await town.waiting()
    town.courier.endings.extend([broken(Stage.DOT), broken(Stage.DOT), ACCEPTED])
    assert [await town.step() for _ in range(3)] == [S.WAITING, S.WAITING, S.FORWARDED]
    assert len({sent.letter for sent in town.courier.sent}) == 1 and len(town.courier.sent) == 3
    assert town.letter.uncertain == 2


@pytest.mark.parametrize(
    ("ending", "why", "least"),
    [
        (broken(Stage.CONNECT), "temporary", 48),
        (broken(Stage.TLS), "tls", 2880),
        (refused(Stage.GREETING, 554), "temporary", 48),
        (refused(Stage.LOGIN, 535, "5.7.8"), "login", 1800),
        (refused(Stage.RCPT, 550, "5.1.1"), "address", 480),
        (refused(Stage.RCPT, 452, "4.2.2"), "full", 1440),
        (broken(Stage.BODY), "temporary", 48),
        (refused(Stage.DOT, 451, "4.3.0"), "temporary", 48),
        (refused(Stage.DOT, 554, "5.7.1"), "policy", 480),
    ],
    ids=lambda x: getattr(getattr(x, "stage", None), "name", x),
)
async def test_a_definite_no_waits_and_counts_no_copy(ending: Report, why: str, least: float) -> None:
    """The class and the server's words stay on the row; nothing is uncertain."""
    town = Town()
    await town.waiting()
    town.courier.endings.append(ending)
    assert await town.step() is S.WAITING
    assert (town.letter.why, town.letter.failures, town.letter.uncertain) == (why, 1, 0)
    assert town.seconds_until_due >= least
    assert await town.step() is S.FORWARDED


async def test_three_uncertain_ends_are_held_and_a_release_gives_three_more() -> None:
    """A person decides; a later confirmation ends it."""
    town = Town()
    await town.waiting()
    town.courier.endings.extend([broken(Stage.DOT)] * 3)
    assert [await town.step() for _ in range(3)] == [S.WAITING, S.WAITING, S.HELD]
    assert (town.letter.why, town.letter.uncertain, town.letter.due_at) == (Reason.THREE_UNCERTAIN, 3, None)

    await town.letters.move(town.letter, Released("anna", town.clock.now()))
    town.courier.endings.append(broken(Stage.DOT))
    assert [await town.step() for _ in range(2)] == [S.WAITING, S.FORWARDED]
    assert len(town.courier.sent) == 5 and town.letter.uncertain == 4


async def test_too_large_three_times_in_a_row_is_held() -> None:
    """Two more looks, then a person; the contents stay sealed."""
    town = Town()
    await town.waiting()
    town.courier.endings.extend([refused(Stage.MAIL, 552, "5.3.4")] * 3)
    assert [await town.step() for _ in range(3)] == [S.WAITING, S.WAITING, S.HELD]
    assert town.letter.why == Reason.TOO_LARGE and town.letter.contents is not None


@pytest.mark.parametrize(
    "no", [refused(Stage.MAIL, 554, "5.6.3"), refused(Stage.DOT, 554, "5.6.3")], ids=["not asked", "refused"]
)
async def test_a_server_of_seven_bits_gets_the_letter_as_a_file(no: Report) -> None:
    """At once, in the form that needs no 8BITMIME, and so on every later attempt."""
    town = Town(make.Face.IMAP)
    await town.waiting(MESSAGE, "7.1")
    town.courier.endings.extend([no, broken(Stage.CONNECT)])
    assert await town.step() is S.WAITING
    assert (town.letter.why, town.letter.due_at) == ("conversion", town.clock.now())
    assert [await town.step() for _ in range(2)] == [S.WAITING, S.FORWARDED]
    sent = town.courier.sent[-1]
    assert not sent.mail.eight_bit and b"Brev.eml" in sent.letter and sent.letter.isascii()


async def test_a_letter_that_may_have_arrived_changes_its_form_no_more() -> None:
    """Copies must be identical: after an uncertain end the server is waited for instead."""
    town = Town(make.Face.IMAP)
    await town.waiting(MESSAGE, "7.1")
    town.courier.endings.extend([broken(Stage.DOT), *[refused(Stage.MAIL, 554, "5.6.3")] * 3])
    states = [await town.step() for _ in range(4)]
    assert states == [S.WAITING] * 4 and town.seconds_until_due >= 300
    assert town.letter.copy is not None and not town.letter.copy.wrap


# --- cut off right before the dot ---


async def test_a_route_that_changes_before_the_dot_stops_it() -> None:
    """No dot is sent; the next attempt, at once, goes to the new address and nowhere else (T02)."""
    town = Town()
    await town.waiting()
    new = Address("nyt@bageri.example")
    with_courier(town, SlowCourier(before=lambda: town.mailboxes.reroute(make.ANNA, new, make.SERVER, "anna")))
    assert await town.step() is S.WAITING
    assert not town.courier.sent and (town.letter.why, town.letter.uncertain) == ("stopped", 0)

    with_courier(town, FakeCourier())
    assert await town.step() is S.FORWARDED
    assert [sent.mail.recipient for sent in town.courier.sent] == [new]


async def test_a_pause_before_the_dot_stops_it_and_the_letter_waits() -> None:
    """Nothing is due while paused; after it the letter goes."""
    town = Town()
    await town.waiting()
    with_courier(town, SlowCourier(before=lambda: town.mailboxes.pause(make.ANNA, "anna")))
    assert await town.step() is S.WAITING
    assert not town.courier.sent and not await town.letters.due(S.WAITING, town.clock.now(), 10)
    with pytest.raises(Stale):
        await forward(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)

    await town.mailboxes.resume(make.ANNA, "anna")
    with_courier(town, FakeCourier())
    assert await town.step() is S.FORWARDED


async def test_an_attempt_whose_deadline_passed_sends_no_dot() -> None:
    """Too slow a body: another attempt may be running by now."""
    town = Town()
    await town.waiting()
    with_courier(town, SlowCourier(before=lambda: town.clock.advance(3600)))
    assert await town.step() is S.WAITING
    assert not town.courier.sent and "time is up" in town.letter.words


async def test_an_attempt_that_recovery_ended_sends_no_dot() -> None:
    """Its step ends as stale and the row stays as recovery left it."""
    town = Town()
    await town.waiting()

    async def overtaken() -> None:
        town.clock.advance(3600)
        assert await recover(town.world) == 1

    with_courier(town, SlowCourier(before=overtaken))
    with pytest.raises(Stale):
        await town.step()
    assert not town.courier.sent and (town.letter.why, town.letter.uncertain) == ("cut", 0)


async def test_a_stop_sends_no_dot_and_causes_nothing_uncertain() -> None:
    """The daemon stops: the letter is due again at once, for whoever comes next."""
    town = Town()
    letter = await town.waiting()
    await forward(letter, await town.world.mailboxes.get(letter.mailbox), town.world, lambda: False)
    assert (town.letter.state, town.letter.due_at) == (S.WAITING, town.clock.now())
    assert not town.courier.sent and town.letter.uncertain == 0


async def test_a_stop_while_the_dots_commit_waits_sends_no_dot_either() -> None:
    """Another program held the ledger for half a minute: a dot after that would outlast the stop's patience."""
    town = Town()
    letter = await town.waiting()
    allowed = iter((True, False))
    await forward(letter, await town.world.mailboxes.get(letter.mailbox), town.world, lambda: next(allowed))
    assert (town.letter.state, town.letter.why, town.letter.due_at) == (S.WAITING, "stopped", town.clock.now())
    assert not town.courier.sent and (town.letter.uncertain, town.letter.dot_begun_at) == (0, None)


async def test_the_second_of_two_claimers_is_stale() -> None:
    """Both saw the letter due; one attempt is made."""
    town = Town()
    letter = await town.waiting()
    await forward(letter, await town.world.mailboxes.get(letter.mailbox), town.world)
    with pytest.raises(Stale):
        await forward(letter, await town.world.mailboxes.get(letter.mailbox), town.world)
    assert len(town.courier.sent) == 1
