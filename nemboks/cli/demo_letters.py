"""The demo's letters: found in a folder or generated, made to fit the demo's companies, and posted."""

import re
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.parsers import expat

from nemboks.cli.demo_world import World

HEADER = "MessageHeader"
CVR = re.compile("[0-9]{8}")


@dataclass
class Posted:
    """One letter of the run, as the sender saw it go."""

    source: str
    message_uuid: str | None
    cvr: str
    inbox: str
    accepted: bool
    upstream: int | None = None  # the simulator's number for it
    uuid_replaced: bool = False
    recipient_replaced: bool = False


@dataclass
class _Span:
    start: int
    end: int
    text: str


WANTED = {
    ("Message", HEADER, "messageUUID"): "uuid",
    ("Message", HEADER, "Recipient", "recipientID"): "recipient",
    ("Message", HEADER, "Recipient", "idType"): "type",
}


class _Finder:
    """Where in the bytes the header's messageUUID and recipient stand; nothing else is understood or changed."""

    def __init__(self, memo: bytes) -> None:
        self.found: dict[str, _Span] = {}
        self._path: list[str] = []
        self._start = 0
        self._text = ""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.buffer_text = True
        self._parser = parser
        self._memo = memo
        # What was found stands; upstream says what it thinks of the rest. The latter two: an encoding unknown here.
        with suppress(expat.ExpatError, LookupError, ValueError):
            parser.Parse(memo, True)

    def _begin(self, name: str, _: dict[str, str]) -> None:
        self._path.append(name.rpartition(" ")[2])
        width = 2 if _encoding(self._memo) == "utf-16-le" else 1  # from the octet of ">" to the next character
        self._start = self._memo.find(b">", self._parser.CurrentByteIndex) + width
        self._text = ""

    def _data(self, text: str) -> None:
        if tuple(self._path) in WANTED:
            self._text += text

    def _end(self, _: str) -> None:
        what = WANTED.get(tuple(self._path))
        if what and what not in self.found:
            self.found[what] = _Span(self._start, self._parser.CurrentByteIndex, self._text.strip())
        self._path.pop()


class Post:
    """Posts letters one by one; remembers what it used."""

    def __init__(self, world: World, fallback: str) -> None:
        self._world = world
        self._fallback = fallback  # the company that gets letters meant for a person
        self._used: set[str] = set()

    def recipient_of(self, memo: bytes) -> str | None:
        """The CVR that the letter names, or None when it names none."""
        recipient = _Finder(memo).found.get("recipient")
        return recipient.text if recipient and CVR.fullmatch(recipient.text) else None

    def file(self, path: Path) -> Posted:
        """Post one file through the real sender call, changed only where the demo must."""
        memo = path.read_bytes()
        finder = _Finder(memo)
        edits: list[tuple[_Span, str]] = []
        message_uuid, uuid_replaced = "", False
        if span := finder.found.get("uuid"):
            message_uuid = span.text
            if message_uuid.lower() in self._used:
                message_uuid, uuid_replaced = str(uuid.uuid4()), True
                edits.append((span, message_uuid))
        recipient = finder.found.get("recipient")
        replaced = bool(recipient and not CVR.fullmatch(recipient.text) and recipient.text)
        if recipient and replaced:
            edits.append((recipient, self._fallback))
            if kind := finder.found.get("type"):
                edits.append((kind, "CVR"))
        cvr = self._fallback if replaced else (recipient.text if recipient else "")
        for span, text in sorted(edits, key=lambda e: -e[0].start):
            memo = memo[: span.start] + text.encode(_encoding(memo)) + memo[span.end :]
        answer = self._world.send(memo, message_uuid, path.name)
        accepted = answer.status_code == 201
        if accepted:
            self._used.add(message_uuid.lower())
        return Posted(path.name, message_uuid or None, cvr, "rest", accepted, None, uuid_replaced, replaced)

    def generated(self, cvr: str, seed: int, index: int) -> Posted:
        """Have the simulator make and post one letter."""
        item: dict[str, Any] = self._world.tell("letters", cvr=cvr, seed=seed, index=index)
        uid = item["message_uuid"]
        return Posted(item["source"] or f"generated {index}", uid, cvr, item["inbox"], True, item["id"])


def _encoding(memo: bytes) -> str:
    if memo[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16-le" if memo[:2] == b"\xff\xfe" else "utf-16-be"
    return "ascii"
