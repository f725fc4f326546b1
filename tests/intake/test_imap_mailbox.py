"""ImapInbox as a mailbox: logging in, listing, waiting for news, losing the connection."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import trustme

from nemboks.ports import InboxError, Listed, Refused, Unavailable
from tests.helpers.circles import nothing_left
from tests.intake.imap_peer import imap_peer, sends, silent

LETTER = b"From: kommune@example.dk\r\n\r\nhej\r\n"


# --- logging in -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "reply", "error", "words"),
    [
        ("LOGIN", sends(b"TAG NO [AUTHENTICATIONFAILED] [ALERT] no\r\n"), Refused, "NO to the log-in"),
        ("LOGIN", sends(b"TAG NO [UNAVAILABLE] later\r\n"), Unavailable, "later"),
        ("LOGIN", sends(b"TAG NO [INUSE] later\r\n"), Unavailable, "later"),
        ("LOGIN", sends(b"TAG BAD what\r\n"), Unavailable, "BAD"),
        ("LOGIN", sends(b"* BYE too many connections\r\n", close=True), Unavailable, "too many connections"),
        ("LOGIN", sends(close=True), Unavailable, "closed"),
        ("LOGIN", silent, Unavailable, "in time"),
        ("CAPABILITY", sends(close=True), Unavailable, "closed|ended"),
        ("CAPABILITY", sends(b"TAG OK nothing\r\n"), Unavailable, "what it can"),
        ("CAPABILITY", sends(b"* CAPABILITY IMAP4rev1\r\nTAG NO not now\r\n"), Unavailable, "what it can"),
        ("SELECT", sends(b"TAG NO no such mailbox\r\n"), Refused, "no such mailbox"),
        ("SELECT", sends(b"TAG NO [UNAVAILABLE] later\r\n"), Unavailable, "later"),
        ("SELECT", sends(b"* OK [UIDVALIDITY 7]\r\nTAG OK [READ-ONLY] ok\r\n"), Refused, "only be read"),
        ("SELECT", sends(b"TAG OK [READ-WRITE] ok\r\n"), Refused, "UIDVALIDITY"),
        ("SELECT", silent, Unavailable, "in time"),
    ],
)
async def test_getting_in(imap, open_inbox, command, reply, error, words):
    """What keeps us out is a refusal of the mailbox or an outage, and the next call tries anew."""
    imap.script[command] = [reply]
    inbox = open_inbox(request_seconds=1.0, login_seconds=0.0)
    with pytest.raises(error, match=words) as caught:
        await inbox.list()

    assert getattr(caught.value, "mailbox", True)
    assert await inbox.list() == []


async def test_a_wrong_password_stays_secret(imap, open_inbox):
    """The words of a refused log-in hold neither password nor address."""
    with pytest.raises(Refused) as caught:
        await open_inbox(password="not you").list()
    assert "***, a***@bageri.example" in str(caught.value)


@pytest.mark.parametrize("word", ["a\r\nA1 LOGOUT", "a\x00b"])
async def test_a_line_break_in_a_password_is_refused(open_inbox, word):
    """A password can never become a second command."""
    with pytest.raises(Refused, match="line break"):
        await open_inbox(password=word).list()


@pytest.mark.parametrize("greeting", [b"* BYE busy\r\n", b"SSH-2.0-OpenSSH\r\n", b"* PREAUTH welcome\r\n", b""])
async def test_a_strange_greeting_is_an_outage(imap, open_inbox, greeting):
    """No ordinary greeting, no log-in."""
    imap.greeting = greeting
    with pytest.raises(Unavailable):
        await open_inbox(request_seconds=0.5).list()
    assert imap.commands("LOGIN") == []


async def test_an_unverified_server_hears_nothing(imap, open_inbox, tmp_path):
    """Another authority's certificate, or another name in it, ends it before the greeting (I19)."""
    (tmp_path / "other.pem").write_bytes(trustme.CA().cert_pem.bytes())
    (tmp_path / "named").mkdir()
    async with imap_peer(tmp_path / "named", "mail.example") as misnamed:
        for access in (replace(imap.access, ca_file=tmp_path / "other.pem"), misnamed.access):
            with pytest.raises(Unavailable, match="certificate cannot be verified"):
                await open_inbox(access=access).list()
    assert imap.lines == misnamed.lines == []


async def test_a_plain_server_hears_no_password(imap, open_inbox):
    """A server that speaks no TLS is an outage, and gets no log-in."""
    heard = bytearray()

    async def plain(reader, writer):
        writer.write(b"* OK plain\r\n")
        heard.extend(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    inbox = open_inbox(access=replace(imap.access, port=server.sockets[0].getsockname()[1]))
    with pytest.raises(Unavailable):
        await inbox.list()
    server.close()
    assert b"LOGIN" not in heard


async def test_no_host_no_connection(imap, open_inbox):
    """Without a server in the settings the mailbox is unavailable and says why."""
    with pytest.raises(Unavailable, match="settings"):
        await open_inbox(access=replace(imap.access, host="")).list()


# --- the list -------------------------------------------------------------------------------------------------------


async def test_the_list(imap, open_inbox):
    """Letters by ascending UID with their time of arrival; those already marked deleted are left out."""
    imap.letters = {30: LETTER, 4: LETTER, 9: LETTER}
    imap.deleted = {9}
    at = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert await open_inbox().list() == [Listed("7.4", at), Listed("7.30", at)]


async def test_a_long_list(imap, open_inbox):
    """Thousands of lines in one go are no trouble."""
    imap.letters = dict.fromkeys(range(1, 20_001), LETTER)
    assert len(await open_inbox().list()) == 20_000


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (sends(b"* 1 FETCH (UID 1 INTERNALDATE\r\nTAG OK x\r\n"), "cannot be read"),
        (sends(b"* 1 FETCH (UID 1 FLAGS (\\Seen INTERNALDATE)\r\nTAG OK x\r\n"), "cannot be read"),
        (sends(b"* 1 FETCH (" + b"A (" * 50 + b")" * 51 + b"\r\nTAG OK x\r\n"), "cannot be read"),
        (sends(b"TAG NO cannot\r\n"), "cannot"),
        (sends(b"* 1 FETCH (UID 1", close=True), "ended"),
        (sends(b"* 1 FETCH (X {3000000}\r\n" + b"x" * 3_000_000), "more than was asked"),
    ],
)
async def test_half_a_list_is_none(imap, open_inbox, reply, words):
    """A listing is whole or it is an outage."""
    imap.letters = {1: LETTER}
    imap.script["UID FETCH"] = [reply]
    inbox = open_inbox()
    with pytest.raises(Unavailable, match=words):
        await inbox.list()
    assert len(await inbox.list()) == 1


async def test_what_others_do_meanwhile_does_not_disturb(imap, open_inbox):
    """Flags, arrivals and removals of others in the middle of the answer are not taken for letters."""
    line = b'* 1 FETCH (UID 5 FLAGS () RFC822.SIZE 9 INTERNALDATE " 4-Mar-2026 06:06:07 +0100")\r\n'
    noise = b"* 2 FETCH (FLAGS (\\Seen) UID 6)\r\n* 7 EXISTS\r\n* 3 EXPUNGE\r\n* OK [ALERT] hi\r\n"
    imap.letters = {5: LETTER}
    imap.script["UID FETCH"] = [sends(noise, line, noise, b"TAG OK x\r\n")]
    [listed] = await open_inbox().list()
    assert listed == Listed("7.5", datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))


async def test_an_unreadable_date_is_no_date(imap, open_inbox):
    """A letter without a readable time of arrival is still listed."""
    imap.letters = {5: LETTER}
    imap.script["UID FETCH"] = [sends(b'* 1 FETCH (UID 5 INTERNALDATE "99-Foo-0000 x")\r\nTAG OK x\r\n')]
    assert await open_inbox().list() == [Listed("7.5", None)]


async def test_an_empty_mailbox_is_asked_once(imap, open_inbox):
    """SELECT has said that nothing is there; most looks are such."""
    inbox = open_inbox()
    assert await inbox.list() == []
    assert [len(imap.commands(word)) for word in ("SELECT", "UID FETCH")] == [1, 0]
    imap.letters = {3: LETTER}
    assert [x.upstream_id for x in await inbox.list()] == ["7.3"]


@pytest.mark.parametrize(
    "counts",
    [b"", b"* 0 EXISTS\r\n* 1 EXISTS\r\n", b"* 0 EXISTS or so\r\n", b"* 0 RECENT\r\n"],
    ids=["no count", "a letter comes meanwhile", "no number", "another count"],
)
async def test_only_a_plain_zero_is_empty(imap, open_inbox, counts):
    imap.letters = {3: LETTER}
    imap.script["SELECT"] = [sends(counts, b"* OK [UIDVALIDITY 7] valid\r\nTAG OK [READ-WRITE] in\r\n")]
    assert [x.upstream_id for x in await open_inbox().list()] == ["7.3"]


# --- the connection -------------------------------------------------------------------------------------------------


async def test_one_connection_is_kept(imap, open_inbox):
    """Calls one after the other use one connection."""
    inbox = open_inbox()
    for _ in range(3):
        await inbox.list()
    assert imap.connections == 1


async def test_a_lost_connection_is_opened_anew(imap, open_inbox):
    """A connection that ended between two calls costs nothing but a new one."""
    inbox = open_inbox()
    await inbox.list()
    imap.drop()
    async with asyncio.timeout(5):
        await inbox._connection.session.wire.closed.wait()
    assert await inbox.list() == []
    assert imap.connections == 2


async def test_close_takes_leave(imap, open_inbox):
    """An idle connection says LOGOUT; afterwards the inbox is unavailable."""
    inbox = open_inbox()
    await inbox.list()
    await inbox.close()
    assert imap.lines[-1] == b"LOGOUT"
    with pytest.raises(Unavailable, match="closed"):
        await inbox.list()


async def test_close_does_not_wait_for_a_mute_server(imap, open_inbox):
    """A server that does not answer cannot hold the end up."""
    inbox = open_inbox(request_seconds=60.0)
    imap.letters, imap.script["UID FETCH"] = {5: LETTER}, [silent]
    task = asyncio.create_task(inbox.list())
    while not imap.commands("UID FETCH"):
        await asyncio.sleep(0)
    async with asyncio.timeout(2):
        await inbox.close()
    with pytest.raises(Unavailable):
        await task


async def test_a_refused_login_is_not_tried_again_soon(imap, open_inbox):
    """Whoever wants the mailbox meanwhile hears the same no; a wrong password would else lock the account (I8)."""
    inbox = open_inbox(password="forkert", login_seconds=600.0)
    for use in (inbox.list, inbox.list, inbox.news):
        with pytest.raises(Refused, match="log-in") as refused:
            await use()
        assert refused.value.mailbox
    assert len(imap.commands("LOGIN")) == 1


async def test_a_refused_login_is_tried_again_later(imap, open_inbox):
    """After login_seconds the server is asked again, and may have changed its mind."""
    inbox = open_inbox(login_seconds=0.0)
    imap.script["LOGIN"] = [sends(b"TAG NO [AUTHENTICATIONFAILED] no\r\n")]
    with pytest.raises(Refused):
        await inbox.list()

    assert await inbox.list() == []


@pytest.mark.parametrize(
    "password", ['pa"ss\\word9', "two  spaces", "hunter@secret99.dk", "010203-1234xyz", "lang" * 75]
)
@pytest.mark.parametrize("end", [b"TAG NO ", b"TAG BAD ", b"* BYE "])
async def test_a_server_that_repeats_the_log_in_tells_nobody(imap, open_inbox, password, end):
    """However the password is written, and whatever else in the line is masked or cut."""

    async def echo(talk):
        await talk.send(end + talk.line + b"; " + password.encode() + b"\r\n")

    imap.script["LOGIN"] = [echo]
    with pytest.raises(InboxError) as caught:
        await open_inbox(password=password).list()
    words = str(caught.value)
    assert "***" in words
    for part in (password, password[:6], password[-6:], '"ss', "word9", "secret99", "1234", "xyz", "spaces"):
        assert part not in words


async def test_a_no_behind_a_goodbye_is_a_no(imap, open_inbox):
    """The server that begins to lock us out may say goodbye in the same breath; the log-in is not tried again (I8)."""
    imap.script["LOGIN"] = [sends(b"* BYE too many failures\r\nTAG NO [AUTHENTICATIONFAILED] no\r\n")]
    inbox = open_inbox(login_seconds=600.0)
    for _ in range(3):
        with pytest.raises(Refused, match="log-in"):
            await inbox.list()
    assert len(imap.commands("LOGIN")) == 1


@pytest.mark.parametrize("how", [
    "closed by us", "dropped by the server", "refused at the log-in", "never greeted", "silent in the end",
])  # fmt: skip
async def test_a_connection_that_is_over_is_gone_at_once(imap, open_inbox, how):
    """A pass over thousands of mailboxes connects to each: what waited for the collector of circles was 80 kB each."""
    imap.letters = {3: LETTER}
    if how == "refused at the log-in":
        imap.script["LOGIN"] = [sends(b"TAG NO no\r\n")]
    if how == "never greeted":
        imap.greeting = b""
    if how == "silent in the end":
        imap.script["SELECT"] = [silent]
    async with nothing_left():
        inbox = open_inbox(request_seconds=0.5)
        with suppress(InboxError):
            await inbox.list()
            async with inbox.fetch("7.3") as pieces:
                assert b"".join([piece async for piece in pieces]) == LETTER
            del pieces
        if how == "dropped by the server":
            imap.drop()
        else:
            await inbox.close()
