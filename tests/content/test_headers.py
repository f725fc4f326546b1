"""A stranger's words in a header: they come back cleaned, and bring nothing with them (SECURITY.md B01-B17)."""

import unicodedata
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nemboks.content.errors import UnsafeHeader
from nemboks.content.headers import (
    author_field,
    check_block,
    file_fields,
    list_field,
    plain_field,
    split_fields,
    text_field,
)
from nemboks.content.texts import masked

ANY = st.text(st.characters(), max_size=400)
ADDRESS = "post@nemboks.example"


def parsed(block):
    """The block as the standard library reads it, which must find nothing odd."""
    message = message_from_bytes(block + b"\r\n", policy=default)
    assert not message.defects
    return message


def subject(title):
    """The one field that `title` becomes, read back."""
    block = text_field("Subject", title)
    message = parsed(block)
    check_block(block + b"\r\n", ["Subject"])
    assert message.keys() == ["Subject"]
    assert not message["Subject"].defects
    assert all(len(line) <= 76 for line in block.split(b"\r\n"))
    return str(message["Subject"])


def display(block):
    """The display name by RFC 2047 6.2; the newer parser of Python 3.11 keeps the space between encoded words."""
    phrase = block.decode("ascii").removeprefix("From: ").rpartition("<")[0].strip()
    return str(make_header(decode_header(phrase.strip('"')))) if "=?" in phrase else phrase.strip('"')


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("a\r\nBcc: x@y.example", "a Bcc: x@y.example"),
        ("a\nBcc: x@y.example", "a Bcc: x@y.example"),
        ("a\rBcc: x@y.example", "a Bcc: x@y.example"),
        ("a =?UTF-8?Q?=0A?=Bcc: x@y.example", "a =?UTF-8?Q?=0A?=Bcc: x@y.example"),
        ("=?utf-8?B?QmNjOiB4?=", "=?utf-8?B?QmNjOiB4?="),
        ("a\x00b\x07c\x1b[31md", "abc[31md"),
        ("æ" * 102_400, "æ" * 149 + "…"),
        ("fdp\u202egnp\u2066\u200b\u200d\ufeff.exe", "fdpgnp.exe"),
        ("lone \ud800 half", "lone \ufffd half"),
        ("A\u030a", "\u00c5"),
        ("\u2028\u2029\u0085x\u00a0y", "x y"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("{{7*7}} ${jndi:ldap://x} %s%n", "{{7*7}} ${jndi:ldap://x} %s%n"),
        ("010101-0000 og 010101\u200b0000 og 0101010000", "[CPR] og [CPR] og [CPR]"),
        ("Til: æble 🍎, ＠", "Til: æble 🍎, ＠"),
        ("x" * 100, "x" * 100),
        ("ord " * 40, ("ord " * 40)[:149].strip() + "…"),
    ],
)
def test_titles(title, expected):
    """Each bad title comes back as harmless text in the one Subject."""
    assert subject(title) == expected


@settings(deadline=None, max_examples=500)
@given(ANY)
@example("=?")
@example("=?UTF-8?Q?=0A?=Bcc: x")
@example("a b" * 200)
@example("\u0301" * 300)
def test_any_title_comes_back_cleaned(title):
    """The parsed Subject is the cleaned title, and there is no other header."""
    text = masked(title, 150)

    assert subject("T: " + title) == masked("T: " + title, 150)
    assert len(text) <= 150
    assert not any(unicodedata.category(sign) in ("Cc", "Cf", "Cs") for sign in text)
    assert unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Skattestyrelsen", "Skattestyrelsen"),
        ("Børne- og Ungestyrelsen", "Børne- og Ungestyrelsen"),
        ("a@b.dk", "a at b.dk"),
        ("a＠b.dk", "a at b.dk"),
        ('Råd, "Nævn" \\ Co; <x@y.example>', "Råd, 'Nævn' / Co; (x at y.example)"),
        ("By\r\nBcc: x", "By Bcc: x"),
        ("Nemboks", "Nemboks"),
        ("Nemboks Support", "Nemboks Support"),
        ("=?utf-8?q?x?=", "=?utf-8?q?x?="),
        ("Borger 010101-0000", "Borger [CPR]"),
        ("S" * 200, "S" * 63 + "…"),
        ("S" * 64, "S" * 64),
    ],
)
def test_author(name, expected):
    """The display name is the authority's with our suffix, never cut; the address is ours (B15, B16)."""
    block = author_field("From", name, ADDRESS)
    message = parsed(block)
    (author,) = message["From"].addresses

    assert message.keys() == ["From"]
    assert not message["From"].defects
    assert (display(block), author.addr_spec) == (f"{expected} via Nemboks", ADDRESS)
    assert all(len(line) <= 76 for line in block.split(b"\r\n"))


@settings(deadline=None, max_examples=300)
@given(ANY)
def test_any_author_stays_one_mailbox(name):
    """No name makes a second author or another address."""
    block = author_field("From", name, ADDRESS)
    message = parsed(block)
    check_block(block + b"\r\n", ["From"])
    (author,) = message["From"].addresses

    assert author.addr_spec == ADDRESS
    assert display(block).endswith(" via Nemboks")
    assert "@" not in display(block)


def test_plain_fields_take_only_ascii():
    """A value of ours that is not what it should be never becomes a header."""
    for value in ("a\r\nBcc: x", "æ", "a\0", "a\tb"):
        with pytest.raises(UnsafeHeader):
            plain_field("To", value)


def test_plain_fields_fold_at_spaces():
    """Long values are folded; the first word stays beside the name."""
    block = plain_field("X", " ".join(["word" * 5] * 20))

    assert all(len(line) <= 76 for line in block.split(b"\r\n"))
    assert parsed(block)["X"] == " ".join(["word" * 5] * 20)


def test_list_fields_have_one_item_a_line():
    """Digests are listed one to a line, under 76."""
    digests = [f"sha256={n:064x}" for n in range(3)]
    block = list_field("Nemboks-Docs", digests)

    assert all(len(line) <= 76 for line in block.split(b"\r\n"))
    assert parsed(block)["Nemboks-Docs"].strip().split(", ") == digests


@pytest.mark.parametrize(
    "block",
    [
        b"To: x\r\nBcc: y\r\n\r\n",
        b"To: x\r\nTo: y\r\n\r\n",
        b"To: x\nBcc: y\r\n\r\n",
        b"To: x\rBcc: y\r\n\r\n",
        b"To: x\0\r\n\r\n",
        b"To: \xc3\xa6\r\n\r\n",
        b"To: " + b"x" * 995 + b"\r\n\r\n",
        b"To: x\r\n",
        b"To: x\r\n\r\n\r\n",
        b"To: x\r\n\r\nbody\r\n\r\n",
        b"To: x\r\nno field\r\n\r\n",
        b"To: x\r\n \r\n\r\n",
        b" folded\r\nTo: x\r\n\r\n",
        b"To : x\r\n\r\n",
        b"\r\n\r\n",
        b"",
    ],
)
def test_check_block_refuses(block):
    """Whatever reads otherwise than one To is refused before it is sent."""
    with pytest.raises(UnsafeHeader):
        check_block(block, ["To"])


def test_check_block_accepts_what_was_meant():
    """Folded fields in any order, up to 998 octets a line."""
    check_block(b"To: x,\r\n y\r\nX-Long: " + b"x" * 990 + b"\r\n\r\n", ["x-long", "To"])


def test_split_fields_is_linear_in_foldings():
    """A field of very many folded lines is read as one, without quadratic work."""
    fields, tidy = split_fields(b"X: a\r\n" + b" b\r\n" * 80_000)

    assert tidy
    assert len(fields) == 1
    assert len(fields[0].value) == 1 + 2 * 80_000


@pytest.mark.parametrize(
    "name", ["Brev.pdf", "Årsopgørelse 2026.pdf", "æ" * 76 + ".pdf", "\U00020000" * 76 + ".pdf", "½㎏ﷺ" * 20 + ".pdf"]
)
def test_attachment_names_are_readable_three_ways(name):
    """RFC 2231 and RFC 2047 readers both see the name; old ones see ASCII with the suffix."""
    block = file_fields("application/pdf", name)
    message = message_from_bytes(block + b"\r\n", policy=default)
    lines = block.split(b"\r\n")
    (plain,) = [line for line in lines if line.startswith(b" filename=")]
    extended = [line for line in lines if line.startswith(b" filename*")]

    assert plain.rstrip(b";").endswith(b'.pdf"')
    assert message["Content-Type"].params["name"] == name
    assert max(map(len, lines)) <= 998
    if not name.isascii():
        only_extended = b"Content-Disposition: attachment;\r\n" + extended[0] + b"\r\n\r\n"
        assert len(extended) == 1
        assert message_from_bytes(only_extended, policy=default).get_filename() == name
