"""What comes back: each notice on the right letter, once, and only as far as it proves something."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from nemboks.domain.events import Bounced, Confirmed, PartConfirmed, Reason
from nemboks.domain.letter import State
from nemboks.domain.proof import Evidence, Stage
from nemboks.domain.returns import Token
from nemboks.journey.returned import read_returns
from nemboks.ports import Unavailable
from tests.helpers import builders as make
from tests.journey.relayed import Relayed, dsn

S = State
TWO = ((0,), (1,))


def token(attempt: int = 1, part: int = 1, letter: int = 1, delivery: int = 0) -> Token:
    return Token(letter, attempt, part, delivery)


async def test_delivered_confirms_what_was_handed_over() -> None:
    """With the notice as the reply and the TLS facts of our attempt; the message is removed."""
    town = Relayed()
    town.box.put(dsn(token(), "delivered", "2.1.5"))
    assert 1 == await read_returns(town.world)
    proof = town.letter.confirmation
    assert town.letter.state is S.FORWARDED and proof is not None
    assert (Evidence.DSN, 250, "2.1.5", make.tls()) == (
        proof.evidence,
        proof.reply.code,
        proof.reply.enhanced,
        proof.tls,
    )
    assert not town.box.mails


async def test_a_return_holds_what_was_handed_over() -> None:
    """With the server's words; only a person lets it go on."""
    town = Relayed()
    town.box.put(dsn(token()))
    await read_returns(town.world)
    assert (S.HELD, Reason.RETURNED) == (town.letter.state, town.letter.why) and "5.1.1" in town.letter.words
    assert not town.box.mails and town.letter.confirmation is None


@pytest.mark.parametrize("action", ["delayed", "relayed", "expanded"])
async def test_what_another_server_promises_changes_nothing(action: str) -> None:
    """Relayed or expanded is a hand-over to somebody else; a delay is no end."""
    town = Relayed()
    town.box.put(dsn(token(), action, "4.4.1" if action == "delayed" else "2.0.0"))
    before = town.letter
    assert 1 == await read_returns(town.world)
    assert before == town.letter and not town.box.mails


@pytest.mark.parametrize("state", [S.FORWARDED, S.ACKNOWLEDGED])
async def test_a_late_bounce_is_noted_once_on_the_letter_it_is_about(state: State) -> None:
    """S25: the receipt that is still owed waits for a person; a second notice of the same changes nothing."""
    town = Relayed(state=state)
    town.put(replace(town.letter, confirmation=make.confirmation(town.letter)))
    for _ in range(2):
        town.box.put(dsn(token()))
        await read_returns(town.world)
    assert [Bounced] == town.events() and state is town.letter.state
    assert "5.1.1" in town.letter.bounced and town.letter.due_at is None and not town.box.mails


@pytest.mark.parametrize(
    ("changes", "of"),
    [
        ({}, token(letter=2)),
        ({}, token(delivery=4)),
        ({"fence": 2}, token()),
        ({"state": S.WAITING, "why": "uncertain"}, token()),
        ({"state": S.SENDING, "fence": 2}, token()),
        ({"state": S.FOUND}, token()),
        ({"state": S.HELD}, token()),
        ({"state": S.DISMISSED}, token()),
        ({}, token(part=2)),
    ],
    ids=["unknown", "a copy's", "older", "waiting", "sending", "found", "held", "dismissed", "another part"],
)
async def test_a_failure_of_another_mail_is_only_logged(changes: dict[str, Any], of: Token) -> None:
    """An older attempt, an unknown letter, a further recipient, a letter that goes on by itself."""
    town = Relayed(**changes)
    town.box.put(dsn(of))
    before = town.letter
    assert 1 == await read_returns(town.world)
    assert before == town.letter and not town.events() and not town.box.mails


async def test_a_failure_of_an_older_attempt_than_the_confirmed_one_is_only_logged() -> None:
    """The copy that came through counts."""
    town = Relayed(state=S.FORWARDED, fence=2)
    town.put(replace(town.letter, confirmation=make.confirmation(town.letter)))
    town.box.put(dsn(token(attempt=1)))
    await read_returns(town.world)
    assert "" == town.letter.bounced and not town.box.mails


@pytest.mark.parametrize("state", [S.WAITING, S.SENDING, S.HELD])
async def test_delivered_confirms_after_an_uncertain_end_too(state: State) -> None:
    """The relay's answer was lost, not the mail; a confirmation is a fact, whatever the letter waits for."""
    due = None if state is S.HELD else make.START + timedelta(hours=1)
    town = Relayed(state=state, fence=2 if state is S.SENDING else 1, uncertain=1, due_at=due)
    town.record(1, 1, make.report(Stage.DOT))
    town.box.put(dsn(token(), "delivered", "2.0.0"))
    await read_returns(town.world)
    assert S.FORWARDED is town.letter.state and [Confirmed] == town.events()


@pytest.mark.parametrize("record", [None, make.report(Stage.RCPT), make.report(Stage.DOT, tls=None)])
async def test_delivered_without_a_safe_attempt_of_ours_confirms_nothing(record: Any) -> None:
    """Never at the dot, no record, or no TLS facts: the letter goes on as it would."""
    town = Relayed(state=S.WAITING)
    town.record(1, 1, record)
    town.box.put(dsn(token(), "delivered", "2.0.0"))
    await read_returns(town.world)
    assert S.WAITING is town.letter.state and not town.box.mails


@pytest.mark.parametrize("state", [S.FOUND, S.FORWARDED, S.ACKNOWLEDGED, S.DISMISSED, S.VANISHED])
async def test_delivered_where_nothing_is_missing_changes_nothing(state: State) -> None:
    """A repeated or a late notice is harmless."""
    town = Relayed(state=state)
    town.put(replace(town.letter, confirmation=make.confirmation(town.letter)))
    town.box.put(dsn(token(), "delivered", "2.0.0"))
    await read_returns(town.world)
    assert not town.events() and not town.box.mails


async def test_parts_are_confirmed_one_by_one() -> None:
    """Each by its own notice; a repeated one of the first part confirms no second."""
    town = Relayed(copy=make.copy(parts=TWO))
    for _ in range(2):
        town.box.put(dsn(token(), "delivered", "2.0.0"))
        await read_returns(town.world)
    assert [PartConfirmed] == town.events() and S.WAITING is town.letter.state
    town.sent(2, part=2)
    town.put(replace(town.letter, state=S.HANDED_OVER, fence=2))
    town.box.put(dsn(token(attempt=2, part=2), "delivered", "2.0.0"))
    await read_returns(town.world)
    assert [PartConfirmed, Confirmed] == town.events() and not town.box.mails


@pytest.mark.parametrize("state", [S.WAITING, S.FOUND, S.HANDED_OVER])
async def test_an_earlier_part_that_comes_back_holds_the_letter(state: State) -> None:
    """Or the receipt would go for a letter that the company has only half of."""
    town = Relayed(state=state, copy=make.copy(parts=TWO), fence=2 if state is S.HANDED_OVER else 1)
    town.put(replace(town.letter, proofs=(make.confirmation(town.letter, attempt=1),)))
    town.box.put(dsn(token()))
    await read_returns(town.world)
    assert (S.HELD, Reason.RETURNED) == (town.letter.state, town.letter.why)


async def test_an_earlier_part_that_comes_back_while_the_next_one_goes_is_not_forgotten() -> None:
    """The open attempt comes first; then the notice does its work."""
    town = Relayed(state=S.SENDING, copy=make.copy(parts=TWO))
    town.put(replace(town.letter, proofs=(make.confirmation(town.letter, attempt=1),)))
    town.box.put(dsn(token()))
    assert 0 == await read_returns(town.world) and 1 == len(town.box.mails)
    town.put(replace(town.letter, state=S.WAITING))
    assert 1 == await read_returns(town.world)
    assert S.HELD is town.letter.state and not town.box.mails


@pytest.mark.parametrize("state", [S.HANDED_OVER, S.WAITING, S.FOUND, S.HELD])
async def test_a_part_that_came_back_is_missing_again(state: State) -> None:
    """Released, the letter begins with it: no receipt ever rests on a part that the company does not have."""
    town = Relayed(state=state, copy=make.copy(parts=((0,), (1,), (2,))), fence=3, composed=make.sealed(5))
    first, second = (make.confirmation(town.letter, attempt=n, part=n) for n in (1, 2))
    town.put(replace(town.letter, proofs=(first, second), why="other_contents" if state is S.HELD else ""))
    town.box.put(dsn(token(attempt=2, part=2)))
    assert 1 == await read_returns(town.world) and not town.box.mails
    assert (S.HELD, 2, (first,), None) == (
        town.letter.state,
        town.letter.part,
        town.letter.proofs,
        town.letter.composed,
    )
    assert town.letter.why == ("other_contents" if state is S.HELD else Reason.RETURNED)


async def test_notices_about_held_letters_keep_no_others_from_being_read() -> None:
    """However many of them lie in the box before the one that is waited for."""
    town = Relayed(copy=make.copy(parts=TWO))
    town.put(replace(town.letter, id=2, state=S.HELD, proofs=(make.confirmation(town.letter, letter=2),)))
    town.letters.rows[2] = town.letter
    town.put(replace(town.letter, id=1, state=S.HANDED_OVER, proofs=()))
    for _ in range(20):
        town.box.put(dsn(token(letter=2)))
    town.box.put(dsn(token(), "delivered", "2.0.0"))
    for _ in range(3):
        await read_returns(town.world)
    assert S.WAITING is town.letter.state and not town.box.mails


async def test_a_bounce_of_any_part_is_noted() -> None:
    """The first part of a letter that is forwarded whole."""
    town = Relayed(state=S.FORWARDED, copy=make.copy(parts=TWO), fence=2)
    first, last = make.confirmation(town.letter, attempt=1), make.confirmation(town.letter, part=2)
    town.put(replace(town.letter, proofs=(first,), confirmation=last))
    town.box.put(dsn(token()))
    await read_returns(town.world)
    assert town.letter.bounced


@pytest.mark.parametrize("raw", [b"", b"hej\r\n", dsn(token(), key=b"1" * 32)], ids=["empty", "words", "forged"])
async def test_what_is_not_understood_is_kept_for_people(raw: bytes) -> None:
    """A forged return path moves no letter."""
    town = Relayed()
    town.box.put(raw)
    assert 1 == await read_returns(town.world)
    assert ["1.1"] == town.box.flagged and not town.events()
    assert 0 == await read_returns(town.world)


async def test_a_crash_between_commit_and_removal_repeats_harmlessly() -> None:
    """The message is read again, the letter does not move again."""
    town = Relayed()
    town.box.put(dsn(token(), "delivered", "2.0.0"))
    town.box.settle_error = Unavailable("gone")
    assert 0 == await read_returns(town.world)
    assert S.FORWARDED is town.letter.state
    town.box.settle_error = None
    assert 1 == await read_returns(town.world)
    assert [Confirmed] == town.events() and not town.box.mails


async def test_a_letter_that_moves_meanwhile_is_judged_anew() -> None:
    """Between our look and the commit it was held: the notice is kept, and read again."""
    town = Relayed()
    handed = town.letter
    town.put(replace(handed, state=S.DISMISSED))
    looks = [handed, town.letter]
    town.letters.get = lambda _: _later(looks.pop(0))  # type: ignore[method-assign]
    town.box.put(dsn(token()))
    assert 0 == await read_returns(town.world) and town.box.mails
    del town.letters.get
    assert 1 == await read_returns(town.world) and not town.box.mails


async def _later(value: Any) -> Any:
    return value


async def test_a_box_that_cannot_be_read_or_is_not_there_stops_nothing() -> None:
    """It is logged and asked again when its time comes."""
    town = Relayed()
    town.box.error = Unavailable("no answer")
    assert 0 == await read_returns(town.world)
    assert 0 == await read_returns(replace(town.world, returning=None))
