"""What an IMAP server says, line by line and literal by literal (RELIABILITY.md 4d): inbox, return box, folders.

Every act ends in a value or one of the port's three errors. A letter's octets stand as they are in what the server
said, as many as it announced; our commands name one UID and no other, never a plain EXPUNGE; a letter is marked for
removal only after its own header was shown under its UID.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any, cast

from nemboks.clock import RealClock
from nemboks.domain.pace import Pace
from nemboks.intake import responses
from nemboks.intake.imap import Door, ImapAccess, ImapInbox
from nemboks.intake.imap_wire import ImapWire
from nemboks.intake.kept import KeptConnection
from nemboks.intake.patience import Patience
from nemboks.intake.removals import Removals
from nemboks.intake.returns import ImapReturnBox
from nemboks.intake.search import folders
from nemboks.intake.session import Session
from nemboks.ports import Gone, InboxError, Refused, Unavailable
from tests.fuzz.peer import FuzzTransport, Script
from tests.helpers.receipts import header_block, receipt

OUTCOMES = frozenset({"in", "list", "letter", "removed", "returned", "settled", "folders", "attributes", "Unavailable",
                      "Refused", "Refused mailbox", "Gone"})  # fmt: skip
LONGEST = 8_192
WORDS = (
    b"* OK [CAPABILITY IMAP4rev1] hi\r\n", b"* CAPABILITY X\r\n", b"hemmeligt",
    b"* OK [UIDVALIDITY 3] ok\r\n", b"NB1 OK\r\n", b"NB2 OK\r\n", b"NB3 OK\r\n", b"NB2 NO [INUSE] ", b"NB2 BAD ",
    b"* 1 FETCH (UID 7 ", b'INTERNALDATE "21-Nov-2026 10:00:00 +0100" ', b"RFC822.SIZE 42 ", b"FLAGS (\\Deleted) ",
    b"BODY[] {4}\r\n", b"BODY[HEADER] {26}\r\n", b"BODY[]<0> ", b")\r\n", b"NIL", b'"', b"\\", b"{", b"}", b"(",
    b"* BYE ", b"* 2 EXISTS\r\n", b"* 1 EXPUNGE\r\n", b"* SEARCH 7 8\r\n", b'* LIST (\\Junk) "/" "A&AOY-"\r\n', 
    b"[READ-ONLY]", b"\x1e", b"+ go\r\n",
    b"* NAMESPACE ", b"[EXPUNGEISSUED]",
)  # fmt: skip
LETTER = b"Subject: Brev\r\nX: y\r\n\r\nHej\r\n"
PASSWORD = "hemmeligt"
KEY, PACE = "3.7", Pace.demo().model_copy(update={"request_seconds": 5.0})
ACCESS = ImapAccess("imap.example", 993, None)
_ALLOWED = re.compile(
    rb'NB1 LOGIN "anna" "hemmeligt"\r\n|NB2 CAPABILITY\r\n|'
    rb"NB[0-9]+ (SELECT INBOX|NOOP|NAMESPACE|UID FETCH (1:\*|7|8|9|[0-9]{1,10}) \([A-Z0-9. \[\]<>a-z]+\)|"
    rb"UID SEARCH [A-Z ]+|"
    rb'LIST "" "\*"( RETURN \(SPECIAL-USE\))?|UID STORE 7 \+FLAGS\.SILENT \(\\(Deleted|Flagged)\)|UID EXPUNGE 7)\r\n'
)


def check(octets: bytes) -> str:
    """The outcome of one act, or of reading a FETCH response by itself."""
    script = Script.of(octets)
    if script.act == b"a":
        return _attributes(b"".join(script.segments))
    return asyncio.run(_acted(script))


def _attributes(text: bytes) -> str:
    try:
        found = responses.attributes(text)
    except Unavailable:
        return "Unavailable"
    for name, value in found.items():
        assert name == name.upper()
        responses.number(value), responses.internal_date(value)
    return "attributes"


class _Login:
    """An account whose connection is made already."""

    def __init__(self, opener: Callable[[Any], Any]) -> None:
        self._opener = opener

    def connection(self, pace: Pace, clock: Any) -> KeptConnection:
        return KeptConnection(self._opener, clock)


def connected(transport: FuzzTransport, notify: Callable[[], None] = lambda: None) -> ImapWire:
    """A connection to the scripted server, which has said nothing yet."""
    wire = ImapWire(Patience(PACE, RealClock()), notify)
    transport.set_protocol(wire)
    wire.connection_made(transport)
    return wire


def logged_in(wire: ImapWire, *capabilities: str) -> Session:
    """The session behind a log-in that went well."""
    wire.data_received(b"* OK ready\r\n")
    session = Session(wire, PACE, RealClock())
    session.capabilities = frozenset(capabilities)
    return session


async def _acted(script: Script) -> str:
    transport = FuzzTransport(script)

    async def opener(notify: Callable[[], None]) -> Session:
        if transport.is_closing():
            raise Unavailable("nobody listens any more")
        wire = connected(transport, notify)
        if script.act == b"p":
            return await Door(ACCESS, "anna", PASSWORD, PACE, RealClock())._logged_in(wire)
        return logged_in(wire, "UIDPLUS", "NAMESPACE")

    try:
        outcome = await transport.play(_act(script.act, opener, transport))
    except InboxError as error:
        words = str(error)
        assert words.isprintable() and len(words) < 700 and PASSWORD not in words, words
        kind = next(kind for kind in (Unavailable, Refused, Gone) if isinstance(error, kind)).__name__
        outcome = f"{kind} mailbox" if isinstance(error, Refused) and error.mailbox else kind
    for command, before in zip(transport.written, transport.said_before, strict=True):
        assert _ALLOWED.fullmatch(command), command
        if script.act == b"r" and b" STORE " in command:
            assert header_block(LETTER) in transport.said[:before], "a mark on a letter that was not looked at"
    return outcome


async def _act(act: bytes, opener: Callable[[Any], Any], transport: FuzzTransport) -> str:
    if act == b"p":
        session: Session = await opener(lambda: None)
        assert session.capabilities and all(re.fullmatch(r"[^a-z\s]+", name) for name in session.capabilities)
        return "in"
    if act == b"b":
        return await _returned(ImapReturnBox(cast(Any, _Login(opener)), PACE, RealClock()), transport)
    if act == b"d":
        for folder in await folders(await opener(lambda: None)):
            assert re.fullmatch(r"[ -~]{1,500}", folder.raw) and folder.name.isprintable()
        return "folders"
    inbox = ImapInbox(ACCESS, "anna", PASSWORD, PACE, RealClock())
    inbox._connection = KeptConnection(opener, RealClock())
    inbox._removals = Removals(inbox._connection)
    if act == b"f":
        return await _fetched(inbox, transport)
    if act == b"r":
        words = await inbox.acknowledge(receipt(KEY, LETTER), repeated=False)
        assert words.isprintable()
        assert sum(b" UID STORE 7 " in line for line in transport.written) == 1
        assert sum(b" UID EXPUNGE 7\r\n" in line for line in transport.written) == 1
        return "removed"
    if act == b"n":  # the second look on a connection asks for news alone
        await inbox.list()
    for one in await inbox.list():
        assert re.fullmatch(r"[0-9]{1,10}\.[0-9]{1,10}", one.upstream_id), one.upstream_id
        assert one.available_at is None or one.available_at.utcoffset() is not None
    return "list"


async def _fetched(inbox: ImapInbox, transport: FuzzTransport) -> str:
    async with inbox.fetch(KEY) as pieces:
        letter = b"".join([piece async for piece in pieces])
    said = transport.said
    quoted = letter.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    literal = b"{%d}\r\n%s" % (len(letter), letter)
    assert literal in said or b'"' + quoted + b'"' in said or b"\\" in said, "a letter that nobody sent"
    told = [int(size) for size in re.findall(rb"RFC822\.SIZE[ \t]+([0-9]{1,18})", said, re.IGNORECASE)]
    assert len(letter) in told, "another size than the server's own"
    assert b"NB2 OK" in said.upper()
    return "letter"


async def _returned(box: ImapReturnBox, transport: FuzzTransport) -> str:
    found = await box.waiting(3)
    assert len(found) <= 3 and all(mail.raw in transport.said or b"\\" in transport.said for mail in found)
    if not any(mail.key == KEY for mail in found):
        return "returned"
    await box.settle(KEY, understood=True)
    return "settled"
