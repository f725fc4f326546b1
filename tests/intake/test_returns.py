"""The box for returned mail: what waits in it, what is removed, what is kept for people."""

import pytest

from nemboks.clock import RealClock
from nemboks.intake.landing import Login
from nemboks.intake.returns import FIRST_BYTES, ImapReturnBox
from nemboks.ports import Refused, Unavailable
from tests.helpers.dovecot_lmtp import company
from tests.intake.imap_peer import sends, silent


def bounce(number, size=0):
    return f"From: MAILER-DAEMON@example.dk\r\nSubject: {number}\r\n\r\n{'x' * size}\r\n".encode()


@pytest.fixture
async def boxes(pace):
    """Opens return boxes; all are closed at the end."""
    opened = []

    def open_(login, **waits):
        opened.append(ImapReturnBox(login, pace.model_copy(update=waits), RealClock()))
        return opened[-1]

    yield open_
    for each in opened:
        await each.close()


# --- a real server --------------------------------------------------------------------------------------------------


@pytest.mark.peer
async def test_messages_wait_until_each_is_settled(boxes):
    """Oldest first, at most so many; understood ones are removed, the others flagged and never seen again."""
    with company() as server:
        for number in range(4):
            await server.deliver(bounce(number))
        box = boxes(server.login)
        first, second = await box.waiting(2)
        assert b"Subject: 0\r\n" in first.raw and b"Subject: 1\r\n" in second.raw
        assert [first, second] == list(await box.waiting(2))  # reading changes nothing
        await box.settle(first.key, understood=True)
        await box.settle(second.key, understood=False)
        third, fourth = await box.waiting(9)
        assert b"Subject: 2\r\n" in third.raw and b"Subject: 3\r\n" in fourth.raw
        flags = await server.do("INBOX", "FETCH", "1:*", "(FLAGS)")
        assert len(flags) == 3 and b"\\Flagged" in flags[0] and not any(b"\\Seen" in line for line in flags)


@pytest.mark.peer
async def test_settling_twice_or_after_somebody_else_is_harmless(boxes):
    """After a crash between the commit and the removal the message is settled again; others stay."""
    with company() as server:
        for number in range(3):
            await server.deliver(bounce(number))
        box = boxes(server.login)
        mails = await box.waiting(9)
        await server.do("INBOX", "STORE", "3", "+FLAGS", "(\\Deleted)")  # another client's mark
        for _ in range(2):
            await box.settle(mails[0].key, understood=True)
        await box.settle("1.1", understood=True)  # another UIDVALIDITY: left alone
        assert [mails[1]] == list(await box.waiting(9))
        assert await server.count("INBOX") == 2


@pytest.mark.peer
async def test_of_a_large_message_only_the_beginning_is_fetched(boxes):
    """1 MiB, whatever its size."""
    with company() as server:
        await server.deliver(bounce(1, 990) + (b"y" * 990 + b"\r\n") * 3000)
        (mail,) = await boxes(server.login).waiting(1)
        assert FIRST_BYTES == len(mail.raw)


# --- odd servers ----------------------------------------------------------------------------------------------------


def login(imap):
    return Login(imap.access, "anna", "hemmelig")


def found(*uids):
    return sends(b"* SEARCH " + b" ".join(b"%d" % uid for uid in uids) + b"\r\nTAG OK\r\n")


async def test_only_what_nobody_touched_is_asked_for(imap, boxes):
    """Flagged and deleted messages are the server's to leave out; PEEK and a range, nothing more."""
    imap.script["UID SEARCH"] = [found(5)]
    imap.script["UID FETCH"] = [
        sends(b"* 1 FETCH (FLAGS (\\Seen))\r\n* 1 FETCH (BODY[]<0> {3}\r\nabc UID 5)\r\nTAG OK\r\n")
    ]
    (mail,) = await boxes(login(imap)).waiting(3)
    assert ("7.5", b"abc") == (mail.key, mail.raw)
    assert imap.commands("UID") == [b"UID SEARCH UNDELETED UNFLAGGED", b"UID FETCH 5 (UID BODY.PEEK[]<0.1048576>)"]


@pytest.mark.parametrize(
    ("answer", "raw"),
    [
        (b'* 1 FETCH (UID 5 BODY[]<0> "abc")\r\nTAG OK\r\n', [b"abc"]),
        (b"TAG OK\r\n", []),
        (b"* 1 FETCH (UID 5 BODY[]<0> NIL)\r\nTAG OK\r\n", []),
        (b"* 1 FETCH (UID 6 BODY[]<0> {3}\r\nabc)\r\nTAG OK\r\n", []),
        (b"TAG NO cannot be read\r\n", [b""]),
    ],
    ids=["quoted", "gone", "nil", "another", "never"],
)
async def test_answers_to_a_fetch(imap, boxes, answer, raw):
    """One that is gone is passed over; one that the server can never give comes empty, so that people look at it."""
    imap.script["UID SEARCH"] = [found(5)]
    imap.script["UID FETCH"] = [sends(answer)]
    assert raw == [mail.raw for mail in await boxes(login(imap)).waiting(3)]


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("UID SEARCH", sends(b"TAG BAD\r\n")),
        ("UID FETCH", silent),
        ("UID FETCH", sends(b"* 1 FETCH (UID 5 BODY[]<0> {2000000}\r\n", b"x" * 2_000_000, b")\r\nTAG OK\r\n")),
        ("UID FETCH", sends(b"TAG NO [UNAVAILABLE] later\r\n")),
        ("UID FETCH", sends(b"* 1 FETCH (UID 5 BODY[]<0> {9}\r\nabc", close=True)),
    ],
    ids=["search", "silent", "too much", "not now", "cut"],
)
async def test_a_box_that_fails_is_unavailable(imap, boxes, command, reply):
    """In time and in bounded memory; the next call opens another connection."""
    imap.script["UID SEARCH"] = [found(5)] if command != "UID SEARCH" else []
    imap.script[command].append(reply)
    box = boxes(login(imap), request_seconds=0.5)
    with pytest.raises(Unavailable):
        await box.waiting(3)
    imap.script["UID SEARCH"] = [found()]
    assert [] == list(await box.waiting(3))


async def test_without_uidplus_a_message_is_only_marked(imap, boxes):
    """A plain EXPUNGE would remove what others marked."""
    imap.capabilities = "IMAP4rev1"
    imap.letters[5] = b"x"
    await boxes(login(imap)).settle("7.5", understood=True)
    assert {5} == imap.deleted and not imap.commands("EXPUNGE") + imap.commands("UID EXPUNGE")


async def test_a_removal_that_fails_is_an_error(imap, boxes):
    """Then the message is read again, which repeats harmlessly."""
    imap.script["UID STORE"] = [sends(b"TAG NO [NOPERM] no\r\n")] * 2
    for understood in (True, False):
        with pytest.raises(Refused):
            await boxes(login(imap)).settle("7.5", understood)


async def test_a_refused_login_is_refused_and_remembered(imap, boxes):
    """The account is not locked by asking every minute."""
    box = boxes(Login(imap.access, "anna", "forkert"))
    for _ in range(3):
        with pytest.raises(Refused):
            await box.waiting(1)
    assert len(imap.commands("LOGIN")) == 1


def test_a_login_does_not_show_its_password(imap):
    """Not in a traceback or a log."""
    assert "hemmelig" not in repr(login(imap))
