"""Mail that a mailbox sends on keeps our return path: what became of it elsewhere is not what became of our letter."""

import pytest

from nemboks.domain.events import Confirmed, Returned
from nemboks.domain.letter import State
from nemboks.domain.returns import Action, StatusNotice, Token
from nemboks.journey.returned import BATCH, read_returns
from tests.helpers import builders as make
from tests.journey.relayed import Relayed, dsn

TOKEN = Token(1, 1, 1)
ANOTHER = """
Final-Recipient: rfc822; bo@bageri.example
Action: {}
Status: {}
"""


async def test_delivered_at_another_address_confirms_nothing() -> None:
    """The letter stays handed over: its own address may never have got it."""
    town = Relayed()
    town.box.put(dsn(TOKEN, "delivered", "2.0.0", original="stranger@elsewhere.example"))
    assert 1 == await read_returns(town.world)
    assert town.letter.state is State.HANDED_OVER and not town.events()


@pytest.mark.parametrize("spelt", ["{}", "<{}>", "{} "])
async def test_delivered_at_our_address_however_it_is_spelt(spelt: str) -> None:
    """Case and brackets do not matter; whom an alias led to does not either."""
    town = Relayed()
    town.box.put(dsn(TOKEN, "delivered", "2.0.0", original=spelt.format(make.ADDRESS.swapcase())))
    await read_returns(town.world)
    assert [Confirmed] == town.events()


@pytest.mark.parametrize(("first", "second"), [("failed", "delivered"), ("delivered", "failed")])
async def test_an_alias_of_which_one_box_lacks_the_letter(first: str, second: str) -> None:
    """It came back, in whichever order the report says so: it stays in Digital Post, and people are told."""
    status = {"failed": "5.1.1", "delivered": "2.0.0"}
    town = Relayed()
    town.box.put(dsn(TOKEN, first, status[first], more=ANOTHER.format(second, status[second])))
    assert 1 == await read_returns(town.world)
    assert [Returned] == town.events() and town.letter.state is State.HELD
    assert town.letter.confirmation is None


async def test_a_box_full_of_nonsense_does_not_bury_a_bounce() -> None:
    """Whoever writes hundreds of mails to the box delays nobody's bounce by hours."""
    town = Relayed()
    for _ in range(10 * BATCH):
        town.box.put(b"From: x@example.dk\r\nSubject: x\r\n\r\nhej\r\n")
    town.box.put(dsn(TOKEN))
    assert 10 * BATCH + 1 == await read_returns(town.world)
    assert [Returned] == town.events()


def test_an_address_with_a_plus() -> None:
    """Some servers leave it as RFC 3461 has it in a parameter."""
    for spelt in ("anna+post@bageri.example", "anna+2Bpost@bageri.example", ""):
        assert StatusNotice(TOKEN, Action.DELIVERED, "2.0.0", "", "", spelt).speaks_of("Anna+post@bageri.example")
    assert not StatusNotice(TOKEN, Action.DELIVERED, "2.0.0", "", "", "bo@x.example").speaks_of("anna@x.example")
