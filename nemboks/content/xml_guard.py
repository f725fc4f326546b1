"""A streaming XML reader that refuses whatever could hurt: the door through which a stranger's XML comes in.

Promises: bounded memory and time, the same events however the input was cut, nothing fetched, nothing expanded.
Fatal here (Unreadable): a DTD, an entity, XInclude, an encoding other than UTF-8, UTF-16 and the two of Western Europe,
too deep, too many nodes, broken or cut XML. Knows nothing of MeMo.
"""

import re
from collections.abc import Mapping
from typing import NoReturn, Protocol
from xml.parsers import expat

from nemboks.content.errors import Unreadable

DEPTH = 64  # MeMo needs 7
NODES = 200_000  # elements, comments and instructions; the full example of MeMo has about 200
NAMES = 4 << 20  # characters of names, attributes and namespaces: the parser keeps every different one until its end
_BLOCK = 1 << 16
# Expat before 2.6 reads an unfinished token again from its start with every block (CVE-2023-52425).
_QUIET = 1 << 20
# Every octet means one thing in these; in others (UTF-7, EBCDIC) text may hide markup.
_ENCODINGS = ("utf-8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "iso-8859-1", "windows-1252")
_XINCLUDE = "http://www.w3.org/2001/XInclude"


class Events(Protocol):
    """What a reader of XML hears. `space` is the element's namespace, "" without one."""

    def start(self, space: str, name: str, attributes: Mapping[str, str]) -> None: ...
    def text(self, text: str) -> None: ...
    def end(self) -> None: ...


class GuardedXml:
    """Bytes in, Events out. After an Unreadable every further call raises it again."""

    def __init__(self, events: Events) -> None:
        self._ear = _Ear(events)
        self._waiting = bytearray()
        self._failure: Unreadable | None = None
        self._parser: expat.XMLParserType | None = None  # its buffer is 64 kB: not before there is something to read

    def feed(self, piece: bytes) -> None:
        """Nothing; the events are heard meanwhile. Small pieces are joined first, so cutting changes nothing."""
        self._waiting += piece
        if len(self._waiting) < _BLOCK:
            return
        whole = len(self._waiting) - len(self._waiting) % _BLOCK
        with memoryview(self._waiting) as view:
            for at in range(0, whole, _BLOCK):
                self._parse(bytes(view[at : at + _BLOCK]))
        del self._waiting[:whole]

    def close(self) -> None:
        """Nothing; raises Unreadable if the document is not whole. Whatever comes afterwards is Unreadable, too."""
        self._parse(bytes(self._waiting))
        self._parse(b"", last=True)
        self._failure = Unreadable("the letter's XML has ended")
        self._parser = None  # who hears may hold us: that pair waits for the collector, and need not keep the buffer

    def _parse(self, block: bytes, last: bool = False) -> None:
        if self._failure:
            raise self._failure
        if self._parser is None:
            self._parser = _new_parser(self._ear)
        try:
            self._ear.before(block)
            self._parser.Parse(block, last)
            self._ear.after()
        except Unreadable as failure:
            self._parser, self._failure = None, failure
            raise
        except expat.ExpatError as failure:
            words = expat.errors.messages.get(failure.code, "unknown fault")
            self._parser = None
            self._failure = Unreadable(f"the letter is not whole and correct XML: {words}, line {failure.lineno}")
            raise self._failure from None


def _new_parser(ear: "_Ear") -> expat.XMLParserType:
    # "}" cannot stand in a URI, so nobody can forge a namespace with it (CVE-2022-25236).
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.buffer_size = _BLOCK
    parser.XmlDeclHandler = ear.declaration
    parser.StartNamespaceDeclHandler = ear.namespace
    parser.StartElementHandler = ear.start
    parser.EndElementHandler = ear.end
    parser.CharacterDataHandler = ear.text
    parser.CommentHandler = ear.aside
    parser.ProcessingInstructionHandler = ear.aside
    parser.StartDoctypeDeclHandler = ear.doctype
    parser.EntityDeclHandler = ear.entity
    parser.ExternalEntityRefHandler = ear.entity
    return parser


class _Ear:
    """Hears what the parser reads, and counts. Knows no parser: the two would keep each other alive."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._quiet = 0
        self._depth = 0
        self._nodes = 0
        self._names = 0

    def before(self, block: bytes) -> None:
        self._quiet += len(block)

    def after(self) -> None:
        if self._quiet > _QUIET:
            _refuse("the letter's XML has a piece of markup over 1 MB")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count()
        self._keep(len(name))
        if attributes:
            self._keep(sum(map(len, attributes)) + sum(map(len, attributes.values())))
        self._depth += 1
        if self._depth > DEPTH:
            _refuse(f"the letter's XML is nested deeper than {DEPTH}")
        space, _, local = name.rpartition("}")
        if space == _XINCLUDE:
            _refuse("the letter's XML wants to include other documents")
        self._events.start(space, local, attributes)

    def end(self, _name: str) -> None:
        self._quiet = 0
        self._depth -= 1
        self._events.end()

    def text(self, text: str) -> None:
        self._quiet = 0
        self._events.text(text)

    def namespace(self, prefix: str | None, uri: str | None) -> None:
        self._keep(len(prefix or "") + len(uri or ""))

    def _keep(self, characters: int) -> None:
        self._quiet = 0
        self._names += characters
        if self._names > NAMES:
            _refuse("the letter's XML has more than 4 MB of names and attributes")

    def aside(self, *_: str) -> None:
        self._count()

    def _count(self) -> None:
        self._quiet = 0
        self._nodes += 1
        if self._nodes > NODES:
            _refuse(f"the letter's XML has more than {NODES} nodes")

    def declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self._quiet = 0
        if encoding and encoding.lower() not in _ENCODINGS:
            _refuse("the letter's XML declares an encoding that we do not read")

    def doctype(self, name: str, *_: object) -> None:
        _refuse(f"the letter's XML has a document type ({plain(name)}), which no MeMo has")

    def entity(self, *_: object) -> NoReturn:
        _refuse("the letter's XML declares entities, which no MeMo has")


def _refuse(words: str) -> NoReturn:
    raise Unreadable(words)


def plain(name: str) -> str:
    """A stranger's element name, fit to be shown: at most 40 harmless characters."""
    return re.sub(r"[^A-Za-z0-9:._-]", "?", name[:40])
