"""The golden mails: the same octets as in their files, and what every mail of format 1 promises (UX.md 9)."""

import re
from collections import Counter
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser

import pytest

from nemboks.content.compose import outer_fields
from nemboks.content.headers import split_fields
from nemboks.content.smime import encrypt
from tests.content.mails import html_of, text_of, words_of
from tests.content.memos import GIVEN, sha256
from tests.content.readers import by_rfc2047, by_rfc2231
from tests.content.test_dkim import signed, verdicts
from tests.content.test_smime import AT, certificate, opened
from tests.golden.letters import GOLDEN
from tests.golden.make import MAILS

ALWAYS = [
    "From", "To", "Subject", "List-Id", "Auto-Submitted", "X-Auto-Response-Suppress", "Date", "Message-ID",
    "Nemboks-Letter", "Nemboks-Cvr", "Nemboks-Available", "Nemboks-Format", "MIME-Version", "Content-Type",
]  # fmt: skip
SOMETIMES = [
    "Content-Language", "Importance", "References", "In-Reply-To", "Nemboks-Sender-Cvr", "Nemboks-Deadline",
    "Nemboks-Class", "Nemboks-Docs", "Nemboks-Part", "Nemboks-Role",
]  # fmt: skip
OURS = ("aftale.ics", "Brev.memo.xml")  # attachments that are no document of the letter
ALL = pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
MEMOS = pytest.mark.parametrize(
    "golden", [one for one in GOLDEN if not one.name.startswith("imap")], ids=lambda golden: golden.name
)


def kept(golden):
    """The mail as it lies in its file."""
    return (MAILS / f"{golden.name}.eml").read_bytes()


def parsed(golden):
    """The mail as the standard library reads it."""
    return message_from_bytes(kept(golden), policy=default)


def test_there_are_enough():
    """Twenty-five letters at least, no two of a name, and no file besides."""
    names = [golden.name for golden in GOLDEN]

    assert len(set(names)) == len(names) >= 25
    assert {path.stem for path in MAILS.iterdir()} == set(names)


@ALL
def test_the_octets_are_the_same(golden):
    """Two compositions, cut differently, give the file's octets; if not, read tests/golden/make.py."""
    assert golden.octets(1 << 18) == kept(golden)
    assert golden.octets(61) == kept(golden)


@ALL
def test_no_reader_finds_a_fault(golden):
    """Every part parses without a defect, every line is short and ends in CRLF, and all is ASCII."""
    octets = kept(golden)

    assert not [part.defects for part in parsed(golden).walk() if part.defects]
    assert not [value.defects for value in parsed(golden).values() if value.defects]
    assert octets.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", octets)
    assert octets.endswith(b"\r\n")
    # The three forms of a file's name stand in one piece each, which for a long one is over 76.
    assert max(map(len, octets.split(b"\r\n"))) <= 998


@ALL
def test_each_field_stands_once(golden):
    """Those of the contract, once; none that would answer, unsubscribe or pretend."""
    fields, tidy = split_fields(kept(golden).partition(b"\r\n\r\n")[0] + b"\r\n")
    names = Counter(field.name for field in fields)

    assert tidy
    assert set(names.values()) == {1}
    assert {name.lower() for name in ALWAYS} <= set(names) <= {name.lower() for name in ALWAYS + SOMETIMES}
    assert len(str(parsed(golden)["Subject"])) <= 150


@ALL
def test_no_persons_number_in_a_header(golden):
    """No CPR shape stands in any field of any part."""
    heads = [f"{name}: {value}" for part in parsed(golden).walk() for name, value in part.items()]

    assert not re.search(r"010101[ -]?0000", "\n".join(heads))


@MEMOS
def test_every_file_is_the_original(golden):
    """What is attached has the letter's digests, which the header tells, in the letter's order."""
    parts = list(parsed(golden).iter_attachments())
    digests = [sha256(part.get_payload(decode=True)) for part in parts if by_rfc2231(part) not in OURS]
    told = [one.strip().removeprefix("sha256=") for one in (parsed(golden)["Nemboks-Docs"] or "").split(",")]

    assert digests == [sha256(data) for data in golden.files]
    assert digests == list(filter(None, told))
    for part in parts:
        if by_rfc2231(part) == "Brev.memo.xml":
            assert part.get_payload(decode=True) == golden.raw


@MEMOS
def test_names_are_read_alike(golden):
    """Readers of RFC 2231 and of RFC 2047 see one name, safe and unlike the others; both bodies list it."""
    parts = list(parsed(golden).iter_attachments())
    names = [by_rfc2231(part) for part in parts]

    assert names == [by_rfc2047(part) for part in parts]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(0 < len(name) <= 80 and not set(name) & set('<>:"/\\|?*\r\n') for name in names)
    assert all(name in text_of(parsed(golden)) for name in names)


@MEMOS
def test_both_bodies_say_the_same(golden):
    """Text and HTML have the same words in the same order, but for the marks of a list, which a browser draws."""
    text = text_of(parsed(golden))
    plain = re.sub(r"^    - ", "", text, flags=re.MULTILINE) if golden.name == "html-letter" else text

    assert plain.split() == words_of(html_of(parsed(golden)))


class _Seen(HTMLParser):
    """Everything in a page that could lead or load."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag in ("a", "img", "script", "link", "iframe", "object", "embed", "form", "input", "svg", "base", "video"):
            self.found.append(tag)
        bad = re.compile(r"https?:|//|url\(|@import|expression", re.IGNORECASE)
        leads = ("href", "src", "srcset", "background", "action", "ping")
        self.found += [(name, value) for name, value in attrs if name in leads or name.startswith("on")]
        self.found += [(name, value) for name, value in attrs if bad.search(value or "")]


@MEMOS
def test_nothing_leads_or_loads(golden):
    """No link, no picture, no script, no address in an attribute or a style."""
    html = html_of(parsed(golden))

    assert _Seen(html).found == []
    assert not re.search(r"url\(|@import|http-equiv", html)


@pytest.mark.peer
@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_signatures_verify(kind):
    """Each mail with our DKIM signature on top is good to a verifier we did not write."""
    assert verdicts([signed(kept(golden), kind) for golden in GOLDEN], kind) == [True] * len(GOLDEN)


@pytest.mark.peer
@pytest.mark.parametrize("name", ["full", "html-letter", "imap-letter"])
def test_after_decryption(name, tmp_path):
    """An encrypted mail says nothing outside; inside is the golden mail, its body octet for octet, its true subject."""
    (golden,) = [one for one in GOLDEN if one.name == name]
    given = GIVEN | golden.given
    outside = outer_fields(golden.headline, golden.copy, part=golden.part, **given)
    fields, _ = split_fields(outside)
    (neutral,) = [field.raw for field in fields if field.name == "subject"]
    encrypted = encrypt(kept(golden), neutral, certificate(), AT)
    inner = opened(encrypted, tmp_path)

    assert golden.headline.title.encode() not in encrypted
    assert inner.partition(b"\r\n\r\n")[2] == kept(golden).partition(b"\r\n\r\n")[2]
    assert message_from_bytes(inner, policy=default)["Subject"] == parsed(golden)["Subject"]
    assert not [part.defects for part in message_from_bytes(inner, policy=default).walk() if part.defects]


def test_a_changed_letter_is_another_mail():
    """The files can fail: one word more in the style and the octets differ."""
    golden = GOLDEN[0]
    style = replace(golden.copy.style, code_phrase="rød cykel")

    assert replace(golden, copy=replace(golden.copy, style=style)).octets() != kept(golden)
