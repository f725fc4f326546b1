"""What holds for every mail of a MeMo: sound, the same each time, and never of other contents than the headline's."""

from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from hashlib import sha256 as digest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemboks.content.errors import ContentsDiffer, UnsafeHeader
from tests.content.mails import NAMES, attachments, mailed
from tests.content.memos import COPY, File, Memo, action, entry, mail_of, read, writer


@pytest.mark.parametrize("step", [1, 7, 57, 1000, 65_536, 1 << 20])
def test_same_bytes_whatever_the_pieces(step):
    """How the stored letter is cut never shows in the mail, and a second copy is the same."""
    raw = Memo(files=[File(b"abc" * 30_000), File(b"d" * 58), File(b"e" * 57)]).xml()
    headline = read(raw)
    mail = writer(headline)

    assert mail_of(raw, mail, step) == mail_of(raw, writer(headline))


@settings(deadline=None, max_examples=200)
@given(
    title=st.text(max_size=300),
    authority=st.text(max_size=100),
    sizes=st.lists(st.integers(0, 400), min_size=1, max_size=4),
    name=st.text(st.characters(), max_size=100),
    company=st.text(st.characters(), max_size=100),
    upstream_id=st.text(st.characters(), max_size=60),
)
def test_any_letter_makes_a_sound_mail(title, authority, sizes, name, company, upstream_id):
    """Size exact, the fields exactly ours, documents unchanged, lines short, whatever the letter says."""
    raw = Memo(files=[File(b"z" * size) for size in sizes]).xml()
    plain = read(raw)
    headline = replace(
        plain,
        title=title,
        authority=replace(plain.authority, name=authority),
        documents=plain.documents,
    )
    mail = writer(headline, company=company, upstream_id=upstream_id)
    octets = mail_of(raw, mail)
    message = message_from_bytes(octets, policy=default)

    assert len(octets) == mail.size
    assert message.keys() == NAMES
    assert [part.get_payload(decode=True) for part in attachments(message)] == [b"z" * size for size in sizes]
    assert octets.isascii()
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    assert mail.eight_bit is False


def _feed(mail, raw):
    """The whole mail; only its exception matters."""
    mail_of(raw, mail, 100)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw[:-1],
        lambda raw: raw + b"\n",
        lambda raw: raw.replace(b"2026", b"2027"),
        lambda raw: raw.replace(b"MainDocument", b"AdditionalDocument"),
        lambda raw: Memo(files=[File(b"other contents!!!")]).xml(),
        lambda raw: Memo(files=[File(b"longer" * 99)]).xml(),
        lambda raw: Memo(files=[File(), File()]).xml(),
        lambda raw: Memo(kind="NEMSMS", files=[]).xml(),
        lambda raw: b"",
        lambda raw: b"<html>",
        lambda raw: raw.replace(b"<memo:content>", b"<memo:content>!"),
    ],
)
def test_other_contents_never_end_a_mail(change):
    """If the stored bytes are not the headline's, the mail is not finished."""
    raw = Memo().xml()
    headline = read(raw)

    with pytest.raises(ContentsDiffer):
        _feed(writer(headline), change(raw))


def test_a_headline_of_other_documents_is_refused():
    """The same bytes under a headline that tells of other documents make no mail."""
    raw = Memo(files=[File(), File()]).xml()
    headline = read(raw)

    for documents in (headline.documents[:1], headline.documents * 2, ()):
        with pytest.raises(ContentsDiffer):
            _feed(writer(replace(headline, documents=documents)), raw)


def test_a_nemsms_is_never_mailed():
    """There is no mail of a NemSMS."""
    headline = read(Memo(kind="NEMSMS", files=[], created="").xml())

    with pytest.raises(ValueError, match="NemSMS"):
        writer(headline)


def test_another_format_is_refused():
    """A row written by another version is not sent as something else."""
    with pytest.raises(ValueError, match="format"):
        writer(read(Memo().xml()), replace(COPY, format=2))


@pytest.mark.parametrize(
    "copy",
    [replace(COPY, seed="a b"), replace(COPY, seed=""), replace(COPY, message_id="<x@y>\r\nBcc: x")],
)
def test_a_bad_copy_is_refused(copy):
    """What the row says of the mail is checked too before anything is sent."""
    with pytest.raises(UnsafeHeader):
        writer(read(Memo().xml()), copy)


def test_the_format_does_not_drift():
    """A mail of format 1 stays octet for octet what it was: copies across an upgrade must fold (D13).

    If this fails, either undo the change, or give it a new `Copy.format` and keep the old way for rows that have it.
    """
    files = [File(actions=action(inside=entry("https://virk.dk/"))), File(b"\0" * 500, "a.bin", "application/x-a")]
    mail, _ = mailed(Memo(files=files, legal="true", extra="<memo:reply>true</memo:reply>"))

    assert digest(mail).hexdigest() == "d8925dbe3594dc9a8174af239daf5ae55c0d54df2cf2b1598228c35aa6bb28d4"
