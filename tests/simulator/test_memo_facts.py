"""The simulator's own reader of MeMo letters: what it takes, what it refuses, and what it says about documents."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemboks.simulator.letters import Order, memo_letter
from nemboks.simulator.memo_facts import MemoReader, MemoRefusedError
from tests.simulator.conftest import memo


def read(xml, size=1000):
    reader = MemoReader()
    for start in range(0, len(xml), size):
        reader.feed(xml[start : start + size])
    return reader.close()


def refused_fields(xml):
    with pytest.raises(MemoRefusedError) as refused:
        read(xml)
    return [field for field, *_ in refused.value.fields]


@pytest.mark.parametrize(
    "xml",
    [
        memo(),
        b"\xef\xbb\xbf" + memo(),
        memo().decode().encode("utf-16"),
        memo().replace(b"m:", b"").replace(b"xmlns:m=", b"xmlns="),
        memo().replace(b'"1.1"', b'"1.2"'),
        memo().replace(b'"1.1"', b'"1.0"'),
        memo(messageUUID="6E5C1F2A-0A0E-1A43-9A0E-0F4F7D6F2B11"),
        memo(recipientType="cvr"),
        memo(label="&lt;b&gt; &#230;"),
    ],
)
def test_every_writing_of_a_sound_letter_is_taken(xml):
    """Prefix, default namespace, byte-order mark, encoding, version and case of the UUID make no difference."""
    facts = read(xml)

    assert (facts.recipient_id, facts.recipient_type, facts.sender) == ("13585628", "CVR", "Åbylund Kommune")


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("messageType", "messageHeader.messageType"),
        ("messageUUID", "messageHeader.messageUUID"),
        ("label", "messageHeader.label"),
        ("senderID", "messageHeader.Sender.senderID"),
        ("senderType", "messageHeader.Sender.idType"),
        ("senderLabel", "messageHeader.Sender.label"),
        ("recipientID", "messageHeader.Recipient.recipientID"),
        ("recipientType", "messageHeader.Recipient.idType"),
    ],
)
def test_each_required_thing_is_missed(field, path):
    """A letter without one of them is refused, and the field is named."""
    assert refused_fields(memo(**{field: ""})) == [path]


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"not xml",
        memo()[:-5],
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + memo(),
        memo() + b"<more/>",
        memo().replace(b"MeMo-1", b"MeMo-2"),
        memo().replace(b"m:Message ", b"m:Letter ").replace(b"/m:Message>", b"/m:Letter>"),
        memo(messageType="LETTER"),
        memo(messageUUID="1234"),
        memo().replace(b'"1.1"', b'"2.0"'),
        memo(label="x" * 20_000),
        memo(label="<x>" * 200 + "</x>" * 200),
        b"<!--" + b"x" * 3_000_000 + b"-->" + memo(),
    ],
)
def test_what_is_not_a_letter_is_refused(xml):
    """Not XML, cut, with a DTD, another namespace, an unknown type or version, or made to hurt the reader."""
    assert refused_fields(xml)


@pytest.mark.parametrize("content", [b"QUJD!", b"QUJ", b"QQ==QQ==QQ", b"QUJD\xc3\xa6QUI=", b"%PDF"])
def test_content_that_is_not_base64_is_refused(content):
    """xs:base64Binary is what the schema asks for; nobody could read such a document."""
    file = b"<m:File><m:filename>a.pdf</m:filename><m:content>" + content + b"</m:content></m:File>"
    body = b"<m:MessageBody><m:MainDocument>" + file + b"</m:MainDocument></m:MessageBody></m:Message>"
    assert refused_fields(memo().replace(b"</m:Message>", body)) == ["File.content"]


def test_an_element_of_another_namespace_is_not_the_memos():
    """A foreign `label` does not stand in for the missing one."""
    xml = memo(label="").replace(b"<m:Sender>", b'<label xmlns="urn:other">x</label><m:Sender>', 1)

    assert refused_fields(xml) == ["messageHeader.label"]


@given(content=st.binary(max_size=300), wrap=st.sampled_from([b"", b"\n", b"\r\n  ", b"\t"]), size=st.integers(1, 97))
def test_documents_are_digested_whatever_the_wrapping_and_the_pieces(content, wrap, size):
    """Digest and size are those of the decoded bytes."""
    code = base64.b64encode(content)
    lines = wrap.join(code[n : n + 20] for n in range(0, len(code), 20))
    file = b"<m:File><m:filename>a&amp;b.pdf</m:filename><m:content>" + lines + b"</m:content></m:File>"
    body = b"<m:MessageBody><m:MainDocument>" + file + file + b"</m:MainDocument></m:MessageBody></m:Message>"
    facts = read(memo().replace(b"</m:Message>", body), size)

    assert [(d.name, d.size, d.sha256) for d in facts.documents] == [
        ("a&b.pdf", len(content), hashlib.sha256(content).hexdigest())
    ] * 2


def test_generated_letters_are_repeatable_and_all_different():
    """Sixty neighbours: same order, same bytes; every one is taken; no two documents with contents are equal."""
    orders = [Order(7, index, "13585628", "Bageriet Solsikken & Søn ApS") for index in range(60)]
    letters = [b"".join(memo_letter(order)) for order in orders]
    facts = [read(xml, 50_000) for xml in letters]

    digests = [document.sha256 for one in facts for document in one.documents if document.size]
    assert [b"".join(memo_letter(order)) for order in orders] == letters
    assert len({one.message_uuid.lower() for one in facts}) == 60
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize(
    "sign",
    [
        b"\xef\xbb\xbf",
        b'memoVersion="1.0"',
        b'memoVersion="1.2"',
        b'xmlns="https://DigitalPost.dk/MeMo-1"',
        b"Reservation",
        b"EntryPoint",
        b"TechnicalDocument",
        b"legalNotification>true",
        b"replyByDateTime",
        b"0001-01-01T00:00:00Z",
        b"010101-0000",
        b"2031-02-27",
        b"a/b:",
        b"http://",
        b"content></",
        b"Representative",
        b"<memo:idType>cvr<",
    ],
)
def test_a_hundred_letters_show_every_oddity(sign):
    """What real letters look like (DIGITAL-POST.md 1.5) is in there."""
    assert any(sign in b"".join(memo_letter(Order(1, index, "13585628", "Bo"))) for index in range(100))


def test_a_nemsms_has_its_text_in_the_header_and_no_body():
    """As the schema wants it."""
    xml = b"".join(memo_letter(Order(1, 0, "13585628", "Bo", nemsms=True)))

    assert read(xml).kind == "NEMSMS"
    assert b"MessageBody" not in xml


def test_a_document_has_exactly_the_size_that_was_asked_for():
    """Also when it is larger than one piece."""
    facts = read(b"".join(memo_letter(Order(1, 0, "13585628", "Bo", document_bytes=300_001))), 1 << 16)

    assert facts.documents[0].size == 300_001
