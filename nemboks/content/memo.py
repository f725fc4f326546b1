"""MeMo bytes in, the letter's headline out; the files go by in pieces and are never held.

Promises: bounded memory for letters of any size; the same result however the bytes are cut; only elements at their
right path count (ForwardData and ReplyData repeat names of the header); unknown elements are ignored.
Fatal here (Unreadable): what xml_guard.py refuses, a missing or repeated field, a version that we do not know: it may
keep documents where we do not look, and the receipt would then remove them; a file that is a program (active.py).
Never judges the recipient or a CVR.
Format: DIGITAL-POST.md 1.3 and 1.4.
"""

import hashlib
from collections.abc import Mapping
from typing import Protocol

from nemboks.content import memo_paths as at
from nemboks.content.active import Watch
from nemboks.content.coding import Base64Decoder
from nemboks.content.errors import Unreadable
from nemboks.content.memo_values import (
    action_of,
    digits_of,
    flag,
    forwarded_of,
    moment,
    number,
    reference_of,
    thread_of,
    uuid_of,
)
from nemboks.content.texts import clean
from nemboks.content.xml_guard import GuardedXml, plain
from nemboks.domain.headline import Action, Authority, Document, Headline, Kind, Role

SPACE = "https://DigitalPost.dk/MeMo-1"  # the same for 1.0, 1.1 and 1.2
VERSIONS = ("1", "1.0", "1.1", "1.2")  # a decimal number: 1 is 1.0
FILES = 500  # Digital Post allows 10, some contact points 99
ACTIONS = 500
REPLIES = 20  # kept; what more there is says nothing of the thread
SPELLINGS = 20  # of one number in a register; a letter with more does not give one
FIELD = 2048  # characters kept of one field; the schema allows 512 at most


class DocumentSink(Protocol):
    """Who wants the files of the letter as they go by, in the letter's order."""

    def begin(self, role: Role, name: str, media_type: str, language: str) -> None: ...
    def data(self, data: bytes) -> None: ...
    def end(self, document: Document) -> None: ...


class MemoReader:
    """Pieces of one MeMo in, its Headline out. Raises Unreadable; afterwards it stays unreadable."""

    def __init__(self, sink: DocumentSink | None = None) -> None:
        self._whole = hashlib.sha256()
        self._size = 0
        self._tree = _Tree(sink)
        self._xml = GuardedXml(self._tree)

    def feed(self, piece: bytes) -> None:
        """Nothing; the sink hears of the files meanwhile."""
        self._whole.update(piece)
        self._size += len(piece)
        self._xml.feed(piece)

    def close(self) -> Headline:
        """The headline, kind MEMO or NEMSMS, with digest and size of the raw bytes."""
        if not self._size:
            raise Unreadable("the letter is empty")
        self._xml.close()
        return self._tree.headline(self._size, self._whole.hexdigest())


class _Tree:
    """Hears the XML and keeps what the headline needs."""

    def __init__(self, sink: DocumentSink | None) -> None:
        self._sink = sink
        self._paths: list[str] = []  # of the open elements; "" where we do not look
        self._version = ""
        self._fields: dict[str, str] = {}
        self._registers: dict[str, set[str]] = {}  # all different values: rules go by one that is alone
        self._inner: dict[str, str] = {}  # the fields of the open File, Action or ReplyData, by their path
        self._text: list[str] = []
        self._room = 0
        self._file: _File | None = None
        self._documents: list[Document] = []
        self._actions: list[Action] = []
        self._replies: list[dict[str, str]] = []

    def start(self, space: str, name: str, attributes: Mapping[str, str]) -> None:
        if not self._paths:
            self._root(space, name, attributes)
        above = self._paths[-1] if self._paths else ""
        if above in at.CONTENT:
            raise Unreadable("a file of the letter has markup in its base64")
        path = f"{above}/{name}" if self._paths else name
        path = path if path in at.KNOWN and space == at.OTHER_SPACES.get(path, SPACE) else ""
        self._paths.append(path)
        if path in at.FIELDS:
            self._text, self._room = [], FIELD
        elif path in at.CONTENT:
            self._begin_content(path)
        elif path in at.REPEATED:
            self._inner, self._file = {}, None

    def text(self, text: str) -> None:
        path = self._paths[-1]
        if self._file and path in at.CONTENT:
            self._file.feed(text)
        elif path in at.FIELDS and self._room > 0:
            self._text.append(text[: self._room])
            self._room -= len(text)

    def end(self) -> None:
        path = self._paths.pop()
        if path in at.FIELDS:
            self._keep(path)
        elif path in at.FILE:
            self._end_file()
        elif path in at.ACTION:
            self._end_action(path)
        elif path == at.REPLY and len(self._replies) < REPLIES:
            self._replies.append(self._inside(path))

    def _root(self, space: str, name: str, attributes: Mapping[str, str]) -> None:
        if (space, name) != (SPACE, "Message"):
            raise Unreadable(f"not a MeMo: a document <{plain(name)}> came instead of a Message")
        self._version = attributes.get("memoVersion", "").strip()
        if self._version not in VERSIONS:
            raise Unreadable(f"the letter is MeMo version {plain(self._version) or 'unknown'}, which is new to us")

    def _keep(self, path: str) -> None:
        if path in at.REGISTERS:
            seen = self._registers.setdefault(path, set())
            seen.add("".join(self._text).strip() if len(seen) < SPELLINGS else "?")
            return
        fields = self._inner if path.startswith(at.INNER) else self._fields
        if path in fields:
            raise Unreadable(f"the letter gives {path.rpartition('/')[2]} twice")
        fields[path] = "".join(self._text).strip()
        if path.endswith("/url") and self._room < 0:
            fields[path] = ""  # a cut address would lead somewhere else

    def _begin_content(self, path: str) -> None:
        if self._file:
            raise Unreadable("a file of the letter has two contents")
        if len(self._documents) >= FILES:
            raise Unreadable(f"the letter has more than {FILES} files")
        above = path.removesuffix("/content")
        name, media_type, language = (
            self._inner.get(f"{above}/{leaf}", "") for leaf in ("filename", "encodingFormat", "language")
        )
        self._file = _File(at.ROLES[above.removesuffix("/File")], name, media_type, self._sink)
        if self._sink:
            self._sink.begin(self._file.role, name, media_type, language)

    def _end_file(self) -> None:
        if not self._file:
            raise Unreadable("a file of the letter has no content")
        self._documents.append(self._file.close())
        self._file = None

    def _end_action(self, path: str) -> None:
        if len(self._actions) >= ACTIONS:
            raise Unreadable(f"the letter asks for more than {ACTIONS} actions")
        self._actions.append(action_of(self._inside(path)))

    def _inside(self, path: str) -> dict[str, str]:
        return {key.removeprefix(f"{path}/"): text for key, text in self._inner.items()}

    def headline(self, size: int, sha256: str) -> Headline:
        """All that was read, put together. Raises Unreadable for what is missing."""
        get = self._fields.get
        return Headline(
            kind=self._kind(),
            authority=Authority(
                name=clean(self._need("Sender/label", blank=True), FIELD),
                id=clean(self._need("Sender/senderID"), 256),
                id_type=clean(self._need("Sender/idType"), 256).upper(),
            ),
            title=clean(self._need("label", blank=True), FIELD),
            size=size,
            sha256=sha256,
            documents=tuple(self._documents),
            actions=tuple(self._actions),
            version=self._version,
            message_uuid=uuid_of(self._need("messageUUID")),
            recipient_id=number(self._need("Recipient/recipientID")),
            recipient_type=clean(self._need("Recipient/idType"), 256).upper(),
            created_at=moment(get("Message/MessageBody/createdDateTime")),
            reply=flag(get(f"{at.HEADER}/reply")),
            reply_by=moment(get(f"{at.HEADER}/replyByDateTime")),
            legal=flag(get(f"{at.HEADER}/legalNotification")),
            mandatory=flag(get(f"{at.HEADER}/mandatory")),
            thread=thread_of(get(f"{at.CASE}/caseID"), self._replies),
            forwarded=forwarded_of(get(f"{at.FORWARD}/originalSender"), get(f"{at.FORWARD}/originalMessageDateTime")),
            p_number=digits_of(self._given(*at.P_NUMBER), 10),
            se_number=digits_of(self._given(at.SE_NUMBER), 8),
            kle=reference_of(self._given(at.KLE)),
            case_id=reference_of([get(f"{at.CASE}/caseID", "")]),
        )

    def _given(self, *paths: str) -> set[str]:
        return set().union(*(self._registers.get(path, ()) for path in paths))

    def _kind(self) -> Kind:
        match self._need("messageType").upper():
            case "DIGITALPOST":
                return Kind.MEMO
            case "NEMSMS":
                return Kind.NEMSMS
        raise Unreadable("the letter's messageType is neither DIGITALPOST nor NEMSMS")

    def _need(self, field: str, blank: bool = False) -> str:
        text = self._fields.get(f"{at.HEADER}/{field}")
        if text is None or not (text or blank):
            raise Unreadable(f"the letter lacks its {field}")
        return text


class _File:
    """One file going by: decoded, measured, digested, handed on."""

    def __init__(self, role: Role, name: str, media_type: str, sink: DocumentSink | None) -> None:
        self.role = role
        self._name = name
        self._media_type = media_type
        self._sink = sink
        self._decoder = Base64Decoder()
        self._digest = hashlib.sha256()
        self._watch = Watch()
        self._size = 0

    def feed(self, text: str) -> None:
        data = self._decoder.feed(text)
        self._digest.update(data)
        self._watch.feed(data)
        self._size += len(data)
        if self._sink and data:
            self._sink.data(data)

    def close(self) -> Document:
        self._decoder.close()
        flags = self._watch.result()
        document = Document(self.role, self._name, self._media_type, self._size, self._digest.hexdigest(), flags)
        if self._sink:
            self._sink.end(document)
        return document
