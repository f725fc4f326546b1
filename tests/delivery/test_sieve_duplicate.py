"""A letter that is sent again after an uncertain end, in a mailbox that folds duplicates (RFC 7352)."""

import pytest

from nemboks.domain.proof import Stage
from tests.helpers.dovecot_lmtp import NO_DUPLICATES, company
from tests.helpers.fake_courier import broken
from tests.journey.town import Town, memo, uuid


async def _sent(town: Town) -> list[bytes]:
    """What a mail server saw of one letter whose first attempt ended without an answer to the dot."""
    town.courier.endings.append(broken(Stage.DOT))
    await town.waiting()
    await town.step()
    await town.step()
    return [each.letter for each in town.courier.sent]


@pytest.mark.peer
async def test_a_resent_letter_is_folded() -> None:
    """Both copies are the same to the last octet, and the company sees one; another letter stays."""
    town = Town()
    first, second = await _sent(town)
    other = Town()
    await other.waiting(memo(2), uuid(2))
    await other.step()
    with company(NO_DUPLICATES) as server:
        for mail in (first, second, other.courier.sent[0].letter):
            await server.deliver(mail)
        assert await server.count("INBOX") == 2
        assert await server.count("Junk") == 0
    assert first == second


@pytest.mark.peer
async def test_without_such_a_rule_the_company_sees_both() -> None:
    """So the folding is the rule's work, and a second copy is told by its Message-ID alone."""
    first, second = await _sent(Town())
    with company() as server:
        for mail in (first, second):
            await server.deliver(mail)
        assert await server.count("INBOX") == 2
