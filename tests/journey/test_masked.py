"""A letter whose words the ledger masks: its mail has all of them, and altered ones are one letter's trouble."""

from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest

from nemboks.domain.events import Reason
from nemboks.domain.headline import Headline
from nemboks.domain.letter import State
from nemboks.journey.world import nothing_sealed
from nemboks.ports import HeadlineAltered
from tests.journey.test_further import BO, town_with
from tests.journey.town import Town, memo

S = State
WHOLE, SHOWN, ALTERED = "Om 010101-0000", "Om [CPR]", "the sealed words were altered"


def masking(town: Town, altered: bool = False) -> None:
    """From now on the ledger shows the letter masked, with its words sealed beside it."""

    def as_it_came(letter: int, headline: Headline) -> Headline:
        assert (letter, headline.sealed) == (1, "sealed words")
        if altered:
            raise HeadlineAltered(f"letter 1: {ALTERED}")
        return replace(headline, title=WHOLE, sealed="")

    letter = town.letter
    assert letter.headline is not None
    town.letters.rows[1] = replace(letter, headline=replace(letter.headline, title=SHOWN, sealed="sealed words"))
    town.world = replace(town.world, as_it_came=as_it_came)


async def test_the_mail_of_a_masked_letter_is_the_one_it_would_have_been() -> None:
    """To its primary and to a copy, byte for byte as from a ledger that masks nothing."""
    plain, masked = town_with(BO), town_with(BO)
    for town in (plain, masked):
        await town.waiting(memo(title=WHOLE))
    masking(masked)
    for town in (plain, masked):
        assert await town.step() is S.FORWARDED
        await town.copied()

    mails = [sent.letter for sent in masked.courier.sent]
    assert mails == [sent.letter for sent in plain.courier.sent] and len(mails) == 2
    for mail in mails:
        body = message_from_bytes(mail, policy=default).get_body(("plain",))
        assert body is not None and WHOLE in body.get_content()


@pytest.mark.parametrize("opens", [True, False])
async def test_altered_words_are_that_letters_trouble(opens: bool) -> None:
    """Nothing of it goes, it is held with the reason, and its contents stay; so where nothing here opens them."""
    town = Town()
    await town.waiting(memo(title=WHOLE))
    masking(town, altered=True)
    if not opens:
        town.world = replace(town.world, as_it_came=nothing_sealed)

    assert await town.step() is S.HELD
    assert (town.letter.why, town.courier.sent) == (Reason.UNREADABLE, [])
    assert town.letter.words == f"letter 1: {ALTERED if opens else 'nothing here opens its headline'}"
    assert town.letter.contents is not None and town.letter.contents.file in town.contents.files
