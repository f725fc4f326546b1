"""Bad files: what is broken or a program is held, what is only odd goes as it came (SECURITY.md 8)."""

import io
import tracemalloc
import zipfile

import pytest

from nemboks.content.compose import compose
from nemboks.content.errors import ContentsDiffer, Unreadable
from nemboks.content.memo import FILES, MemoReader
from nemboks.content.split import split
from nemboks.domain.headline import Authority, Document, Headline, Kind, Role
from tests.badinput.opened import attached_of, mail_with
from tests.content.mails import html_of, text_of
from tests.content.memos import COPY, GIVEN, File, Memo, mail_of, read, writer

# The industry's harmless test file, in two halves so that no scanner takes this one for it.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MB = 1_000_000


def _headline(*sizes):
    """A letter with files of these sizes, as the ledger knows it."""
    documents = tuple(
        Document(Role.MAIN, f"{n}.pdf", "application/pdf", size, "0" * 64) for n, size in enumerate(sizes)
    )
    return Headline(Kind.MEMO, Authority("Skat", "87654321", "CVR"), "Bilag", sum(sizes) * 4 // 3, "0" * 64, documents)


@pytest.mark.parametrize("content", ["aGVq!", "aGVqI", "aGVqI=", "aGVqIA==aGVq", "=", "aGVq<b/>", "aG=q", "aGVqIA===="])
def test_b28_bad_base64(content):
    """A file that does not decode exactly makes the letter unreadable; it is never guessed at."""
    with pytest.raises(Unreadable):
        read(Memo(files=[File(content=content)]).xml())


def test_b29_another_digest():
    """Stored octets that are no longer the headline's never end a mail: the letter is fetched again."""
    raw = Memo(files=[File(b"%PDF-1.7 betal 100 kr.")]).xml()
    other = Memo(files=[File(b"%PDF-1.7 betal 999 kr.")]).xml()

    with pytest.raises(ContentsDiffer):
        mail_of(other, writer(read(raw)))


def test_b30_an_empty_pdf():
    """It is attached, empty, and both bodies say so."""
    _, message = mail_with(files=[File(b"")])
    (attached,) = message.iter_attachments()

    assert attached.get_payload(decode=True) == b""
    assert "(tom fil)" in text_of(message)
    assert "(tom fil)" in html_of(message)


@pytest.mark.parametrize("inside", [b"/S /JavaScript /JS (app.alert(1))", b"/S /Launch /F (cmd.exe)"])
def test_b31_an_active_pdf(inside):
    """It is delivered unchanged, and both bodies say what it is."""
    data = b"%PDF-1.7\n1 0 obj\n<< " + inside + b" >>\nendobj\n"
    _, message = mail_with(files=[File(data)])
    (attached,) = message.iter_attachments()

    assert attached.get_payload(decode=True) == data
    assert "aktivt indhold" in text_of(message)
    assert "aktivt indhold" in html_of(message)


@pytest.mark.parametrize("head", [b"MZ\x90\0\x03\0\0\0", b"\x7fELF\x02\x01\x01\0", b"#!/bin/sh\n"])
def test_b32_a_program_named_pdf(head):
    """The letter is held with words for people, and stays in Digital Post."""
    with pytest.raises(Unreadable, match="a file of the letter is a program"):
        read(Memo(files=[File(), File(head + b"\0" * 5000, role="AdditionalDocument")]).xml())


def test_b33_a_zip_bomb():
    """No archive is opened: it is attached as it is, at its small size."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("42.txt", b"\0" * 50 * MB)
    data = packed.getvalue()
    tracemalloc.start()
    try:
        names = attached_of(File(data, "42.zip", "application/zip"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert names == [("42.zip", data)]
    assert peak < 5 * MB


def test_b34_eicar():
    """This version has no scanner, so nothing claims that a file was scanned: it goes as the authority sent it."""
    assert attached_of(File(EICAR, "eicar.txt", "text/plain")) == [("eicar.txt", EICAR)]
    assert "skan" not in text_of(mail_with(files=[File(EICAR, "eicar.txt", "text/plain")])[1]).lower()


def test_b35_many_large_files():
    """Ten of 9.9 MB are split into mails that fit, each file in exactly one; five hundred and one are held."""
    headline = _headline(*[9_900_000] * 10)
    copy = split(headline, COPY, 35 * MB, **GIVEN)

    assert copy.count == 5
    assert sorted(index for part in copy.parts for index in part) == list(range(10))
    assert all(compose(headline, copy, part=n, **GIVEN).size <= 35 * MB for n in range(1, 6))
    with pytest.raises(Unreadable, match=f"more than {FILES} files"):
        read(Memo(files=[File(b"x")] * (FILES + 1)).xml())


def test_b36_one_file_of_150_mib():
    """It goes by in pieces, a few megabytes at a time, and no splitting makes it fit: the letter is too large."""
    start, _, end = Memo(files=[File(content="@")]).xml().partition(b"@")
    piece = b"QUFB" * (1 << 18)
    reader = MemoReader()
    tracemalloc.start()
    try:
        reader.feed(start)
        for _ in range(200):
            reader.feed(piece)
        reader.feed(end)
        headline = reader.close()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert headline.documents[0].size == 150 << 20
    assert peak < 32 * MB
    assert split(headline, COPY, 150 * MB, **GIVEN) is None
