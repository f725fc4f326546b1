"""SECURITY 6: addresses that a person must look at twice, and ordinary ones that nobody is bothered with."""

import pytest

from nemboks.domain.doubts import DoubtKind, doubts
from nemboks.domain.mailbox import Address

OWN = {"bageriet.example", "revisor.example"}
N, T, A, R = DoubtKind.NEAR, DoubtKind.TYPO, DoubtKind.ALIKE, DoubtKind.ROLE


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("anna@gmial.com", [T]), ("anna@gmai.com", [T]), ("anna@gmaill.com", [T]), ("anna@gamil.com", [T]),
        ("anna@gnail.com", [T]), ("anna@gmail.con", [T]), ("anna@gmail.co", [T]), ("anna@gmail.dk", [T]),
        ("anna@hotmial.com", [T]), ("anna@hotmai.com", [T]), ("anna@hotmail.con", [T]), ("anna@homail.dk", [T]),
        ("anna@outlok.com", [T]), ("anna@outlook.co", [T]), ("anna@outllook.dk", [T]), ("anna@iclod.com", [T]),
        ("anna@icloud.dk", [T]), ("anna@yaho.dk", [T]), ("anna@yahooo.com", [T]), ("anna@stofanett.dk", [T]),
        ("anna@bagerlet.example", [N]), ("anna@bagreiet.example", [N]), ("anna@bageriett.example", [N]),
        ("anna@bageriet.exampl", [N]), ("anna@revlsor.example", [N]), ("post@bagerie.example", [N, R]),
        ("anna@b\u0430geriet.example", [A]), ("info@b\u0430kker.example", [A, R]),
        ("info@andre.example", [R]), ("Post@andre.example", [R]), ("faktura@andre.example", [R]),
        ("post@gmial.com", [T, R]),
        ("anna@gmail.com", []), ("anna@mail.com", []), ("anna@email.com", []), ("anna@hotmail.de", []),
        ("anna@lime.dk", []), ("anna@outlook.dk", []), ("post@bageriet.example", []), ("info@revisor.example", []),
        ("anna@andre.example", []), ("anna@rødgrød.example", []), ("anna@bageriet-nord.example", []),
    ],
)  # fmt: skip
def test_s6_a_table_of_addresses(text: str, kinds: list[DoubtKind]):
    """Slips of common domains, neighbours of the company's own, look-alikes, other firms' common mailboxes."""
    found = doubts(Address(text), OWN)

    assert kinds == [one.kind for one in found]
    assert all(one.grave is (one.kind is not R) for one in found)
    assert all(one.meant.isprintable() and one.meant for one in found)


def test_what_was_meant():
    """Is said, so that a person sees the difference."""
    assert ["gmail.com"] == [one.meant for one in doubts(Address("anna@gmial.com"), ())]
    assert ["bageriet.example"] == [one.meant for one in doubts(Address("anna@bagerlet.example"), OWN)]
