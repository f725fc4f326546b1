"""The IMAP face: letters as mails, pushed to who waits, gone when expunged, and the faults of its family."""

import email
import hashlib
import imaplib
import socket
from email.policy import default

import pytest

ALL = "(RFC822.SIZE INTERNALDATE BODY.PEEK[])"


@pytest.fixture
def inbox(world):
    client = world.imap()
    yield client
    client.shutdown()


def fetch(client, letter, what=ALL):
    client.noop()  # the server tells of new messages only between commands
    answers = client.uid("FETCH", str(letter["uid"]["uid"]), what)[1]
    return next((answer for answer in answers if isinstance(answer, tuple)), None)


def post(world, index=0, **more):
    return world.post(world.cvr("imap"), index, **more)


@pytest.mark.parametrize("index", range(6))
def test_a_letter_is_an_ordinary_mail(world, inbox, index):
    """Its bytes, title, sender and documents are those that the control interface tells."""
    letter = post(world, index)
    head, content = fetch(inbox, letter)
    message = email.message_from_bytes(content, policy=default)
    files = [part for part in message.walk() if part.get_filename()] or [message]

    assert f"RFC822.SIZE {len(content)}".encode() in head
    assert hashlib.sha256(content).hexdigest() == letter["raw_sha256"]
    assert (message["Subject"], message["From"].addresses[0].display_name) == (letter["label"], letter["sender"])
    assert [hashlib.sha256(one.get_payload(decode=True)).hexdigest() for one in files] == [
        document["sha256"] for document in letter["documents"]
    ]
    assert letter["message_uuid"] is None
    assert world.letter(letter["id"])["acts"][-1]["act"] == "fetched"


def test_an_expunge_is_stamped_with_the_letter_it_took(world, inbox):
    """UID STORE and UID EXPUNGE of one message take that one only."""
    first, second = post(world), post(world)
    inbox.noop()
    uid = str(first["uid"]["uid"])
    inbox.uid("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
    between = world.letter(first["id"])
    inbox.uid("EXPUNGE", uid)

    gone, stays = world.letter(first["id"]), world.letter(second["id"])
    assert between["listed"] is True
    assert (gone["listed"], gone["removed"]) == (False, gone["expunged"])
    assert gone["acts"][-1]["act"] == "expunged"
    assert (stays["listed"], stays["expunged"]) == (True, None)
    assert fetch(inbox, first) is None


def test_moving_a_letter_away_counts_as_its_removal(world, inbox):
    """And the moved copy can still be read."""
    letter = post(world)
    inbox.noop()
    inbox.create("Arkiv")
    inbox.uid("MOVE", str(letter["uid"]["uid"]), "Arkiv")
    inbox.select("Arkiv")
    moved = inbox.uid("FETCH", "1:*", "(BODY.PEEK[])")[1][0][1]
    inbox.select("INBOX")

    assert world.letter(letter["id"])["removed"]
    assert hashlib.sha256(moved).hexdigest() == letter["raw_sha256"]


@pytest.mark.parametrize("before", [True, False])
def test_whoever_idles_is_told(world, inbox, before):
    """Of a letter that comes during IDLE, and of one that came just before it."""
    if before:
        post(world)
    inbox.send(b"T1 IDLE\r\n")
    assert inbox.readline().startswith(b"+")
    if not before:
        post(world)
    assert inbox.readline().endswith(b" EXISTS\r\n")
    inbox.send(b"DONE\r\n")
    while not inbox.readline().startswith(b"T1 OK"):
        pass


def test_parts_headers_and_structure_can_be_fetched(world, inbox):
    """For clients that do not take whole messages."""
    letter = post(world, index=1)
    content = world.control.get(f"letters/{letter['id']}/content").content

    assert fetch(inbox, letter, "(BODY.PEEK[]<100.50>)")[1] == content[100:150]
    assert fetch(inbox, letter, "(BODY.PEEK[HEADER])")[1] == content[: content.index(b"\r\n\r\n") + 4]
    structure = inbox.uid("FETCH", str(letter["uid"]["uid"]), "(BODYSTRUCTURE)")[1]
    # A random boundary may come as a literal; the library then brings the answer in pieces.
    pieces = [piece for answer in structure for piece in (answer if isinstance(answer, tuple) else (answer,))]
    answer = b"".join(filter(None, pieces))
    assert b"BODYSTRUCTURE" in answer and b"base64" in answer, structure


def test_a_clients_own_message_is_no_letter(world, inbox):
    """APPEND works; the list of letters does not grow."""
    before = len(world.items("letters"))
    inbox.append("INBOX", None, None, b"Subject: x\r\n\r\nhej\r\n")
    inbox.noop()
    found = inbox.uid("SEARCH", "SUBJECT", "x")[1][0].split()[-1]
    inbox.uid("STORE", found, "+FLAGS.SILENT", r"(\Deleted)")
    inbox.uid("EXPUNGE", found)

    assert len(world.items("letters")) == before


def test_each_user_sees_the_own_letters_only(world, inbox):
    """A letter for one company does not show in another's INBOX."""
    before = len(inbox.uid("SEARCH", "ALL")[1][0].split())
    world.post(world.cvr("imap", 1))
    inbox.noop()

    assert len(inbox.uid("SEARCH", "ALL")[1][0].split()) == before


def test_a_wrong_password_and_the_fault_both_say_no(world):
    """And the next login succeeds."""
    at, user = world.ready["imap"], world.ready["imap"]["users"][0]["user"]
    with imaplib.IMAP4_SSL(at["host"], at["port"], ssl_context=world.tls) as client:
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.login(user, "wrong")
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            client.login("nobody", "wrong")
    world.fault("imap-login-no")
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        world.imap()
    world.imap().shutdown()


@pytest.mark.parametrize("what", ["(BODY.PEEK[])", "(BODY.PEEK[]<0.2000>)"])
def test_a_fetch_can_be_cut_in_the_middle_of_a_letter(world, inbox, what):
    """Headers and sizes still come; the letter does not; the next connection gets it whole."""
    letter = post(world, document_bytes=50_000)
    world.fault("imap-fetch-cut")
    assert fetch(inbox, letter, "(RFC822.SIZE BODY.PEEK[HEADER])")
    with pytest.raises(imaplib.IMAP4.abort):
        fetch(inbox, letter, what)
    again = world.imap()
    assert hashlib.sha256(fetch(again, letter)[1]).hexdigest() == letter["raw_sha256"]
    again.shutdown()


def test_idle_can_be_cut(world, inbox):
    """The connection ends soon after IDLE began."""
    world.fault("imap-idle-cut")
    inbox.send(b"T1 IDLE\r\n")
    assert inbox.readline().startswith(b"+")
    assert inbox.readline() == b""


def test_a_rebuilt_mailbox_has_new_keys_for_the_same_letters(world, inbox):
    """Everyone is thrown out; after the next login UIDVALIDITY is higher, once for each user."""
    letter = post(world)
    world.fault("imap-uidvalidity", times=None)
    with pytest.raises(imaplib.IMAP4.abort):
        inbox.noop()
    again, third = world.imap(), world.imap()
    seen = world.letter(letter["id"])
    content = fetch(again, seen)[1]
    again.shutdown(), third.shutdown()

    assert seen["uid"]["uidvalidity"] == letter["uid"]["uidvalidity"] + 1
    assert seen["uids"] == [letter["uid"], seen["uid"]]
    assert hashlib.sha256(content).hexdigest() == letter["raw_sha256"]


@pytest.mark.parametrize("nonsense", [b"\x00\xff\r\n" * 9, b"A" * 2_000_000 + b"\r\n", b"a LOGIN {9}\r\n", b"\r\n"])
def test_nonsense_ends_one_connection_at_most(world, inbox, nonsense):
    """Others go on as before."""
    at = world.ready["imap"]
    with (
        socket.create_connection((at["host"], at["port"])) as raw,
        world.tls.wrap_socket(raw, server_hostname="localhost") as client,
    ):
        client.sendall(nonsense)
        assert client.recv(100)
    assert inbox.noop()[0] == "OK"


def test_a_large_letter_is_fetched_whole(world, inbox):
    """Twenty megabytes."""
    letter = post(world, document_bytes=20_000_000)

    assert hashlib.sha256(fetch(inbox, letter)[1]).hexdigest() == letter["raw_sha256"]
