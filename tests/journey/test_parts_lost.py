"""A server says "too large" while the contents here are lost: the refusal is kept, and the letter goes on."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from nemboks.domain.letter import State
from nemboks.domain.proof import Report, Stage
from nemboks.journey.forward import forward
from nemboks.ports import Mail
from tests.content.memos import File
from tests.helpers.fake_courier import FakeCourier, refused
from tests.journey.town import Town, memo, with_courier


class Losing(FakeCourier):
    """The contents rot while the mail server reads the envelope."""

    def __init__(self, town: Town) -> None:
        super().__init__()
        self.town = town

    async def deliver(self, mail: Mail, seconds: float, before_dot: Callable[[], Awaitable[bool]]) -> Report:
        report = await super().deliver(mail, seconds, before_dot)
        if report.stage is not Stage.DOT:
            self.town.contents.files.clear()
        return report


async def test_a_letter_that_is_too_large_and_lost_here_is_refused_and_fetched_again() -> None:
    """The attempt ends with what the server said, at once, not as an error that recovery must end."""
    town = Town()
    with_courier(town, Losing(town))
    town.courier.endings.append(replace(refused(Stage.MAIL, 552, "5.3.4"), limit=17_000))
    words = File(b"Til orientering", "brev.txt", "text/plain")  # shown in the mail, so it is read before a split
    letter = await town.waiting(memo(files=[words, File(b"y" * 5000, role="AdditionalDocument")]))

    await forward(letter, await town.world.mailboxes.get(letter.mailbox), town.world)
    assert (town.letter.state, town.letter.why) == (State.WAITING, "too_large")

    states = [await town.step() for _ in range(4)]
    assert states == [State.FOUND, State.WAITING, State.FORWARDED, State.ACKNOWLEDGED]
