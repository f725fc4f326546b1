"""What a headline says of an ordinary letter, however it is written and however it arrives."""

from datetime import UTC, datetime
from itertools import cycle
from random import Random
from uuid import UUID as Uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemboks.content.memo import MemoReader
from nemboks.domain.headline import Action, Authority, Document, Headline, Kind, Role
from tests.content.memos import CVR, UUID, File, Memo, action, entry, read, sha256


def test_headline_of_a_full_letter():
    """Everything that the ledger keeps is read, and nothing else."""
    files = [
        File(b"one", "Brev.pdf", actions=action("Betal", "BETALING", entry("https://virk.dk/betal?a=1&b=2"))),
        File(b"two", "Bilag.txt", "text/plain", role="AdditionalDocument"),
        File(b"three", "data.xml", "text/xml", role="TechnicalDocument"),
    ]
    extra = "<memo:reply>true</memo:reply><memo:replyByDateTime>2026-12-03T10:00:00Z</memo:replyByDateTime>"
    raw = Memo(files=files, extra=extra, legal="1").xml()

    expected = Headline(
        kind=Kind.MEMO,
        authority=Authority("Skattestyrelsen", "87654321", "CVR"),
        title="Årsopgørelse 2026",
        size=len(raw),
        sha256=sha256(raw),
        documents=(
            Document(Role.MAIN, "Brev.pdf", "application/pdf", 3, sha256(b"one")),
            Document(Role.ADDITIONAL, "Bilag.txt", "text/plain", 3, sha256(b"two")),
            Document(Role.TECHNICAL, "data.xml", "text/xml", 5, sha256(b"three")),
        ),
        actions=(Action("BETALING", "Betal", "https://virk.dk/betal?a=1&b=2"),),
        version="1.1",
        message_uuid=UUID.lower(),
        recipient_id=CVR,
        recipient_type="CVR",
        created_at=datetime(2026, 11, 21, 13, 5, tzinfo=UTC),
        reply=True,
        reply_by=datetime(2026, 12, 3, 10, 0, tzinfo=UTC),
        legal=True,
    )
    assert read(raw) == expected


def test_files_of_one_document_keep_their_order_and_role():
    """Several files in one document are several documents of the headline, in order."""
    raw = Memo(files=[File(b"one"), File(b"two", name="to.pdf")]).xml()
    joined = raw.replace(b"</memo:MainDocument><memo:MainDocument>", b"")

    assert joined != raw
    assert [(d.role, d.sha256) for d in read(joined).documents] == [(Role.MAIN, sha256(d)) for d in (b"one", b"two")]


@pytest.mark.parametrize("version", ["1", "1.0", "1.1", "1.2"])
def test_versions(version):
    """All three versions are read; 1.2 lacks memoSchVersion and may lack the two booleans."""
    memo = Memo(version=version, attributes="" if version == "1.2" else ' memoSchVersion="1.1.0"')
    raw = memo.text().replace("<memo:mandatory>false</memo:mandatory>", "")
    headline = read(raw.replace("<memo:legalNotification>false</memo:legalNotification>", "").encode())

    assert (headline.version, headline.mandatory, headline.legal) == (version, False, False)


def _default_namespace(text: str) -> bytes:
    return text.replace("xmlns:memo=", "xmlns=").replace("memo:", "").encode()


@pytest.mark.parametrize(
    "encode",
    [
        _default_namespace,
        lambda text: text.replace("memo:", "x:").replace("xmlns:memo", "xmlns:x").encode(),
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("UTF-8", "UTF-16").encode("utf-16"),
        lambda text: b"\xfe\xff" + text.replace("UTF-8", "UTF-16").encode("utf-16-be"),
        lambda text: text.replace('<?xml version="1.0" encoding="UTF-8"?>', "").encode(),
    ],
    ids=["default namespace", "other prefix", "BOM", "UTF-16 LE", "UTF-16 BE", "no declaration"],
)
def test_spellings_of_the_same_letter(encode):
    """Prefix, byte-order mark and UTF-16 change the bytes, not the letter."""
    text = Memo().text()
    raw, plain = encode(text), read(text.encode())
    headline = read(raw)

    assert (headline.title, headline.documents) == (plain.title, plain.documents)
    assert (headline.size, headline.sha256) == (len(raw), sha256(raw))


def test_elements_count_at_their_own_path_only():
    """ForwardData, ReplyData and unknown elements repeat the header's names and mean something else."""
    other = "11111111-1111-4111-8111-111111111111"
    tail = (
        f"<memo:ForwardData><memo:messageUUID>{other}</memo:messageUUID></memo:ForwardData>"
        f"<memo:ReplyData><memo:messageUUID>{other}</memo:messageUUID><memo:senderID>1</memo:senderID></memo:ReplyData>"
        '<label xmlns="urn:other">fremmed</label><memo:NewThing><memo:label>ny</memo:label></memo:NewThing>'
    )
    headline = read(Memo(tail=tail).xml())

    assert headline.message_uuid == UUID.lower()
    assert headline.title == "Årsopgørelse 2026"
    assert headline.authority.id == "87654321"


@pytest.mark.parametrize(("kind", "read_as"), [("NEMSMS", Kind.NEMSMS), ("DIGITALPOST", Kind.MEMO)])
def test_a_letter_needs_no_document(kind, read_as):
    """A NemSMS has no body, and the schema allows a letter that has none either: its title is all of it."""
    headline = read(Memo(kind=kind, files=[], created="").xml())

    assert (headline.kind, headline.documents) == (read_as, ())


def test_blank_title_and_lower_case_types():
    """A title may be blank, and idType is compared without case."""
    headline = read(Memo(title=" ", recipient_type="cvr").xml())

    assert (headline.title, headline.recipient_type) == ("", "CVR")


@pytest.mark.parametrize(
    ("given", "expected"), [("DK 12 34 56 78", "12345678"), ("010101-0000", "0101010000"), ("12345678", "12345678")]
)
def test_recipient_number_is_digits(given, expected):
    """Spaces, a hyphen and DK are ways of writing the same number."""
    assert read(Memo(recipient_id=given).xml()).recipient_id == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21T13:05:00Z", datetime(2026, 11, 21, 13, 5, tzinfo=UTC)),
        ("2026-11-21T14:05:00+01:00", datetime(2026, 11, 21, 13, 5, tzinfo=UTC)),
        ("2026-11-21T13:05:00", datetime(2026, 11, 21, 13, 5, tzinfo=UTC)),
        ("2026-11-21T13:05:00.1234567Z", datetime(2026, 11, 21, 13, 5, 0, 123456, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+02:00", None),
        ("9999-12-31T23:59:59-10:00", None),
        ("i morgen", None),
        ("", None),
    ],
)
def test_dates_are_read_with_patience(text, expected):
    """Offsets, a missing Z, year 1 and rubbish never make a letter unreadable."""
    extra = f"<memo:replyByDateTime>{text}</memo:replyByDateTime>"

    assert read(Memo(extra=extra).xml()).reply_by == expected


def test_reservation_gives_an_action_its_times():
    """An appointment's times stand in its Reservation."""
    inside = (
        "<memo:Reservation><memo:startDateTime>2026-12-01T09:00:00Z</memo:startDateTime>"
        "<memo:endDateTime>2026-12-01T10:00:00Z</memo:endDateTime></memo:Reservation>"
    )
    (seen,) = read(Memo(files=[File(actions=action("Møde", "AFTALE", inside))]).xml()).actions

    assert (seen.starts_at, seen.ends_at) == (
        datetime(2026, 12, 1, 9, tzinfo=UTC),
        datetime(2026, 12, 1, 10, tzinfo=UTC),
    )
    assert seen.url is None


def test_base64_with_white_space():
    """White space inside base64Binary is legal, wherever it stands."""
    raw = Memo(files=[File(content="\n aGVq\r\n\t IGR l\n bg= =\n")]).xml()

    assert read(raw).documents[0].sha256 == sha256(b"hej den")


def test_empty_file_is_a_file():
    """A file of no bytes is sent on like any other."""
    assert read(Memo(files=[File(b"")]).xml()).documents[0].size == 0


def test_long_title_is_cut():
    """100 kB of title cost no more than the first of it."""
    assert len(read(Memo(title="æ" * 100_000).xml()).title) <= 2048


class _Sink:
    """Keeps what it hears, the data joined."""

    def __init__(self):
        self.heard = []

    def begin(self, *begun):
        self.heard.append(begun)
        self.heard.append(b"")

    def data(self, data):
        self.heard[-1] += data

    def end(self, document):
        self.heard.append(document)


def test_sink_hears_of_the_files_in_order():
    """The second pass gets each file's begin, its bytes, and its end with the digest."""
    sink = _Sink()
    reader = MemoReader(sink)
    reader.feed(Memo(files=[File(b"one"), File(b"two", "b.txt", "text/plain", role="AdditionalDocument")]).xml())
    headline = reader.close()

    first = (Role.MAIN, "Årsopgørelse 2026.pdf", "application/pdf", "da")
    second = (Role.ADDITIONAL, "b.txt", "text/plain", "da")
    assert sink.heard == [first, b"one", headline.documents[0], second, b"two", headline.documents[1]]


def test_cut_at_every_byte():
    """Where the letter is cut makes no difference."""
    raw = Memo(files=[File(b"x" * 300, actions=action(inside=entry("https://virk.dk/æ")))]).xml()
    expected = read(raw)
    for at in range(len(raw) + 1):
        reader = MemoReader()
        reader.feed(raw[:at])
        reader.feed(raw[at:])
        assert reader.close() == expected


LARGE = Memo(files=[File(Random(1).randbytes(150_000)), File(Random(2).randbytes(70_001))]).xml()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(300, 90_000), min_size=1, max_size=8))
def test_cut_anywhere_in_a_large_letter(steps):
    """Pieces smaller and larger than the reader's own blocks give the same headline."""
    reader, at = MemoReader(), 0
    for step in cycle(steps):
        reader.feed(LARGE[at : at + step])
        at += step
        if at >= len(LARGE):
            break

    assert reader.close() == read(LARGE)


def test_uuid_is_the_one_that_came():
    """The builder's UUID is a version 4, as the schema wants."""
    assert Uuid(UUID).version == 4
