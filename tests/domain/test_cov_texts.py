"""What texts from outside may look like: other digits, other cases, and a pace that nobody could wait for."""

import pytest
from pydantic import ValidationError

from nemboks.domain.pace import LONGEST_SECONDS, Pace
from nemboks.domain.redact import mask_cpr, redact
from nemboks.domain.returns import Action, StatusNotice, Token

FULL_WIDTH = str.maketrans("0123456789", "".join(chr(0xFF10 + n) for n in range(10)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("010101-0000".translate(FULL_WIDTH), "[CPR]"),
        (f"før {'010101-0000'.translate(FULL_WIDTH)} og 010101-0000 æ", "før [CPR] og [CPR] æ"),
        ("sag 12³ på ² m", "sag 12³ på ² m"),
        ("på plads, intet nummer", "på plads, intet nummer"),
        ("på 010101 0000", "på [CPR]"),
    ],
)
def test_a_cpr_number_goes_in_whatever_digits(text: str, expected: str) -> None:
    """Only the number goes; every other sign, and other digits, stay as they were written."""
    assert mask_cpr(text) == expected
    assert redact(text) == expected


def notice(recipient: str) -> StatusNotice:
    """A notice that names this recipient."""
    return StatusNotice(Token(1, 1, 1, 0), Action.FAILED, "5.1.1", "mx.example", "", recipient)


@pytest.mark.parametrize("named", ["", "anna@bageri.example", "ANNA@Bageri.example", "anna+40bageri.example"])
def test_a_notice_speaks_of_the_address_that_it_names(named: str) -> None:
    """In any case, in the signs of RFC 3461 4, or of nobody in particular."""
    assert notice(named).speaks_of("Anna@bageri.example")


@pytest.mark.parametrize("named", ["bo@bageri.example", "anna@bageri.example.org", "xanna@bageri.example"])
def test_a_notice_of_another_mailbox_is_not_about_this_one(named: str) -> None:
    """A mailbox that sends its mail on keeps our return path: what became of it there is no failure of ours."""
    assert not notice(named).speaks_of("anna@bageri.example")


def test_no_wait_is_longer_than_a_year() -> None:
    """A number of seconds that no clock can add stops at the settings, named; a year itself goes."""
    assert Pace(poll_seconds=LONGEST_SECONDS).poll_seconds == LONGEST_SECONDS
    with pytest.raises(ValidationError, match="poll_seconds: no wait is longer than a year"):
        Pace(poll_seconds=LONGEST_SECONDS + 1)
