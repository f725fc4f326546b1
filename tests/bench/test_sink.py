"""The benchmark's mail server keeps what it was sent, octet for octet, however it comes in pieces."""

import ssl

import pytest

from bench.judge import taken
from bench.sink import Room, Talk


class Wire:
    """The connection's other end: what was said to it."""

    def __init__(self):
        self.said = b""

    def write(self, data):
        self.said += data

    def get_extra_info(self, name):
        return self

    def setsockopt(self, *_):
        pass

    def close(self):
        pass


@pytest.fixture
def talk(tmp_path):
    """A connection into an empty room."""
    room = Room(tmp_path)
    made = Talk(room, ssl.create_default_context(ssl.Purpose.CLIENT_AUTH))
    made.connection_made(Wire())
    yield made
    room.close()


BODY = b"Subject: x\r\n\r\n.en\r\n..to\r\n...\r\nslut\r\n"
ENVELOPE = b"EHLO us\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_a_body_up_to_its_dot_in_pieces(talk, tmp_path, size):
    """DATA in pieces of any size brings the same octets, without the dots that were added."""
    sent = ENVELOPE + b"DATA\r\n" + BODY.replace(b"\r\n.", b"\r\n..") + b".\r\nQUIT\r\n"
    for start in range(0, len(sent), size):
        talk.data_received(sent[start : start + size])

    (mail,) = taken(tmp_path)
    assert mail.raw() == BODY
    assert mail.to == "c@d.example"


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_body_in_chunks(talk, tmp_path, size):
    """BDAT chunks, the last one empty, bring the same octets; only the last is a confirmation."""
    sent = ENVELOPE + b"BDAT 10\r\n" + BODY[:10] + b"BDAT %d\r\n" % len(BODY[10:]) + BODY[10:] + b"BDAT 0 LAST\r\n"
    for start in range(0, len(sent), size):
        talk.data_received(sent[start : start + size])

    (mail,) = taken(tmp_path)
    assert mail.raw() == BODY


def test_a_body_that_does_not_end_is_not_taken(talk, tmp_path):
    """A connection lost before the dot leaves no mail and no line in the list."""
    talk.data_received(ENVELOPE + b"DATA\r\nSubject: x\r\n\r\nhalf")
    talk.connection_lost(None)

    assert taken(tmp_path) == []
    assert not list(tmp_path.glob("*.eml"))
