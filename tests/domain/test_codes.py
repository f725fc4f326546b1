"""Eight digits that prove that somebody reads an address."""

import hmac
from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.domain.codes import DIGITS, MINUTES, TRIES, Code, Codes, until
from tests.helpers.clock import START

CODES = Codes(b"k" * 32)


def code(number: int = 1, **given: object) -> Code:
    made = CODES.digested(Code(number, "new", 1, "a@bageri.example", START, until(START)))
    return replace(made, **given)  # type: ignore[arg-type]


def test_eight_digits_that_only_the_key_knows():
    """Always the same of one number and key, another of another; the row and the maker show neither."""
    first = CODES.code(1)

    assert (8, True) == (len(first), first.isdecimal())
    assert first == Codes(b"k" * 32).code(1)
    assert 3 == len({first, CODES.code(2), Codes(b"l" * 32).code(1)})
    assert first not in repr(code()) and "k" * 8 not in repr(CODES)


def test_a_code_is_made_in_one_way_for_ever():
    """A code that was sent before an upgrade is right after it: eight digits, ten minutes, five tries."""
    number = int(hmac.new(b"k" * 32, b"code 1", "sha256").hexdigest(), 16) % 100_000_000

    assert f"{number:08}" == CODES.code(1)
    assert (8, 10, 5) == (DIGITS, MINUTES, TRIES)
    assert START + timedelta(minutes=10) == until(START)


def test_leading_zeros_are_digits():
    """One code in ten begins with one."""
    made = [CODES.code(number) for number in range(300)]

    assert {8} == set(map(len, made))
    assert any(one.startswith("0") for one in made)


@pytest.mark.parametrize("form", ["{0}{1}", "{0} {1}", "{0}-{1}", " {0} - {1}\n"])
def test_as_people_type_it(form: str):
    """Blanks and dashes between the digits do not count."""
    whole = CODES.code(1)

    assert CODES.right(code(), form.format(whole[:4], whole[4:]))


@pytest.mark.parametrize("typed", ["", "0", "12345678 9", "１２３４５６７８", "drop table", "\0" * 8, "9" * 100_000])
def test_what_is_no_code(typed: str):
    """Is wrong, never an error."""
    assert not CODES.right(code(), typed)


def test_another_rows_code_is_wrong():
    """A code that was sent to another address proves nothing here."""
    assert not CODES.right(code(1), CODES.code(2))


def test_life_and_time():
    """Ten minutes, five tries, one use. To stop something its time alone counts: tries would be a thief's to burn."""
    ends = START + timedelta(minutes=MINUTES)

    assert (True, False) == (code().alive(ends - timedelta(seconds=1)), code().alive(ends))
    assert not code(tries=TRIES).alive(START)
    assert not code(used_at=START).alive(START)
    assert code(tries=TRIES, used_at=START).in_time(START)
    assert not code().in_time(ends)
