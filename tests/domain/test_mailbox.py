"""CVR numbers and addresses: what people type, and what attackers do (SECURITY B64-B67, B71)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemboks.domain.mailbox import Address, Cvr


@pytest.mark.parametrize("text", ["13748136", "DK13748136", "dk 13 74 81 36", "13 74 81 36", " 13748136\n"])
def test_a_cvr_is_read_as_people_write_it(text: str) -> None:
    """Blanks and the country go; eight digits stay."""
    assert Cvr(text) == "13748136"
    assert not Cvr(text).doubtful


@pytest.mark.parametrize(
    "text",
    ["", "1374813", "137481360", "1374813A", "１３７４８１３６", "١٣٧٤٨١٣٦", "SE13748136", "13-748136", "DKDK13748136"],
)
def test_what_is_not_eight_ascii_digits_is_refused(text: str) -> None:
    """The message shows the text and the right form."""
    with pytest.raises(ValueError, match="eight digits"):
        Cvr(text)


@pytest.mark.parametrize("text", ["12345678", "13748137"])
def test_a_wrong_check_digit_is_only_doubtful(text: str) -> None:
    """A warning, never a refusal (DIGITAL-POST 4.7)."""
    assert Cvr(text).doubtful


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anna@bageri.example", "anna@bageri.example"),
        ("Anna.B+post@Bageri.EXAMPLE", "Anna.B+post@bageri.example"),
        ("a@æble.dk", "a@xn--ble-xla.dk"),
        ("a@xn--ble-zla.dk", "a@xn--ble-zla.dk"),
        ("!#$%&'*+/=?^_`{|}~-@x.dk", "!#$%&'*+/=?^_`{|}~-@x.dk"),
        ("a@bаnk.dk", "a@xn--bnk-6cd.dk"),
    ],
)
def test_an_address_keeps_its_local_part_and_gets_a_plain_domain(text: str, expected: str) -> None:
    """The domain is lower case and in IDNA, so that look-alikes show."""
    assert Address(text) == expected
    assert Address(Address(text)) == expected


B64 = [
    "a@b", "a@[127.0.0.1]", "a@localhost", '"a b"@x.dk', "a..b@x.dk", "a@x.dk, b@y.dk", "a@x.dk\nRCPT TO:<b@y.dk>",
    "a@x.dk%0d%0a", "a@x.dk\r\n", "a@x.dk\x00", "<a@x.dk>", "Anna <a@x.dk>", "a@b@x.dk", "@x.dk", "a@", "", ".a@x.dk",
    "a.@x.dk", "a@.dk", "a@x..dk", "a@x.dk.", "a@-x.dk", "a@x-.dk", "a@x_y.dk", "a b@x.dk", "a@1.2.3.4", "a@x.123",
    "ø@æble.dk", "a@x.dk (Anna)", "a;b@x.dk", "a\\@x.dk", "a@" + "x" * 64 + ".dk",
]  # fmt: skip


@pytest.mark.parametrize("text", B64)
def test_anything_but_one_plain_address_is_refused(text: str) -> None:
    """B64 and B65: lists, names, quotes, literals, control characters, a local part that needs SMTPUTF8."""
    with pytest.raises(ValueError):
        Address(text)


def test_254_characters_are_the_most() -> None:
    """B67, RFC 5321 4.5.3.1.3; counted as the address goes on the wire."""
    domain = ".".join(["d" * 50] * 4) + ".dk"
    assert len(Address("l" * 47 + "@" + domain)) == 254
    with pytest.raises(ValueError):
        Address("l" * 48 + "@" + domain)

    longer_in_idna = "l" * 64 + "@" + ".".join(["æ" + "d" * 45] * 4)
    assert len(longer_in_idna) == 252  # and 28 more on the wire
    with pytest.raises(ValueError):
        Address(longer_in_idna)


def test_a_local_part_has_at_most_64_characters() -> None:
    """RFC 5321 4.5.3.1.1."""
    assert Address("l" * 64 + "@x.dk")
    with pytest.raises(ValueError):
        Address("l" * 65 + "@x.dk")


@given(st.text(max_size=80))
def test_no_text_becomes_an_address_that_breaks_a_command(text: str) -> None:
    """Whatever is accepted is plain ASCII without blanks, brackets or line ends, and reads the same again."""
    try:
        address = Address(text)
    except ValueError:
        return
    assert address.isascii() and not set(address) & set(' \r\n\t<>,;:"()[]\\\x00') and Address(address) == address


def test_a_log_sees_one_letter_of_the_name() -> None:
    """The domain tells the operator enough."""
    assert Address("anna@bageri.example").masked == "a***@bageri.example"
