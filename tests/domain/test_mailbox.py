"""CVR numbers and addresses: what people type, and what attackers do (SECURITY B64-B67, B71)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemboks.domain.mailbox import Address, Cvr, destination
from tests.domain.samples import ROUTE


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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a@bageri.example", ""),
        ("a@rødgrød-åæ.example", ""),
        ("a@b\u0430geri.example", "b\u0430geri.example has letters that look like others: \u0430 (Cyrillic); it is "
         "xn--bgeri-4ve.example"),
        ("a@\u043e\u0430.\u03b1\u0430.example", "\u043e\u0430.\u03b1\u0430.example has letters that look like others: "
         "\u043e \u0430 \u03b1 (Cyrillic, Greek); it is xn--80a1a.xn--mxa8w.example"),
        ("a@xn--bgeri-4ve.example", "b\u0430geri.example has letters that look like others: \u0430 (Cyrillic); it is "
         "xn--bgeri-4ve.example"),
        ("a@xn--\u0061.example", ""),
        ("a@xn--99999999.example", ""),
    ],
)  # fmt: skip
def test_letters_that_look_like_others_are_told(text: str, said: str) -> None:
    """B66: which, of which script, and the name as the DNS has it; never a refusal, and nothing for Danish letters."""
    assert Address(text).warning == said


@pytest.mark.parametrize(
    "text", ["a@straße.example", "a@bageri\u3002example", "a@\u2100.example", "a@" + "ø" * 64 + ".dk"]
)
def test_a_domain_that_would_become_another_is_refused(text: str) -> None:
    """Such as straße, which IDNA makes strasse."""
    with pytest.raises(ValueError):
        Address(text)


def test_why_an_address_is_refused() -> None:
    """In words that help: signs before the @, a number at the end, the usual form."""
    told = [
        ("ø@æble.dk", "before the @"), ("ærlig", "name@company.dk"), ("ø\n@æble.dk", "name@company.dk"),
        ("a@b", "name@company.dk"), ("a@1.2.3.4", "ends in a number"), ("a@x.dk.123", "ends in a number"),
    ]  # fmt: skip
    assert Address("a@mail.4.dk").domain == "mail.4.dk"
    for text, why in told:
        with pytest.raises(ValueError, match=why):
            Address(text)


def test_a_label_has_at_most_63_characters() -> None:
    """RFC 1035 2.3.4."""
    assert Address(f"a@{'x' * 63}.dk").domain == "x" * 63 + ".dk"
    with pytest.raises(ValueError):
        Address(f"a@{'x' * 64}.dk")


def test_what_takes_the_mails_of_an_address() -> None:
    """The server that a person named, or the domain's own MX."""
    anna = Address("anna@bageri.example")
    assert (destination("own", anna), destination("direct", anna)) == ("own", "direct:bageri.example")
    assert [replace(ROUTE, server=one).destination for one in ("own", "direct")] == ["own", "direct:bageri.example"]


@pytest.mark.parametrize("digit", range(10))
def test_one_check_digit_in_ten_at_most_is_right(digit: int) -> None:
    """Modulus 11 with the weights of the register; for 1374813 it is 6."""
    assert Cvr(f"1374813{digit}").doubtful is (digit != 6)


@pytest.mark.parametrize("text", ["13748136", "29189846", "19552101"])
def test_numbers_of_the_register_are_not_doubtful(text: str) -> None:
    """Whatever their sum is besides."""
    assert not Cvr(text).doubtful


@pytest.mark.parametrize("place", range(8))
def test_a_slip_in_any_digit_is_doubtful(place: int) -> None:
    """No weight is nothing."""
    digits = list("13748136")
    digits[place] = str((int(digits[place]) + 1) % 10)
    assert Cvr("".join(digits)).doubtful
