"""What a MeMo letter says about itself, read while its bytes stream by.

Promises: memory stays small whatever the letter's size; versions 1.0, 1.1 and 1.2, any prefix or a default namespace,
byte-order marks and unknown elements are accepted. Refused are letters that are not well-formed, carry a DTD or
entities of their own, or lack one of the five things that make a letter deliverable. It keeps no contents.
"""

import binascii
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from xml.parsers import expat

NAMESPACE = "https://DigitalPost.dk/MeMo-1"  # the same for all three versions
VERSIONS = ("1", "1.0", "1.1", "1.2")
TYPES = ("DIGITALPOST", "NEMSMS")
# Every header text we keep; the value says whether a letter without it is refused.
HEADER = {
    "messageType": True,
    "messageUUID": True,
    "label": True,
    "Sender/senderID": True,
    "Sender/idType": True,
    "Sender/label": True,
    "Recipient/recipientID": True,
    "Recipient/idType": True,
}
MAX_TEXT = 10_000  # schema texts end at 512 characters; room for white space around them
MAX_SILENCE = 1 << 18  # expat before 2.6.0 takes quadratic time over one endless token
MAX_DEPTH = 100
DECODE_AT = 1 << 16
WHITE = b" \t\r\n"


@dataclass(frozen=True)
class Document:
    """One file in a letter: its name as written, and digest and size of its decoded bytes."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class MemoFacts:
    """The facts of one accepted letter; ids as the letter writes them."""

    message_uuid: str
    kind: str
    label: str
    sender: str
    sender_id: str
    recipient_id: str
    recipient_type: str
    documents: tuple[Document, ...]


class MemoRefusedError(Exception):
    """The letter cannot be accepted; `fields` has (field, code, message, rejected value) for each reason."""

    def __init__(self, fields: list[tuple[str, str, str, str | None]]) -> None:
        super().__init__("; ".join(message for _, _, message, _ in fields))
        self.fields = fields


class MemoReader:
    """Reads one letter: feed its bytes in pieces, then close for the facts."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.buffer_size = DECODE_AT
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._path: list[str] = []
        self._words: list[str] | None = None
        self._header: dict[str, str] = {}
        self._version: str | None = None
        self._name = ""
        self._content: _Content | None = None
        self._documents: list[Document] = []
        self._silent = 0

    def feed(self, piece: bytes) -> None:
        """Nothing. Raises MemoRefusedError as soon as the letter is known to be bad."""
        self._silent += len(piece)
        try:
            self._parser.Parse(piece, False)
        except expat.ExpatError as error:
            raise _refused("body", "malformed", f"not well-formed XML: {error}") from error
        if self._silent > MAX_SILENCE + len(piece):
            raise _refused("body", "malformed", "a single tag or comment is too long")

    def close(self) -> MemoFacts:
        """The facts of the whole letter. Raises MemoRefusedError naming every missing or wrong field."""
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise _refused("body", "malformed", f"not well-formed XML: {error}") from error
        wrong = list(self._wrong_fields())
        if wrong:
            raise MemoRefusedError(wrong)
        return MemoFacts(
            message_uuid=self._header["messageUUID"],
            kind=self._header["messageType"],
            label=self._header["label"],
            sender=self._header["Sender/label"],
            sender_id=self._header["Sender/senderID"],
            recipient_id=self._header["Recipient/recipientID"],
            recipient_type=self._header["Recipient/idType"].upper(),
            documents=tuple(self._documents),
        )

    def _wrong_fields(self) -> Iterator[tuple[str, str, str, str | None]]:
        for field, required in HEADER.items():
            if required and not self._header.get(field):
                name = "messageHeader." + field.replace("/", ".")
                yield name, "missing", f"{name} is missing or empty", None
        kind, message_uuid = self._header.get("messageType"), self._header.get("messageUUID")
        if kind and kind not in TYPES:
            yield "messageHeader.messageType", "invalid", "messageType is DIGITALPOST or NEMSMS", kind
        if message_uuid and not is_uuid(message_uuid):
            yield "messageHeader.messageUUID", "invalid", "messageUUID is not a UUID", message_uuid
        if self._version not in VERSIONS:
            yield "memoVersion", "invalid", "memoVersion is 1.0, 1.1 or 1.2", self._version

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._silent = 0
        namespace, _, name = tag.rpartition(" ")
        if not self._path:
            if (namespace, name) != (NAMESPACE, "Message"):
                raise _refused("Message", "invalid", f"the root is not a Message of {NAMESPACE}")
            self._version = attributes.get("memoVersion", "").strip() or None
        if len(self._path) >= MAX_DEPTH:
            raise _refused("body", "malformed", "elements are nested too deeply")
        # Another namespace's element of the same name must not be taken for a memo element.
        self._path.append(name if namespace == NAMESPACE else f"?{name}")
        if self._path[-2:] == ["File", "content"]:
            self._content = _Content()
        elif self._path[-2:] == ["File", "filename"] or self._header_field() in HEADER:
            self._words = []

    def _end(self, tag: str) -> None:
        self._silent = 0
        if self._path[-1] == "content" and self._content is not None:
            self._documents.append(self._content.document(self._name))
            self._content = None
        elif self._words is not None:
            text = "".join(self._words).strip()
            if self._path[-1] == "filename":
                self._name = text
            else:
                self._header.setdefault(self._header_field(), text)
            self._words = None
        if self._path.pop() == "File":
            self._name = ""

    def _text(self, text: str) -> None:
        self._silent = 0
        if self._content is not None:
            self._content.feed(text)
        elif self._words is not None:
            self._words.append(text)
            if sum(map(len, self._words)) > MAX_TEXT:
                raise _refused(".".join(self._path), "invalid", "a header text is too long")

    def _header_field(self) -> str:
        return "/".join(self._path[2:]) if self._path[:2] == ["Message", "MessageHeader"] else ""

    def _doctype(self, *_: object) -> None:
        raise _refused("body", "malformed", "a document type declaration is not allowed")


class _Content:
    """Base64 text in pieces (xs:base64Binary: white space may stand anywhere), digested as it comes."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._size = 0
        self._left = b""

    def feed(self, text: str) -> None:
        data = self._left + text.encode("ascii", "replace").translate(None, WHITE)
        whole = len(data) // 4 * 4
        self._left = data[whole:]
        self._take(data[:whole])

    def document(self, name: str) -> Document:
        if self._left:
            raise _no_base64()
        return Document(name, self._digest.hexdigest(), self._size)

    def _take(self, data: bytes) -> None:
        try:
            decoded = binascii.a2b_base64(data, strict_mode=True)
        except binascii.Error:
            raise _no_base64() from None
        self._digest.update(decoded)
        self._size += len(decoded)


def is_uuid(text: str) -> bool:
    """True for the usual form with four hyphens, any version, either case."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _no_base64() -> MemoRefusedError:
    return _refused("File.content", "invalid", "the content is not base64")


def _refused(field: str, code: str, message: str) -> MemoRefusedError:
    return MemoRefusedError([(field, code, message, None)])
