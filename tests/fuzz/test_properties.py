"""Properties of the parsers that free octets seldom reach: what is well formed is understood, whole and however cut."""

import asyncio
import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from nemboks.content import message
from nemboks.domain.mailbox import Address
from nemboks.domain.verdict import Verdict
from nemboks.intake.rest_calls import RestAccess
from tests.fuzz.parsers import imap, rest, smtp, table
from tests.fuzz.parsers import settings as settings_file
from tests.fuzz.peer import BETWEEN, FuzzTransport, Script

SOME = settings(max_examples=40, deadline=None)
STEPS = st.sampled_from([1, 2, 3, 7, 0x2F])
IDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40).filter(
    lambda text: text not in (".", "..")
)

USABLE = re.compile(r"(?!\.{1,2}$)[!-~]{1,255}")
NO_IDS = st.sampled_from(["", ".", "..", "a b", "å", "\0", "x" * 256, 7, None, True, [], {"id": "a"}])


def script(act: bytes, step: int, *segments: bytes) -> bytes:
    """The input of a harness with a peer."""
    return act + bytes([step]) + BETWEEN.join(segments)


def answer(body: bytes, status: int = 200) -> bytes:
    """An HTTP answer with this body."""
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


@SOME
@given(st.lists(st.lists(IDS | NO_IDS, min_size=1, max_size=4), min_size=1, max_size=5), STEPS)
def test_every_id_of_every_page_is_listed_once(pages: list[list[object]], step: int) -> None:
    """In upstream's order, in lower case; however the answers are cut, and whatever stands between the ids."""
    bodies = [
        json.dumps({"content": ids, "number": number, "totalPages": len(pages)}).encode()
        for number, ids in enumerate(pages)
    ]
    wanted: dict[str, None] = {}
    strange: set[str] = set()
    for ids in pages:
        before = len(wanted) + len(strange)
        names = [each for each in ids if isinstance(each, str) and USABLE.fullmatch(each)]
        wanted |= dict.fromkeys(each.lower() for each in names)
        strange |= {repr(each) for each in ids if each not in names}
        if len(wanted) + len(strange) == before:  # a page that only repeats ends the list
            break
    found: list[str] = []
    counted: list[int] = []

    async def listed() -> None:
        net = rest._Net(Script.of(script(b"l", step, *map(answer, bodies))))
        async with rest._Client(net) as client:
            access = RestAccess("https://digitalpost.example/apis/v1/", None, None, None)
            inbox = rest.RestInbox(client, access, "system", rest.TOKEN, rest.PACE, rest.RealClock())
            found.extend([one.upstream_id for one in await inbox.list()])
            counted.append(inbox.unusable)

    asyncio.run(listed())
    assert (list(wanted), [len(strange)]) == (found, counted)


@SOME
@given(st.binary(max_size=400), STEPS, st.booleans())
def test_an_imap_letter_comes_exactly_as_it_was_sent(letter: bytes, step: int, first: bool) -> None:
    """Octets that look like lines, tags or literals are the letter's own; attributes may stand before or after it."""
    letter = letter.replace(BETWEEN, b"")
    size = b"UID 7 RFC822.SIZE %d" % len(letter)
    literal = b"BODY[] {%d}\r\n%s" % (len(letter), letter)
    fetched = b" ".join([size, literal] if first else [literal, size])
    selected = b"* OK [UIDVALIDITY 3] ok\r\nNB1 OK [READ-WRITE] ok\r\n"
    octets = script(b"f", step, selected, b"* 1 FETCH (" + fetched + b")\r\nNB2 OK done\r\n")
    transport = FuzzTransport(Script.of(octets))

    async def whole() -> bytes:
        async def opener(notify: object) -> imap.Session:
            return imap.logged_in(imap.connected(transport), "UIDPLUS")

        inbox = imap.ImapInbox(imap.ACCESS, "anna", "x", imap.PACE, imap.RealClock())
        inbox._connection = imap.KeptConnection(opener, imap.RealClock())

        async def read() -> bytes:
            async with inbox.fetch(imap.KEY) as pieces:
                return b"".join([piece async for piece in pieces])

        return await transport.play(read())

    assert asyncio.run(whole()) == letter


CODES = st.sampled_from([200, 220, 250, 251, 354, 421, 450, 452, 550, 554])
REPLY = st.tuples(CODES, st.lists(st.sampled_from(["ok", "2.0.0 kept", "", "a b"]), max_size=3)).map(
    lambda reply: b"".join(
        b"%d%s%s\r\n" % (reply[0], b"-" if number < len(reply[1]) else b" ", text.encode())
        for number, text in enumerate([*reply[1], "end"])
    )
)


@SOME
@given(st.lists(REPLY, min_size=3, max_size=3), REPLY, STEPS)
def test_a_letter_is_accepted_by_four_good_replies_and_by_nothing_else(
    before: list[bytes], last: bytes, step: int
) -> None:
    """MAIL and RCPT 2yz, DATA 354, then a 2yz to the dot; every other conversation has another verdict."""
    mail, rcpt, data = (int(reply[:3]) for reply in before)
    good = 200 <= mail <= 299 and 200 <= rcpt <= 299 and data == 354 and last.startswith(b"2")

    assert (smtp.check(script(b"t", step, *before, b"", last)) == Verdict.ACCEPTED) is good


@SOME
@given(st.lists(REPLY, max_size=6), st.binary(max_size=20), STEPS)
def test_replies_are_read_the_same_however_cut(replies: list[bytes], rest_: bytes, step: int) -> None:
    """As an independent reader reads them, with whatever behind them."""
    codes, _ = smtp.reference(b"".join(replies))

    assert codes == [int(reply[:3]) for reply in replies]
    smtp.check(script(b"x", step, b"".join(replies) + rest_.replace(BETWEEN, b"")))


ATOM = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}", fullmatch=True)
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)


@SOME
@given(
    st.lists(ATOM, min_size=1, max_size=4), st.lists(LABEL, min_size=1, max_size=4), st.sampled_from(["dk", "museum"])
)
def test_every_plain_address_is_one(atoms: list[str], labels: list[str], top: str) -> None:
    """What RFC 5321 calls a Dot-string and a domain is taken as it stands."""
    text = ".".join(atoms) + "@" + ".".join([*labels, top])

    assert Address(text) == text


NAME = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), max_size=30)


@SOME
@given(st.lists(st.tuples(st.integers(10_000_000, 99_999_999), NAME, NAME, st.booleans()), min_size=1, max_size=5,
                unique_by=lambda row: row[0]))  # fmt: skip
def test_a_table_of_any_names_keeps_every_promise(rows: list[tuple[int, str, str, bool]]) -> None:
    """Whatever companies are called: rows or faults, nobody's number told back, and what is written comes back."""
    lines = [f'{cvr};"{name.replace(chr(34), "")}";a@x.dk;;"{ref.replace(chr(34), "")}";{"ja" if neutral else ""}'
             for cvr, name, ref, neutral in rows]  # fmt: skip
    head = "cvr;navn;email;anden_kontakt;reference;neutralt_emne"

    assert table.check("\r\n".join([head, *lines]).encode()) in table.OUTCOMES


VALUES = st.one_of(
    st.integers(-(10**6), 10**9), st.booleans(), st.floats(), st.sampled_from(["own", "direct", "x.dk", "a@x.dk", ""]),
    st.lists(st.integers(0, 9), max_size=3),
)  # fmt: skip
GROUPS = ("", "sender", "servers.own", "pace", "fuse", "seats", "upstream", "notices", "direct", "returns")
KEYS = (
    "environment", "state_dir", "address", "host", "port", "dot_seconds", "retry_seconds", "bytes_per_second", "look",
    "rest_url", "server", "per_cvr_per_hour", "usrename", "_env_file",
)  # fmt: skip


@SOME
@given(st.lists(st.tuples(st.sampled_from(GROUPS), st.sampled_from(KEYS), VALUES), max_size=8,
                unique_by=lambda entry: entry[:2]))  # fmt: skip
def test_settings_are_taken_or_refused_by_name(entries: list[tuple[str, str, object]]) -> None:
    """Any value for any key: settings whose waits end, or words; never a traceback."""
    lines = [f"{f'{group}.' if group else ''}{key} = {_toml(value)}" for group, key, value in entries]

    assert settings_file.check("\n".join(lines).encode()) in settings_file.OUTCOMES


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')


LINE_ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\n\r", b"\r\r\n"])
WIDTHS = st.sampled_from([0, 1, 2, 76, 998, 999])


@given(WIDTHS, st.integers(1, 6), st.lists(st.tuples(st.integers(0, 500), st.sampled_from([b"\r", b"\n"])), max_size=2))
def test_lines_of_one_width_are_judged_as_any_others(width: int, count: int, spoilt: list[tuple[int, bytes]]) -> None:
    """The look at the whole says yes only where the look at each line does, and always to what is undisturbed."""
    text = bytearray((b"x" * width + b"\r\n") * count)
    for place, sign in spoilt:
        text[place % len(text)] = sign[0]
    ends = text.rfind(b"\r\n") + 2
    even, lines = message._are_even_lines(bytes(text), ends), message._are_lines(bytes(text[:ends]))
    assert lines or not even
    if not spoilt:
        assert even is lines is (width <= 998)


@given(st.lists(st.tuples(WIDTHS, LINE_ENDS), max_size=6))
def test_uneven_lines_are_never_taken_for_even_ones(parts: list[tuple[int, bytes]]) -> None:
    """However the ends are mixed."""
    text = b"".join(b"x" * width + end for width, end in parts)
    ends = text.rfind(b"\r\n") + 2 if b"\r\n" in text else 0
    assert message._are_lines(text[:ends]) or not message._are_even_lines(text, ends)
