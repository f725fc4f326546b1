"""What must be known of a stored letter before its mail begins: read ahead, bounded, and the same each time.

For a message that keeps its own body that is its header block; for a MeMo the text of its main document, if that is
shown in the mail. Everything fed here is fed to the mail's writer again. A document that cannot be shown is no fault:
it is attached as it is (SECURITY.md B22).
"""

from collections.abc import Callable
from dataclasses import dataclass

from nemboks.content.charset import LIMIT, decoded
from nemboks.content.errors import ContentsDiffer, Unreadable
from nemboks.content.html_body import html_of_text
from nemboks.content.html_lines import lines_of
from nemboks.content.memo import MemoReader
from nemboks.content.message import HEADER_LIMIT, HeaderBlock
from nemboks.content.names import media_type_of
from nemboks.content.safe_html import sanitised
from nemboks.domain.headline import Copy, Document, Headline, Kind, Role

_TEXTS = ("text/html", "text/plain")


@dataclass(frozen=True, slots=True)
class View:
    """The main document's words, as text and as HTML that is safe inside ours."""

    index: int  # which document it is, from 0
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What reading ahead brought; compose takes it as it is."""

    beginning: bytes = b""  # of a message: at least its header block, at most HEADER_LIMIT
    view: View | None = None


class Preread:
    """Feed the stored letter's pieces while not `done`; then `seen()`. Where not `wanted`, feed nothing."""

    def __init__(self, headline: Headline, copy: Copy) -> None:
        self._headline = headline
        self._block = HeaderBlock() if headline.kind is Kind.MESSAGE and not (headline.wrap or copy.wrap) else None
        self._index = shown_index(headline)
        self._sink = _Sink(headline, self._index)
        self._reader = MemoReader(self._sink)

    @property
    def wanted(self) -> bool:
        """Whether anything has to be read ahead."""
        return self._block is not None or self._index >= 0

    @property
    def done(self) -> bool:
        """Whether enough was read; at the letter's end it is over in any case."""
        if self._block is not None:
            return self._block.whole or self._block.size >= HEADER_LIMIT
        return self._index < 0 or self._sink.ended

    @property
    def quick(self) -> bool:
        """Whether `seen` takes no time."""
        return self._block is not None or self._index < 0

    def feed(self, piece: bytes) -> None:
        """Nothing. Raises ContentsDiffer for contents that are not the headline's."""
        if self._block is not None:
            self._block.feed(piece)
        elif not self.done:
            self._read(lambda: self._reader.feed(piece))

    def seen(self) -> Seen:
        """What was read. Raises ContentsDiffer. If not `quick`, it may take a second: not for the event loop."""
        if self._block is not None:
            return Seen(beginning=bytes(self._block.kept))
        if self._index < 0:
            return Seen()
        if not self._sink.ended:  # a small letter waits in the reader for more
            self._read(self._reader.close)
        return Seen(view=view_of(self._index, self._headline.documents[self._index], bytes(self._sink.kept)))

    def _read(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Unreadable as failure:
            raise ContentsDiffer(f"the stored letter could be read before: {failure}") from failure


def shown_index(headline: Headline) -> int:
    """Which document the mail shows, from 0: the first text of the main document; -1 for none."""
    for index, document in enumerate(headline.documents):
        if document.role is Role.MAIN and _type_of(document)[0] in _TEXTS and 0 < document.size <= LIMIT:
            return index
    return -1


def view_of(index: int, document: Document, raw: bytes) -> View | None:
    """What is shown of the document; None where it could only be guessed, or is not fit to be shown."""
    media_type, charset = _type_of(document)
    if media_type == "text/html":
        html = sanitised(raw, charset)
        return View(index, lines_of(html), html) if html else None
    text = decoded(raw, charset)
    return View(index, text, html_of_text(text)) if text and text.strip() else None


def _type_of(document: Document) -> tuple[str, str | None]:
    media_type, _, charset = media_type_of(document).partition("; charset=")
    return media_type, charset or None


class _Sink:
    """Keeps the one document, as the MeMo's files go by."""

    def __init__(self, headline: Headline, index: int) -> None:
        self._documents = headline.documents
        self._index = index
        self._number = -1
        self.kept = bytearray()
        self.ended = False

    def begin(self, *_: object) -> None:
        self._number += 1

    def data(self, data: bytes) -> None:
        if self._number == self._index:
            self.kept += data
            if len(self.kept) > LIMIT:
                raise ContentsDiffer("a file of the stored letter is longer than its headline says")

    def end(self, document: Document) -> None:
        if self._number == self._index:
            if document != self._documents[self._index]:
                raise ContentsDiffer("a file of the stored letter is not the one its headline names")
            self.ended = True
