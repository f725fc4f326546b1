"""The landing check, beside Dovecot with Sieve at work, and on lists of folders as other servers show them."""

from dataclasses import replace

import pytest

from nemboks.clock import RealClock
from nemboks.domain.mailbox import Options
from nemboks.intake.landing import ImapLandings, Login, plan
from nemboks.intake.search import Folder, unshifted
from nemboks.ports import Landed, Place, Refused, Unavailable
from tests.helpers import builders as make
from tests.helpers.dovecot_lmtp import FILED_RULE, JUNK_RULE, company
from tests.intake.imap_peer import sends, silent

ID = "<0123456789abcdef.1@nemboks.example>"
OTHER = "<0123456789abcdef.2@nemboks.example>"
MAILBOX = make.mailbox(options=Options(landing="bageri"))


def mail(message_id=ID):
    return f"From: post@nemboks.example\r\nSubject: Brev\r\nMessage-ID: {message_id}\r\n\r\nhej\r\n".encode()


@pytest.fixture
async def landings(pace):
    """Opens landing checks; all are closed at the end."""
    opened = []

    def open_(login, **waits):
        opened.append(ImapLandings({"bageri": login}, pace.model_copy(update=waits), RealClock()))
        return opened[-1]

    yield open_
    for each in opened:
        await each.close()


# --- a real mail server ---------------------------------------------------------------------------------------------


@pytest.mark.peer
async def test_a_mail_in_the_inbox(landings):
    """It is found by its own Message-ID and no other, over one kept connection."""
    with company() as server:
        landing = landings(server.login)
        assert await landing.look(MAILBOX, ID) is None
        await server.deliver(mail())
        assert await landing.look(MAILBOX, ID) == Landed(Place.INBOX, "INBOX")
        assert await landing.look(MAILBOX, OTHER) is None


@pytest.mark.peer
@pytest.mark.parametrize("partial", ["@", "", "<", "nemboks.example>", "<0123456789abcdef.1@", "a b@c", f"{ID} {ID}"])
async def test_a_senders_odd_message_id_is_not_found_in_any_mail(landings, partial):
    """A message that goes as it is brings its own: one that is only a part of others' proves nothing."""
    with company() as server:
        await server.deliver(mail())
        with pytest.raises(Refused, match="cannot be searched for"):
            await landings(server.login).look(MAILBOX, partial)


@pytest.mark.peer
async def test_a_filter_that_moves_to_junk_and_a_person_who_moves_it_back(landings):
    """Junk is told with the folder's name until the mail lies in the inbox."""
    with company(JUNK_RULE) as server:
        landing = landings(server.login)
        await server.deliver(mail())
        assert await landing.look(MAILBOX, ID) == Landed(Place.JUNK, "Junk")
        await server.do("Junk", "MOVE", "1:*", "INBOX")
        assert await landing.look(MAILBOX, ID) == Landed(Place.INBOX, "INBOX")


@pytest.mark.peer
async def test_a_rule_that_files_it(landings):
    """A folder of the company's own counts as the inbox."""
    with company(FILED_RULE) as server:
        await server.deliver(mail())
        assert await landings(server.login).look(MAILBOX, ID) == Landed(Place.INBOX, "Post fra det offentlige")


@pytest.mark.peer
async def test_a_mail_in_the_bin_or_marked_deleted(landings):
    """Both are the bin; what another client marked is not expunged by the look."""
    with company() as server:
        landing = landings(server.login)
        await server.deliver(mail())
        await server.deliver(mail(OTHER))
        await server.do("INBOX", "STORE", "1", "+FLAGS", "(\\Deleted)")
        await server.do("INBOX", "MOVE", "2", "Trash")
        assert await landing.look(MAILBOX, ID) == Landed(Place.BIN, "INBOX")
        assert await landing.look(MAILBOX, OTHER) == Landed(Place.BIN, "Trash")
        assert await server.count("INBOX") == 1


@pytest.mark.peer
async def test_a_look_changes_no_flag(landings):
    """Not even \\Recent: the next client that opens the folder is still told what is new."""
    with company() as server:
        await server.deliver(mail())
        await landings(server.login).look(MAILBOX, ID)
        (flags,) = await server.do("INBOX", "FETCH", "1", "(FLAGS)")
        assert b"\\Recent" in flags and b"\\Seen" not in flags


@pytest.mark.peer
async def test_danish_names_below_a_bin_of_old(landings):
    """A folder without a special use is known by its name, and what lies below it counts as it."""
    with company() as server:
        await server.deliver(mail())
        await server.create("U&APg-nsket mail/Gammelt")
        await server.do("INBOX", "MOVE", "1", '"U&APg-nsket mail/Gammelt"')
        assert await landings(server.login).look(MAILBOX, ID) == Landed(Place.JUNK, "Uønsket mail/Gammelt")


# --- odd servers ----------------------------------------------------------------------------------------------------


@pytest.fixture
def scripted(imap):
    """The scripted server with a LIST, an EXAMINE and a SEARCH."""
    imap.script["LIST"] = [sends(b'* LIST () "/" INBOX\r\n* LIST (\\Junk) "/" Spam\r\nTAG OK\r\n')] * 9
    imap.script["EXAMINE"] = [sends(b"* OK [UIDVALIDITY 7] x\r\nTAG OK [READ-ONLY] open\r\n")] * 9
    return imap


def login(imap):
    return Login(imap.access, "anna", "hemmelig")


async def test_only_reading_commands_are_given(scripted, landings):
    """EXAMINE and UID SEARCH; nothing that could change a mailbox."""
    found = sends(b"* SEARCH 5 9\r\nTAG OK\r\n")
    scripted.script["UID SEARCH"] = [sends(b"* SEARCH\r\nTAG OK\r\n"), found, found]
    assert await landings(login(scripted)).look(MAILBOX, ID) == Landed(Place.JUNK, "Spam")
    words = {line[:10] if line.startswith(b"UID") else line.split()[0] for line in scripted.lines}
    assert words <= {b"CAPABILITY", b"LOGIN", b"LIST", b"EXAMINE", b"UID SEARCH"}


async def test_a_folder_that_cannot_be_opened_is_passed_over(scripted, landings):
    """The rest is still looked at."""
    scripted.script["EXAMINE"] = [sends(b"TAG NO [NOPERM] not yours\r\n"), sends(b"TAG OK [READ-ONLY]\r\n")]
    scripted.script["UID SEARCH"] = [sends(b"* SEARCH 1\r\nTAG OK\r\n"), sends(b"* SEARCH 1\r\nTAG OK\r\n")]
    assert await landings(login(scripted)).look(MAILBOX, ID) == Landed(Place.JUNK, "Spam")


@pytest.mark.parametrize(
    ("command", "reply", "error"),
    [
        ("LIST", sends(b"TAG BAD what\r\n"), Unavailable),
        ("LIST", sends(b"* LIST broken\r\nTAG OK\r\n"), Unavailable),
        ("EXAMINE", sends(b"TAG BAD what\r\n"), Unavailable),
        ("UID SEARCH", sends(b"TAG NO [UNAVAILABLE] later\r\n"), Unavailable),
        ("UID SEARCH", sends(close=True), Unavailable),
        ("UID SEARCH", sends(b"TAG NO never\r\n"), Refused),
        ("UID SEARCH", silent, Unavailable),
    ],
)
async def test_a_look_that_fails_says_nothing_about_the_mail(scripted, landings, command, reply, error):
    """It is an error, never "not there", and ends within the pace's time."""
    scripted.script[command] = [reply]
    with pytest.raises(error):
        await landings(login(scripted), request_seconds=0.5).look(MAILBOX, ID)


async def test_no_login_no_look(imap, landings):
    """A landing that the settings do not name, or a refused login, is Refused; the login is not tried again at once."""
    landing = landings(Login(imap.access, "anna", "forkert"))
    for mailbox in (replace(MAILBOX, options=Options(landing="andet")), MAILBOX, MAILBOX):
        with pytest.raises(Refused):
            await landing.look(mailbox, ID)
    assert len(imap.commands("LOGIN")) == 1


async def test_a_message_id_that_would_break_out_is_refused(scripted, landings):
    """A line break in it never reaches the wire."""
    with pytest.raises(Refused):
        await landings(login(scripted)).look(MAILBOX, "<a\r\nA1 DELETE INBOX@x>")
    assert not any(b"DELETE" in line for line in scripted.lines)


async def test_a_connection_that_nobody_used_for_long_is_replaced(scripted, landings):
    """A firewall may have forgotten it; a busy one is kept."""
    scripted.script["UID SEARCH"] = [sends(b"* SEARCH\r\nTAG OK\r\n")] * 8
    landing = landings(login(scripted))
    await landing.look(MAILBOX, ID)
    await landing.look(MAILBOX, ID)
    assert scripted.connections == 1
    impatient = landings(login(scripted), spare_seconds=1e-9)
    await impatient.look(MAILBOX, ID)
    await impatient.look(MAILBOX, ID)
    assert scripted.connections == 3


async def test_shared_folders_are_not_the_companys(scripted, landings):
    """Other users' and shared namespaces are left out of the look."""
    scripted.capabilities += " NAMESPACE"
    scripted.script["NAMESPACE"] = [sends(b'* NAMESPACE (("" "/")) (("~" "/")) (("#shared/" "/"))\r\nTAG OK\r\n')]
    lines = b'* LIST () "/" INBOX\r\n* LIST () "/" "~bo/x"\r\n* LIST () "/" {9}\r\n#shared/a\r\nTAG OK\r\n'
    scripted.script["LIST"] = [sends(lines)]
    scripted.script["UID SEARCH"] = [sends(b"* SEARCH\r\nTAG OK\r\n")] * 3
    assert await landings(login(scripted)).look(MAILBOX, ID) is None
    assert scripted.commands("EXAMINE") == [b'EXAMINE "INBOX"']


# --- the order of folders -------------------------------------------------------------------------------------------


def folder(name, *attributes):
    return Folder(name, tuple(name.split("/")), frozenset(attributes))


def test_the_plan_with_all_mail():
    """As Gmail lists it: inbox, all mail (which alone proves nothing), spam, bin; labels are not opened."""
    listed = [
        folder("[Gmail]/All Mail", "\\all"), folder("[Gmail]/Bin", "\\trash"), folder("[Gmail]/Drafts", "\\drafts"),
        folder("[Gmail]/Sent Mail", "\\sent"), folder("[Gmail]/Spam", "\\junk"), folder("INBOX"), folder("Kunder"),
    ]  # fmt: skip
    assert [("INBOX", Place.INBOX), ("[Gmail]/All Mail", None), ("[Gmail]/Spam", Place.JUNK),
            ("[Gmail]/Bin", Place.BIN)] == [(each.raw, place) for each, place in plan(listed)]  # fmt: skip


def test_the_plan_by_names():
    """As a server without special uses lists it: the archive's turn is after the inbox, names tell junk and bin."""
    listed = [folder(name) for name in ("Kunder", "Papirkurv", "Slettet post/2025", "UØNSKET MAIL", "inbox", "Spam/x")]
    listed += [folder("Arkiv", "\\archive"), folder("Slettet post"), folder("Spam")]
    assert [("inbox", Place.INBOX), ("Arkiv", Place.INBOX), ("Kunder", Place.INBOX), ("UØNSKET MAIL", Place.JUNK),
            ("Spam/x", Place.JUNK), ("Spam", Place.JUNK), ("Papirkurv", Place.BIN), ("Slettet post/2025", Place.BIN),
            ("Slettet post", Place.BIN)] == [(each.raw, place) for each, place in plan(listed)]  # fmt: skip


@pytest.mark.parametrize(
    ("junk", "found"), [(b"* SEARCH\r\n", Place.INBOX), (b"* SEARCH 4\r\n", Place.JUNK)], ids=["archived", "junk"]
)
async def test_all_mail_may_show_junk(scripted, landings, junk, found):
    """What is found there is looked for in junk as well before it counts."""
    scripted.script["LIST"] = [
        sends(b'* LIST () "/" INBOX\r\n* LIST (\\All) "/" Alt\r\n* LIST (\\Junk) "/" Spam\r\nTAG OK\r\n')
    ]
    yes, no = sends(b"* SEARCH 3\r\nTAG OK\r\n"), sends(b"* SEARCH\r\nTAG OK\r\n")
    scripted.script["UID SEARCH"] = [no, yes, yes, sends(junk + b"TAG OK\r\n"), sends(junk + b"TAG OK\r\n")]
    landed = await landings(login(scripted)).look(MAILBOX, ID)
    assert landed is not None and landed.place is found


@pytest.mark.parametrize(
    ("raw", "name"),
    [("U&APg-nsket", "Uønsket"), ("A&-B", "A&B"), ("&2D3eAA-", "\U0001f600"), ("&x-", "&x-"), ("&AP-", "&AP-")],
)
def test_modified_utf_7(raw, name):
    """RFC 3501 5.1.3; what is not well formed stays as it is."""
    assert name == unshifted(raw)


async def test_a_list_without_end_ends(scripted, landings):
    """A server that lists folders for ever is given up."""
    scripted.script["LIST"] = [sends(*[b'* LIST () "/" a\r\n' * 1000] * 6)]
    with pytest.raises(Unavailable, match="end"):
        await landings(login(scripted)).look(MAILBOX, ID)
