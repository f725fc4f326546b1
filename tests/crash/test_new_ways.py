"""The same kills on the ways with more hands in them: further recipients, parts, a relay, encrypted mails."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from nemboks.domain.delivery import DeliveryState
from nemboks.domain.events import Confirmed, PartConfirmed
from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Options
from nemboks.domain.proof import Evidence, Stage
from nemboks.domain.returns import Token
from nemboks.journey.recover import recover
from nemboks.journey.world import Returning, World
from nemboks.ports import Mail
from tests.content.memos import File
from tests.content.test_smime import certificate
from tests.crash.fuse import Fuse, Killed, through
from tests.crash.oracle import check
from tests.helpers import builders as make
from tests.helpers.fake_boxes import FakeBox
from tests.helpers.fake_courier import ACCEPTED, FakeCourier, broken, refused
from tests.journey.relayed import DOMAIN, KEY, dsn
from tests.journey.test_further import BO, HOME, KIM
from tests.journey.test_mail import signer
from tests.journey.test_parts import RELAYED, too_large
from tests.journey.town import Town, memo, settle, uuid, with_courier

SIGNER = signer()
FILES = [File(bytes([n]) * 20_000, f"{n}.pdf", role="AdditionalDocument" if n else "MainDocument") for n in range(3)]
PEM = certificate()
SHUT = broken(Stage.CONNECT)


class ByAddress(FakeCourier):
    """Every letter meets the endings planned for its recipient; a relay answers each with a notice in the box."""

    def __init__(self, box: FakeBox | None = None, **endings: list[Any]) -> None:
        super().__init__()
        self.planned, self.box = endings, box

    async def deliver(self, mail: Mail, *rest: Any) -> Any:
        mine = self.planned.get(mail.recipient.partition("@")[0], [])
        self.endings.clear()
        self.endings.append(mine.pop(0) if mine else RELAYED if self.box else ACCEPTED)
        before = len(self.sent)
        report = await super().deliver(mail, *rest)
        if self.box and len(self.sent) > before:
            token = Token.read(mail.sender, KEY)
            assert token is not None
            self.box.put(dsn(token, "delivered", "2.0.0"))
        return report


def copies() -> Town:
    """A copy that is refused once and uncertain once, one that goes at once."""
    town = Town(route=replace(make.route(), others=(BO, KIM)))
    return with_courier(town, ByAddress(bo=[refused(Stage.RCPT, 452), broken(Stage.DOT)]))


def fallback() -> Town:
    """The company's own server is out of reach for a day, and the owner lets the fallback decide."""
    town = Town(route=replace(make.route(), others=(HOME,), fallback_decides=True))
    return with_courier(town, ByAddress(anna=[SHUT] * 40))


def parts() -> Town:
    """Three mails; the second one ends uncertain. Signed."""
    town = with_courier(Town(), ByAddress(anna=[too_large(45_000), ACCEPTED, broken(Stage.DOT)]))
    town.world = replace(town.world, signer=SIGNER)
    return town


def encrypted() -> Town:
    """Encrypted once, refused once, uncertain once."""
    town = Town(options=Options(certificate=PEM))
    return with_courier(town, ByAddress(anna=[refused(Stage.RCPT, 451), broken(Stage.DOT)]))


def relay() -> Town:
    """Three mails through a relay, whose notices come to the return box."""
    box = FakeBox()
    town = with_courier(Town(), ByAddress(box, anna=[too_large(45_000)]))
    town.world = replace(town.world, returning=Returning(DOMAIN, KEY, box))
    return town


SCENES = {scene.__name__: scene for scene in (copies, fallback, parts, encrypted, relay)}


async def live(town: Town, at: int | None = None, after: bool = False) -> tuple[list[tuple[Any, ...]], Fuse]:
    journal: list[tuple[Any, ...]] = []
    first = Fuse(journal, at, after)
    town.inbox.put(uuid(1), memo(files=FILES))
    try:
        await settle(through(town.world, first), town.clock, days=6)
    except Killed:
        await _restarted(town, through(town.world, Fuse(journal)))
    return journal, first


async def _restarted(town: Town, world: World) -> None:
    await recover(world, sole=True)
    await settle(world, town.clock, days=6)


def check_town(town: Town, journal: list[tuple[Any, ...]]) -> None:
    letter, further = town.letter, list(town.deliveries.rows.values())
    silent = letter.state is State.HELD and letter.why == "relay_silent"  # a notice that came while nobody could use it
    if silent:
        assert town.inbox.letters and letter.contents is not None and not town.inbox.receipts
    else:
        check(journal, [letter], town.inbox, town.courier, further)
        assert {x.state for x in further} <= {DeliveryState.DELIVERED}
    _every_part(journal, letter)
    named = {x.file for x in (letter.contents, letter.composed) if x}
    assert len(town.contents.files.keys() - named) <= 2, "more orphans than kills are left to the sweep"


def _every_part(journal: list[tuple[Any, ...]], letter: Letter) -> None:
    """A receipt only after each part's confirmation, in order; none that rests on a relay's word."""
    proven: list[int] = []
    for name, *args in journal:
        if name == "move" and isinstance(args[1], Confirmed | PartConfirmed):
            proof = args[1].confirmation
            proven.append(proof.part)
            assert proof.evidence is not Evidence.RELAY
        if name == "acknowledge":
            assert proven == list(range(1, letter.parts + 1))


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
async def test_a_kill_at_any_call_keeps_every_promise(scene: str) -> None:
    """Before and after each port call: nothing lost, early, astray or uncounted, whoever else gets the letter."""
    make_town: Callable[[], Town] = SCENES[scene]
    town = make_town()
    journal, whole = await live(town)
    check_town(town, journal)
    assert town.letter.state is State.ACKNOWLEDGED
    assert town.letter.parts == (3 if scene in ("parts", "relay") else 1)

    held = 0
    calls = range(1, len(whole.names) + 1, max(1, len(whole.names) // 60))
    for at in calls:
        for after in (False, True):
            town = make_town()
            journal, first = await live(town, at, after)
            assert first.blown, "the run is not the same twice"
            check_town(town, journal)
            held += town.letter.state is State.HELD
    print(f"{scene}: {2 * len(calls)} kills at {len(whole.names)} calls, {held} held")
    assert held == 0 or scene == "relay"
