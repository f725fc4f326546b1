"""FETCH responses are read by their grammar, whatever a server makes of it."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from nemboks.intake.responses import attributes, internal_date, is_fetch, number
from nemboks.ports import Unavailable


def test_attributes_of_every_kind():
    """Atoms, strings, lists, NIL and literal marks keep apart what they are."""
    text = b'* 12 FETCH (UID 5 FLAGS (\\Seen $x) X NIL BODY[] {77} Y "a \\"b\\" (UID 9" Z ((1) ()))'
    assert attributes(text) == {
        "UID": "5", "FLAGS": ("\\Seen", "$x"), "X": None, "BODY[]": "{77}", "Y": b'a "b" (UID 9', "Z": (("1",), ()),
    }  # fmt: skip


@given(some.binary(max_size=60).filter(lambda value: b"\r" not in value and b"\n" not in value))
def test_a_string_is_what_was_quoted(value):
    """Any octets survive quoting, and none of them is taken for structure."""
    quoted = value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    assert attributes(b'* 1 FETCH (A "' + quoted + b'" UID 4)') == {"A": value, "UID": "4"}


@given(some.binary(max_size=80))
def test_nonsense_is_unavailable_or_a_dictionary(value):
    """Whatever stands in the brackets, nothing but Unavailable is raised."""
    with suppress(Unavailable):
        assert isinstance(attributes(b"* 1 FETCH (" + value + b")"), dict)


@pytest.mark.parametrize(("text", "yes"), [(b"* 1 FETCH (", True), (b"* 1 fetch (", True), (b"* FETCH 1", False)])
def test_is_fetch(text, yes):
    """Only a numbered FETCH with a bracket is one."""
    assert is_fetch(text) is yes


@pytest.mark.parametrize(("value", "result"), [("12", 12), ("-1", None), ("1" * 30, None), (b"12", None), (None, None)])
def test_number(value, result):
    """Only an atom of digits is a number."""
    assert number(value) == result


@pytest.mark.parametrize(
    ("value", "at"),
    [
        (b" 4-Mar-2026 06:06:07 +0100", datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)),
        (b"04-MAR-2026 00:06:07 -0730", datetime(2026, 3, 4, 7, 36, 7, tzinfo=UTC)),
        (b"01-Jan-0001 00:00:00 +0100", None),
        (b"31-Feb-2026 00:00:00 +0000", None),
        (b"04-Maj-2026 00:00:00 +0000", None),
        (b"04-Mar-2026 00:00:00 +9999", None),
        ("04-Mar-2026", None),
        (None, None),
    ],
)
def test_internal_date(value, at):
    """A time of arrival is aware UTC; an impossible one is none."""
    assert internal_date(value) == at
