"""A letter in several mails: split by document, sent one after another, the receipt only after the last."""

from dataclasses import replace
from email import message_from_bytes

import pytest

from nemboks.domain.events import Claimed, Confirmed, HandedOver, PartConfirmed, Reason
from nemboks.domain.letter import State
from nemboks.domain.proof import Report, Stage, Way
from nemboks.domain.returns import Token
from nemboks.journey.acknowledge import acknowledge
from nemboks.journey.returned import read_returns
from nemboks.journey.world import Returning
from tests.content.memos import File
from tests.helpers.clock import START
from tests.helpers.fake_boxes import FakeBox
from tests.helpers.fake_courier import ACCEPTED, broken, refused
from tests.journey.relayed import DOMAIN, KEY, dsn
from tests.journey.test_mail import SHUT, signed, verifies
from tests.journey.town import SlowCourier, Town, memo, settle, with_courier

S = State
SIZES = (60_000, 61_000, 62_000)
FILES = [
    File(bytes([n]) * size, f"{n}.pdf", role="AdditionalDocument" if n else "MainDocument")
    for n, size in enumerate(SIZES)
]
LIMIT = 110_000  # fits one of the documents, not two
RELAYED = replace(ACCEPTED, way=Way.RELAY)


def too_large(limit: int = LIMIT, stage: Stage = Stage.MAIL) -> Report:
    """As the courier says it for a mail over the announced SIZE: before MAIL is even sent."""
    return replace(refused(stage, 552, "5.3.4"), limit=limit)


async def split(town: Town) -> None:
    """The letter was found too large and waits as three mails."""
    await town.waiting(memo(files=FILES))
    town.courier.endings.append(too_large())
    assert await town.step() is S.WAITING


async def test_a_letter_over_the_announced_size_goes_in_three() -> None:
    """At once, in order, each within the limit, every document in exactly one; the receipt after the last."""
    town = Town()
    await split(town)
    assert town.courier.sent == [] and (town.letter.why, town.letter.due_at) == ("too_large", START)
    states = [await town.step() for _ in range(3)]
    assert states == [S.WAITING, S.WAITING, S.FORWARDED] and town.clock.now() == START
    mails = [sent.letter for sent in town.courier.sent]
    assert all(len(mail) <= LIMIT for mail in mails)
    parsed = [message_from_bytes(mail) for mail in mails]
    files = [[part.get_filename() for part in mail.walk() if part.get_filename()] for mail in parsed]
    assert [len([name for name in names if name.endswith(".pdf")]) for names in files] == [1, 1, 1]
    assert len({mail["Message-ID"] for mail in parsed}) == 3
    assert [proof.part for proof in town.letter.proofs] == [1, 2] and town.letter.confirmation is not None
    assert town.letter.confirmation.part == 3
    assert town.inbox.receipts == []
    assert await town.step() is S.ACKNOWLEDGED and len(town.inbox.receipts) == 1


async def test_no_receipt_between_the_parts() -> None:
    """A step of the acknowledger at any moment before the last part does nothing."""
    town = Town()
    await split(town)
    for _ in range(2):
        await town.step()
        await acknowledge(town.letter, await town.world.mailboxes.get(town.letter.mailbox), town.world)
    assert town.inbox.acts.count(("acknowledge", town.letter.upstream_id)) == 0
    assert await town.step() is S.FORWARDED


async def test_each_part_has_its_own_signature() -> None:
    """What was signed before the split is thrown away; each signature is of its own mail, made once."""
    town = Town()
    key = signed(town)
    await split(town)
    town.courier.endings.extend([ACCEPTED, SHUT, ACCEPTED, ACCEPTED])
    assert [await town.step() for _ in range(4)] == [S.WAITING] * 3 + [S.FORWARDED]
    assert [verifies(sent.letter, key) for sent in town.courier.sent] == [True] * 3


async def test_a_part_that_never_went_is_signed_whatever_became_of_another() -> None:
    """The uncertain end was the first one's; one that went unsigned stays so when a key comes."""
    town = Town()
    key = signed(town)
    await split(town)
    town.courier.endings.append(broken(Stage.DOT))
    await town.step()
    assert [await town.step() for _ in range(3)] == [S.WAITING, S.WAITING, S.FORWARDED]
    assert [verifies(sent.letter, key) for sent in town.courier.sent] == [True] * 4

    town = Town()
    await split(town)
    town.courier.endings.append(broken(Stage.DOT))
    await town.step()
    key = signed(town)
    assert [await town.step() for _ in range(3)] == [S.WAITING, S.WAITING, S.FORWARDED]
    one, again, *others = (sent.letter for sent in town.courier.sent)
    assert one == again and b"DKIM-Signature" not in one
    assert [verifies(mail, key) for mail in others] == [True] * 2


async def test_a_part_that_is_refused_is_tried_alone() -> None:
    """The parts that are there are never sent again."""
    town = Town()
    await split(town)
    town.courier.endings.extend([ACCEPTED, refused(Stage.DOT, 451), refused(Stage.RCPT, 452), ACCEPTED, ACCEPTED])
    assert [await town.step() for _ in range(5)] == [S.WAITING] * 4 + [S.FORWARDED]
    kept = [message_from_bytes(sent.letter)["Message-ID"] for sent in town.courier.sent if sent.kept]
    assert len(kept) == len(set(kept)) == 3
    assert town.letter.uncertain == 0


async def test_an_uncertain_part_is_sent_again_as_it_was() -> None:
    """Only that part, the same octets, counted; three of them in all are a person's business."""
    town = Town()
    await split(town)
    town.courier.endings.extend([ACCEPTED, broken(Stage.DOT), ACCEPTED, ACCEPTED])
    assert [await town.step() for _ in range(4)] == [S.WAITING] * 3 + [S.FORWARDED]
    one, two, again, three = (sent.letter for sent in town.courier.sent)
    assert two == again and len({one, two, three}) == 3
    assert town.letter.uncertain == 1

    town = Town()
    await split(town)
    town.courier.endings.extend([ACCEPTED, *[broken(Stage.DOT)] * 3])
    assert [await town.step() for _ in range(4)] == [S.WAITING] * 3 + [S.HELD]
    assert (town.letter.why, town.letter.part) == (Reason.THREE_UNCERTAIN, 2)


async def test_a_letter_that_may_have_arrived_whole_is_not_split() -> None:
    """After an uncertain end the copies must be the same: the size is looked at again, then held."""
    town = Town()
    await town.waiting(memo(files=FILES))
    town.courier.endings.extend([broken(Stage.DOT), *[too_large()] * 3])
    assert [await town.step() for _ in range(4)] == [S.WAITING] * 3 + [S.HELD]
    assert town.letter.parts == 1


async def test_one_document_over_the_size_stays_upstream() -> None:
    """Three looks, then held as too large; upstream keeps it and no part of it went."""
    town = Town()
    await town.waiting(memo(files=FILES[:1]))
    town.courier.endings.extend([too_large(50_000)] * 3)
    assert [await town.step() for _ in range(3)] == [S.WAITING, S.WAITING, S.HELD]
    assert (town.letter.why, town.courier.sent, town.inbox.receipts) == (Reason.TOO_LARGE, [], [])
    assert town.letter.contents is not None and town.inbox.letters


async def test_a_part_that_is_still_too_large_is_held() -> None:
    """A server that announced nothing: a second look, then one document to a mail; if that is refused, three looks."""
    town = Town()
    await town.waiting(memo(files=FILES))
    town.courier.endings.extend([*[too_large(0)] * 2, ACCEPTED, *[too_large(0, Stage.DOT)] * 3])
    assert [await town.step() for _ in range(6)] == [S.WAITING] * 5 + [S.HELD]
    assert (town.letter.parts, town.letter.part, town.letter.why) == (3, 2, Reason.TOO_LARGE)
    assert town.inbox.receipts == []


async def test_lost_contents_between_two_parts_cost_nothing() -> None:
    """Fetched again, the parts stay as they were, and the first is not sent twice."""
    town = Town()
    await split(town)
    await town.step()
    town.contents.files.clear()
    assert [await town.step() for _ in range(4)] == [S.FOUND, S.WAITING, S.WAITING, S.FORWARDED]
    ids = [message_from_bytes(sent.letter)["Message-ID"] for sent in town.courier.sent]
    assert len(ids) == len(set(ids)) == 3


# --- through a relay ---


def relaying() -> tuple[Town, FakeBox]:
    town, box = Town(), FakeBox()
    town.world = replace(town.world, returning=Returning(DOMAIN, KEY, box))
    return town, box


def token(town: Town, part: int, attempt: int) -> Token:
    return Token(town.letter.id, attempt, part)


async def test_parts_through_a_relay_are_confirmed_one_by_one() -> None:
    """Each waits for its own notice; the next one goes only then."""
    town, box = relaying()
    await split(town)
    town.courier.endings.extend([RELAYED] * 3)
    for part in (1, 2, 3):
        assert await town.step() is S.HANDED_OVER and len(town.courier.sent) == part
        box.put(dsn(token(town, part, part + 1), "delivered", "2.0.0"))
        assert await read_returns(town.world) == 1
    assert town.letter.state is S.FORWARDED
    assert [x for x in town.events() if x not in (Claimed,)].count(HandedOver) == 3
    assert town.events().count(PartConfirmed) == 2 and town.events()[-1] is Confirmed


async def test_a_late_notice_of_part_one_says_nothing_of_part_two() -> None:
    """A second `delivered` of part 1, or a `relayed` of part 2, confirms nothing."""
    town, box = relaying()
    await split(town)
    town.courier.endings.extend([RELAYED] * 3)
    await town.step()
    for _ in range(2):
        box.put(dsn(token(town, 1, 2), "delivered", "2.0.0"))
    await read_returns(town.world)
    assert town.letter.part == 2 and await town.step() is S.HANDED_OVER
    box.put(dsn(token(town, 1, 2), "delivered", "2.0.0"))
    box.put(dsn(token(town, 2, 3), "relayed", "2.0.0"))
    assert await read_returns(town.world) == 2
    assert (town.letter.state, town.letter.part, town.inbox.receipts) == (S.HANDED_OVER, 2, [])


async def test_a_notice_that_is_quicker_than_our_commit_is_kept() -> None:
    """While the attempt is open it cannot be used; the next look at the box confirms the part."""
    town, box = relaying()
    await town.waiting(memo(files=FILES))
    box.put(dsn(token(town, 1, 1), "delivered", "2.0.0"))
    seen: list[int] = []

    async def read() -> None:
        seen.append(await read_returns(town.world))

    with_courier(town, SlowCourier(after=read)).courier.endings.append(RELAYED)
    assert await town.step() is S.HANDED_OVER and seen == [0]
    assert await read_returns(town.world) == 1 and town.letter.state is S.FORWARDED


async def test_silence_about_one_part_holds_the_letter() -> None:
    """Four hours after the hand-over; no receipt, and the part that is there stays proven."""
    town, box = relaying()
    await split(town)
    town.courier.endings.extend([RELAYED] * 2)
    await town.step()
    box.put(dsn(token(town, 1, 2), "delivered", "2.0.0"))
    await read_returns(town.world)
    await town.step()
    await settle(town.world, town.clock)
    assert (town.letter.state, town.letter.why) == (S.HELD, Reason.RELAY_SILENT)
    assert len(town.letter.proofs) == 1 and town.inbox.receipts == []


@pytest.mark.parametrize("part", [1, 2])
async def test_a_part_that_came_back_holds_the_letter(part: int) -> None:
    """The one that is waited for, or an earlier one that was confirmed: either way a person looks."""
    town, box = relaying()
    await split(town)
    town.courier.endings.extend([ACCEPTED, RELAYED])
    await town.step()
    assert await town.step() is S.HANDED_OVER
    box.put(dsn(token(town, part, part + 1)))
    await read_returns(town.world)
    assert (town.letter.state, town.letter.why) == (S.HELD, Reason.RETURNED)
    assert town.inbox.receipts == []
