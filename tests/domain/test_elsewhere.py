"""What an address has of a letter in several mails that goes to another one now."""

from dataclasses import replace
from typing import Any

from nemboks.domain.elsewhere import came_back, held_by, part_at, towards
from nemboks.domain.letter import Letter, State
from nemboks.domain.states import Elsewhere
from tests.domain.samples import COPY, SEALED, confirmation, letter

ANNA, BO, CARL = "anna@bageri.example", "bo@bageri.example", "carl@bageri.example"
THREE = replace(COPY, parts=((0,), (1,), (2,)), signatures=("one",))
AT_ANNA, AT_BO = replace(THREE, address=ANNA), replace(THREE, address=BO, parts=((0, 1), (2,)))
FIRST, SECOND = confirmation(), confirmation(2, part=2)
THERE = confirmation(3, address=BO)


def waiting(**other: Any) -> Letter:
    """Anna has the first of three mails."""
    return letter(State.WAITING, **{"copy": AT_ANNA, "proofs": (FIRST,), "composed": SEALED, **other})


def led(before: Letter, *addresses: str) -> Letter:
    for address in addresses:
        before = replace(before, **towards(before, address))
    return before


def test_an_address_that_is_the_letters_own_changes_nothing() -> None:
    """Nor one that the letter was never made for."""
    assert towards(waiting(), ANNA) == {}
    assert towards(waiting(copy=THREE), ANNA) == {}
    assert towards(waiting(copy=THREE, proofs=()), BO) == {}
    assert towards(waiting(copy=None, proofs=(), uncertain=1), BO) == {}


def test_another_address_gets_all_of_it_made_anew() -> None:
    """In the same division, without the signatures; the first address's part stays known."""
    there = led(waiting(), BO)
    assert (there.part, there.copy, there.composed) == (1, replace(THREE, signatures=()), None)
    assert there.elsewhere == (Elsewhere(AT_ANNA, (FIRST,)),)
    assert part_at(waiting(), BO) == 1 and part_at(waiting(), ANNA) == 2


def test_back_at_the_first_address_it_goes_on_where_it_was() -> None:
    """With the same mails, though the other address had them divided otherwise."""
    there = replace(led(waiting(), BO), copy=AT_BO, proofs=(THERE,))
    back = led(there, ANNA)
    assert (back.part, back.copy) == (2, AT_ANNA) and part_at(there, ANNA) == 2
    assert back.elsewhere == (Elsewhere(AT_BO, (THERE,)),)
    assert led(back, CARL, BO).proofs == (THERE,) and led(back, CARL, BO).copy == AT_BO
    assert {one.copy.address for one in led(back, CARL).elsewhere} == {ANNA, BO}


def test_back_before_anything_was_made_for_the_other() -> None:
    """A claim that was cut at once has put nothing by for the other address."""
    assert led(waiting(), BO, ANNA) == replace(waiting(), composed=None)
    assert led(waiting(), BO, CARL, ANNA) == replace(waiting(), composed=None)


def test_what_may_lie_there_is_put_by_as_well() -> None:
    """After an uncertain end: whoever gets a second copy gets the same one."""
    sent = waiting(proofs=(), uncertain=1)
    assert led(sent, BO).elsewhere == (Elsewhere(AT_ANNA, ()),)
    assert led(sent, BO, ANNA).copy == AT_ANNA
    assert led(waiting(proofs=(), uncertain=0), BO).elsewhere == ()


def test_proofs_of_another_address_do_not_count() -> None:
    """However they came there: nobody is left with half a letter."""
    assert led(waiting(copy=THREE), BO).proofs == ()


def test_a_part_that_came_back_from_where_it_was_left() -> None:
    """It is sent there again; those after it, which may lie there, count when the letter goes there again."""
    left = waiting(
        copy=AT_BO, proofs=(THERE,), elsewhere=(Elsewhere(AT_ANNA, (FIRST, SECOND)), Elsewhere(AT_BO, ())), uncertain=1
    )
    assert held_by(left, 2, 2) == ANNA and held_by(left, 1, 2) == held_by(left, 1, 3) == ""
    first = replace(left, **came_back(left, ANNA, 1))
    assert (first.elsewhere, first.uncertain) == ((Elsewhere(AT_ANNA, (), 1), Elsewhere(AT_BO, ())), 1)
    assert replace(first, **came_back(first, ANNA, 1)) == first  # another worker read the same notice
    assert (led(first, ANNA).part, led(first, ANNA).uncertain, led(first, CARL).uncertain) == (1, 2, 1)
    second = replace(left, **came_back(left, ANNA, 2))
    assert (second.elsewhere[0], second.uncertain, second.proofs) == (Elsewhere(AT_ANNA, (FIRST,)), 1, (THERE,))
    assert (led(second, ANNA).part, led(second, ANNA).uncertain) == (2, 1)


def test_an_uncertain_end_before_an_address_leaves_nothing_there() -> None:
    """Only what may lie at an address is put by for it."""
    there = waiting(copy=replace(AT_BO, before=1), proofs=(), uncertain=1)
    assert led(there, ANNA).elsewhere == ()
    assert led(replace(there, uncertain=2), ANNA).elsewhere == (Elsewhere(replace(AT_BO, before=1), ()),)


def test_what_nobody_has_changes_nothing() -> None:
    """The mail is made for the new address when it is sent: the claim writes no more than it must."""
    assert towards(waiting(proofs=()), BO) == {}


def test_strangers_proofs_under_its_own_are_left_out() -> None:
    """A fallback that was cut off while it decided has two parts of three, and is not asked any more."""
    stranger = confirmation(0, part=2, address=BO)
    assert towards(waiting(proofs=(FIRST, stranger)), ANNA) == {"proofs": (FIRST,), "composed": None}
    assert towards(waiting(proofs=(FIRST, SECOND)), ANNA) == {}
