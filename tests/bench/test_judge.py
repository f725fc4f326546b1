"""The benchmark's judge sees what must not happen: a letter lost, doubled, altered, or at another's."""

import hashlib
from dataclasses import replace

import pytest

from bench.judge import Memos, Taken, judge_imap, taken
from bench.letters import cvrs, make

BODY = b".en linje\r\n..to\r\nslut\r\n"


@pytest.fixture
def letters(tmp_path):
    """Two mailboxes, two letters in each."""
    return make(tmp_path / "letters", cvrs(2), 2, ((2_000, 1),))


def mail(tmp_path, letter, number, stuffed=False):
    """The letter as the sink keeps it."""
    raw = letter.path.read_bytes().replace(b"\n", b"\r\n")
    path = tmp_path / f"{number}.eml"
    path.write_bytes(b"\r\n" + raw.replace(b"\r\n.", b"\r\n..") if stuffed else raw)
    return Taken(path, letter.recipient, stuffed, 0.0)


@pytest.fixture
def mails(letters, tmp_path):
    """Each letter once, by both ways of sending a body."""
    return [mail(tmp_path, letter, n, stuffed=n % 2 == 0) for n, letter in enumerate(letters)]


def test_all_as_it_should_be(mails, letters):
    """Each letter once, at its own, is `ok`, however its body was sent."""
    assert judge_imap(mails, letters) == "ok"


def test_a_lost_letter_is_seen(mails, letters):
    """A letter that did not arrive is missing."""
    assert judge_imap(mails[1:], letters) == "1 missing, 0 that were not expected"


def test_a_second_copy_is_seen(mails, letters):
    """A letter that arrived twice is one too many."""
    assert judge_imap([*mails, mails[0]], letters) == "0 missing, 1 that were not expected"


def test_another_recipient_is_seen(mails, letters):
    """A letter at another company's address is both missing and too many."""
    astray = replace(mails[0], to=letters[-1].recipient)

    assert judge_imap([astray, *mails[1:]], letters) == "1 missing, 1 that were not expected"


def test_an_altered_letter_is_seen(mails, letters):
    """One octet of the body is enough."""
    raw = mails[1].path.read_bytes()
    mails[1].path.write_bytes(raw.replace(b"punktum", b"punktun", 1))

    assert judge_imap(mails, letters) == "1 missing, 1 that were not expected"


def test_what_was_not_taken_does_not_count(tmp_path):
    """Only what the sink answered with 250 is in its list."""
    (tmp_path / "1.eml").write_bytes(b"half")
    (tmp_path / "taken").write_text("")

    assert taken(tmp_path) == []


def memo(tmp_path, *contents):
    """A mail with these files in it."""
    head = b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    parts = b"".join(b"--b\r\nContent-Type: application/pdf\r\n\r\n" + one + b"\r\n" for one in contents)
    path = tmp_path / "memo.eml"
    path.write_bytes(head + parts + b"--b--\r\n")
    return Taken(path, "post@a.example", False, 0.0)


def item(id_, *contents):
    """A letter as the simulator lists it."""
    documents = [{"sha256": hashlib.sha256(one).hexdigest(), "size": len(one)} for one in contents]
    return {"id": id_, "cvr": "1", "documents": documents}


@pytest.mark.parametrize(
    ("files", "verdict"),
    [
        ([b"one", b"two"], "ok"),
        ([b"one"], "1 missing, 1 that were not expected"),
        ([b"one", b"two", b"three"], "1 missing, 1 that were not expected"),
    ],
    ids=["whole", "a document less", "another letter's document"],
)
def test_a_memo_is_known_by_its_documents(tmp_path, files, verdict):
    """A mail counts for a letter when it has all of its documents and no other letter's."""
    memos = Memos([item(1, b"one", b"two")], {"1": "post@a.example"})
    known = Memos([item(1, b"one", b"two"), item(2, b"three")], {"1": "post@a.example"})
    judged = memos if b"three" not in files else known

    wanted = verdict if judged is memos else "2 missing, 1 that were not expected"
    assert judged.judge([memo(tmp_path, *files)]) == wanted
