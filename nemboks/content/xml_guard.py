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
        self._events = events
        self._waiting = bytearray()
        self._quiet = 0
        self._depth = 0
        self._nodes = 0
        self._names = 0
        self._failure: Unreadable | None = None
        self._parser = self._new_parser()

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
        """Nothing; raises Unreadable if the document is not whole."""
        self._parse(bytes(self._waiting))
        self._parse(b"", last=True)
        del self._parser  # its handlers point back to us: without this the pair waits for the collector

    def _parse(self, block: bytes, last: bool = False) -> None:
        if self._failure:
            raise self._failure
        self._quiet += len(block)
        try:
            self._parser.Parse(block, last)
            if self._quiet > _QUIET:
                self._refuse("the letter's XML has a piece of markup over 1 MB")
        except Unreadable as failure:
            self._failure = failure
            raise
        except expat.ExpatError as failure:
            words = expat.errors.messages.get(failure.code, "unknown fault")
            self._failure = Unreadable(f"the letter is not whole and correct XML: {words}, line {failure.lineno}")
            raise self._failure from None

    def _new_parser(self) -> expat.XMLParserType:
        # "}" cannot stand in a URI, so nobody can forge a namespace with it (CVE-2022-25236).
        parser = expat.ParserCreate(namespace_separator="}")
        parser.buffer_text = True
        parser.buffer_size = _BLOCK
        parser.XmlDeclHandler = self._declaration
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.CommentHandler = self._aside
        parser.ProcessingInstructionHandler = self._aside
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        parser.ExternalEntityRefHandler = self._entity
        return parser

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count()
        self._keep(name, *attributes, *attributes.values())
        self._depth += 1
        if self._depth > DEPTH:
            self._refuse(f"the letter's XML is nested deeper than {DEPTH}")
        space, _, local = name.rpartition("}")
        if space == _XINCLUDE:
            self._refuse("the letter's XML wants to include other documents")
        self._events.start(space, local, attributes)

    def _end(self, _name: str) -> None:
        self._quiet = 0
        self._depth -= 1
        self._events.end()

    def _text(self, text: str) -> None:
        self._quiet = 0
        self._events.text(text)

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        self._keep(prefix or "", uri or "")

    def _keep(self, *words: str) -> None:
        self._quiet = 0
        self._names += sum(map(len, words))
        if self._names > NAMES:
            self._refuse("the letter's XML has more than 4 MB of names and attributes")

    def _aside(self, *_: str) -> None:
        self._count()

    def _count(self) -> None:
        self._quiet = 0
        self._nodes += 1
        if self._nodes > NODES:
            self._refuse(f"the letter's XML has more than {NODES} nodes")

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self._quiet = 0
        if encoding and encoding.lower() not in _ENCODINGS:
            self._refuse("the letter's XML declares an encoding that we do not read")

    def _doctype(self, name: str, *_: object) -> None:
        self._refuse(f"the letter's XML has a document type ({plain(name)}), which no MeMo has")

    def _entity(self, *_: object) -> NoReturn:
        self._refuse("the letter's XML declares entities, which no MeMo has")

    def _refuse(self, words: str) -> NoReturn:
        raise Unreadable(words)


def plain(name: str) -> str:
    """A stranger's element name, fit to be shown: at most 40 harmless characters."""
    return re.sub(r"[^A-Za-z0-9:._-]", "?", name[:40])
