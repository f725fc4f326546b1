"""The ways of letters while the power fails: two with troubles under each upstream, and those with more hands."""

from collections.abc import Callable
from functools import partial
from typing import Final

from nemboks.domain.mailbox import Face
from nemboks.domain.proof import Stage
from tests.crash.test_every_call import town_with_two_letters
from tests.crash.test_new_ways import FILES, copies, encrypted, parts
from tests.helpers.fake_courier import broken
from tests.helpers.fake_inbox import LostReply, Removal
from tests.journey.test_collect import MESSAGE
from tests.journey.town import Town, memo, uuid

Way = Callable[[], Town]


def imap() -> Town:
    """Two messages of an inbox that keeps what it gave: their contents need not survive here."""
    town = Town(Face.IMAP)
    for number in (1, 2):
        town.inbox.put(f"7.{number}", MESSAGE)
    town.courier.endings.extend([broken(Stage.DOT)])
    town.inbox.plant("acknowledge", LostReply())
    return town


def _one_letter(make_town: Way) -> Town:
    town = make_town()
    town.inbox.put(uuid(1), memo(files=FILES))
    return town


WAYS: Final[dict[str, Way]] = {
    **{f"rest, {removal}": partial(town_with_two_letters, removal, True) for removal in Removal},
    "imap": imap,
    "copies": partial(_one_letter, copies),
    "encrypted": partial(_one_letter, encrypted),
    "parts": partial(_one_letter, parts),
}
FORGETS: Final = f"rest, {Removal.FORGETS}"
ON_RECEIPT: Final = f"rest, {Removal.ON_RECEIPT}"
