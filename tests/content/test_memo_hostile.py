"""What is no letter, or wants to hurt: refused in words for people, quickly, and for good."""

import time

import pytest

from nemboks.content.errors import Unreadable
from nemboks.content.memo import FILES, MemoReader
from nemboks.content.xml_guard import DEPTH, NODES
from tests.content.memos import UUID, File, Memo, action, read

LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<?xml version="1.0"?><!DOCTYPE Message [<!ENTITY l0 "lol">{LOL}]>'
OUTSIDE = '<!DOCTYPE Message [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
PARAMETER = '<!DOCTYPE Message [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]>'


@pytest.mark.parametrize("head", [BOMB, OUTSIDE, PARAMETER, "<!DOCTYPE Message>", '<!DOCTYPE Message SYSTEM "x.dtd">'])
def test_document_types_are_refused_at_once(head):
    """Bombs and entities are refused before anything expands or is fetched (B24-B26)."""
    started = time.perf_counter()

    with pytest.raises(Unreadable, match="document type"):
        read(Memo(head=head, title="&l9;").xml())
    assert time.perf_counter() - started < 1


def test_undeclared_entity_is_refused():
    """An entity nobody declared is no text."""
    with pytest.raises(Unreadable, match="undefined entity"):
        read(Memo(title="@").xml().replace(b"@", b"&hej;"))


def test_xinclude_is_refused():
    """A wish to include other documents is not overlooked."""
    inside = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname"/>'

    with pytest.raises(Unreadable, match="include"):
        read(Memo(inside=inside).xml())


@pytest.mark.parametrize("encoding", ["UTF-7", "EBCDIC-CP-US", "ISO-2022-JP"])
def test_other_encodings_are_refused(encoding):
    """A declared charset that may be wrong would garble names silently (B27)."""
    raw = Memo().text().replace("UTF-8", encoding).encode("ascii", "xmlcharrefreplace")

    with pytest.raises(Unreadable, match="encoding"):
        read(raw)


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "windows-1252"])
def test_the_encodings_of_western_europe_are_read(encoding):
    """Legal XML of an older sender: the title is the same as from UTF-8."""
    raw = Memo(title="Årsopgørelse").text().replace("UTF-8", encoding).encode(encoding)

    assert read(raw).title == "Årsopgørelse"


def test_latin1_bytes_in_utf8_are_refused():
    """Bytes that are no UTF-8 are never guessed at."""
    with pytest.raises(Unreadable):
        read(Memo().text().encode("latin-1"))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b" ", "XML"),
        (b'{"error": 1}', "XML"),
        (b"<html><body>Log ind</body></html>", "<html>"),
        (b"<!DOCTYPE html><html></html>", "html"),
        (b'<Message xmlns="urn:other" memoVersion="1.1"/>', "<Message>"),
        (b'<Message xmlns="https://DigitalPost.dk/MeMo-1}" memoVersion="1.1"/>', "XML|<Message>"),
        (b'<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>', "<stylesheet>"),
    ],
)
def test_what_is_no_memo_is_named(raw, words):
    """People are told what came instead."""
    with pytest.raises(Unreadable, match=words):
        read(raw)


@pytest.mark.parametrize("version", ["", "1.3", "2.0", "<b>"])
def test_unknown_versions_are_held(version):
    """A version we do not know may keep documents where we do not look."""
    with pytest.raises(Unreadable, match="version"):
        read(Memo(version=version).xml())


@pytest.mark.parametrize(
    "gone",
    [
        "<memo:messageType>DIGITALPOST</memo:messageType>",
        f"<memo:messageUUID>{UUID}</memo:messageUUID>",
        "<memo:label>Årsopgørelse 2026</memo:label>",
        "<memo:label>Skattestyrelsen</memo:label>",
        "<memo:senderID>87654321</memo:senderID>",
        "<memo:recipientID>12345678</memo:recipientID>",
        "<memo:idType>CVR</memo:idType></memo:Recipient>",
    ],
)
def test_missing_fields_are_named(gone):
    """A required field that is missing makes the letter unreadable."""
    text = Memo().text()
    closing = "</memo:Recipient>" if gone.endswith("</memo:Recipient>") else ""

    assert gone in text
    with pytest.raises(Unreadable, match="lacks"):
        read(text.replace(gone, closing).encode())


@pytest.mark.parametrize(
    "twice", [f"<memo:messageUUID>{UUID}</memo:messageUUID>", "<memo:recipientID>12345678</memo:recipientID>"]
)
def test_repeated_fields_are_refused(twice):
    """Two answers to one question: nobody knows which is meant."""
    with pytest.raises(Unreadable, match="twice"):
        read(Memo().text().replace(twice, twice * 2).encode())


@pytest.mark.parametrize(
    "memo",
    [Memo(uuid="not-a-uuid"), Memo(kind="FAX"), Memo(recipient_id="12A45678"), Memo(recipient_id="")],
    ids=["uuid", "type", "number", "no number"],
)
def test_wrong_values_are_refused(memo):
    """A key field with a senseless value makes the letter unreadable."""
    with pytest.raises(Unreadable):
        read(memo.xml())


@pytest.mark.parametrize(
    "content",
    ["aGVq!", "aGVqåå==", "aGVqI", "aGVqI=", "aGVqIA==aGVq", "aGVq=", "=", "====", "aGVq<b/>", "aG=q", "aGVqIA===="],
)
def test_bad_base64_is_refused(content):
    """A file that does not decode exactly is not guessed at (B28)."""
    with pytest.raises(Unreadable):
        read(Memo(files=[File(content=content)]).xml())


@pytest.mark.parametrize(
    ("at", "content"), [(4, "aGVqIA=="), (65_536, "A" * 200_000 + "=" + "A" * 200_003), (65_536, "A" * 200_001)]
)
def test_bad_base64_is_refused_across_pieces(at, content):
    """Padding and a short end are seen where the pieces meet, too."""
    raw = Memo(files=[File(content=content + ("" if at > 4 else "aGVq"))]).xml()
    reader = MemoReader()

    def feed_all():
        for start in range(0, len(raw), at):
            reader.feed(raw[start : start + at])
        reader.close()

    with pytest.raises(Unreadable):
        feed_all()


def test_a_file_has_exactly_one_content():
    """A file without content, or with two, is refused."""
    raw = Memo(files=[File(b"hej")]).text()
    content = "<memo:content>aGVq</memo:content>"

    for instead, words in (("", "no content"), (content * 2, "two contents")):
        with pytest.raises(Unreadable, match=words):
            read(raw.replace(content, instead).encode())


def test_truncated_anywhere():
    """A letter that ends early is never taken for a whole one."""
    raw = Memo().xml()
    for at in range(len(raw)):
        with pytest.raises(Unreadable):
            read(raw[:at])


def test_trailing_junk():
    """Something behind the letter makes it unreadable."""
    with pytest.raises(Unreadable):
        read(Memo().xml() + b"<more/>")


def test_too_many_files():
    """Beyond 500 files a person looks first."""
    assert len(read(Memo(files=[File(b"x")] * FILES).xml()).documents) == FILES
    with pytest.raises(Unreadable, match="files"):
        read(Memo(files=[File(b"x")] * (FILES + 1)).xml())


def test_too_many_actions():
    """Actions are bounded too."""
    with pytest.raises(Unreadable, match="actions"):
        read(Memo(files=[File(actions=action() * 501)]).xml())


def test_too_deep():
    """Nesting has a bottom."""
    with pytest.raises(Unreadable, match="nested"):
        read(Memo(inside="<a>" * DEPTH + "</a>" * DEPTH).xml())


@pytest.mark.parametrize("node", ["<a/>", "<!--x-->", "<?x y?>"])
def test_too_many_nodes(node):
    """Elements, comments and instructions are counted."""
    with pytest.raises(Unreadable, match="nodes"):
        read(Memo(inside=node * (NODES + 1)).xml())


@pytest.mark.parametrize("node", ["<a{}/>", "<a b{}=''/>", "<a b='{}'/>", "<a xmlns:b{}='u'/>", "<a xmlns:b='{}'/>"])
def test_too_many_names(node):
    """The parser keeps every name it has seen, so all of them together are bounded."""
    long = "x" * 50_000

    with pytest.raises(Unreadable, match="names"):
        read(Memo(inside="".join(node.format(long + str(number)) for number in range(100))).xml())


@pytest.mark.parametrize("start", ["<a b='", "<!--", "<?x ", "<" + "a" * 10])
def test_endless_token_is_cut_off(start):
    """Markup that never ends is refused after 1 MB, in time that does not grow with its square."""
    reader = MemoReader()
    reader.feed(Memo(inside="@").xml().partition(b"@")[0] + start.encode())
    started = time.perf_counter()

    with pytest.raises(Unreadable, match="markup over 1 MB"):
        for _ in range(1000):
            reader.feed(b"x" * 4096)
    assert time.perf_counter() - started < 1


def test_unreadable_stays_unreadable():
    """After a refusal the reader does not come back to life with the next piece."""
    reader = MemoReader()
    for _ in range(2):
        with pytest.raises(Unreadable, match="<html>"):
            reader.feed(b"<html>" + b" " * 70_000)
    with pytest.raises(Unreadable, match="<html>"):
        reader.close()


def test_words_carry_nothing_of_the_contents():
    """What a refusal says is about form; names in it are cut and harmless."""
    name = "x" * 60

    with pytest.raises(Unreadable) as refusal:
        read(f"<{name}æ/>".encode())
    assert name not in str(refusal.value)
    assert str(refusal.value).isascii()
