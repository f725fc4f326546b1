"""The sender call `POST memos/`: letters of any origin come in unchanged, one XML or a container of several.

Promises: whatever is not a letter is answered with 400 and field errors, and leaves nothing behind, a container's
other members included. Members of a
container are read as streams by our own code; no name inside a container ever becomes a path.
"""

import functools
import lzma
import mmap
import re
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import IO, cast

from starlette.requests import Request
from starlette.responses import Response

from nemboks.simulator.deposit import MAX_BYTES, Deposit, Postbox, TooBigError, single, with_turns
from nemboks.simulator.http_server import PIECE, Json, body_pieces, json_error
from nemboks.simulator.inboxes import Letter
from nemboks.simulator.memo_facts import MemoRefusedError
from nemboks.simulator.receipts import new_receipt
from nemboks.simulator.standing import NoPostError

XML_TYPES = ("application/xml", "text/xml")
Describe = Callable[[Letter], object]
LZMA_MEMORY = 160 << 20  # the agency's library refuses dictionaries above 128 MB


class SenderCall:
    """Answers `POST memos/`; anyone with a valid token may send, for systems are sender and recipient at once."""

    def __init__(self, postbox: Postbox) -> None:
        self._postbox = postbox

    async def answer(self, request: Request) -> Response:
        """201 with a receipt (RECEIVED), or 400, 409 or 413 with an ErrorMessage."""
        expected = request.query_params.get("memo-message-uuid")
        if expected is None and _content_type(request) in XML_TYPES:
            text = "memo-message-uuid is required for a single XML"
            return json_error(400, "refused", [("memo-message-uuid", "missing", text, None)])
        source = request.headers.get("x-source-name", "api")
        posting = self._post_by_type(request, source, expected)
        return await _reply(posting, lambda letter: new_receipt(letter.message_uuid, "RECEIVED"))

    async def post_xml(self, request: Request, source: str, describe: Describe) -> Response:
        """201 with the letter as `describe` puts it, or 400, 409, 413; the body is one XML, whatever its type says."""
        return await _reply(self._postbox.post(single(body_pieces(request)), source, None), describe)

    async def _post_by_type(self, request: Request, source: str, expected: str | None) -> list[Letter]:
        kind = _content_type(request)
        if kind in XML_TYPES:
            return await self._postbox.post(single(body_pieces(request)), source, expected)
        if kind not in ("application/x-lzma", "multipart/form-data"):
            raise MemoRefusedError([("Content-Type", "invalid", "this media type is not accepted", kind)])
        with Deposit(self._postbox.new_path(".upload")) as upload:
            async for piece in body_pieces(request):
                upload.write(piece)
            upload.flush()
            stretch = (0, upload.path.stat().st_size)
            if kind == "multipart/form-data":
                stretch = _find_file_part(upload.path, request.headers["content-type"])
            with upload.path.open("rb") as raw:
                return await self._postbox.post(_members(_Part(raw, *stretch)), source, expected)


async def _reply(posting: Awaitable[list[Letter]], describe: Describe) -> Response:
    try:
        letters = await posting
    except MemoRefusedError as refused:
        return json_error(400, "the letter was refused", refused.fields)
    except (lzma.LZMAError, tarfile.TarError, EOFError, _BadFormError) as error:
        return json_error(400, "the container was refused", [("body", "malformed", str(error), None)])
    except NoPostError as error:
        return json_error(409, str(error))
    except TooBigError as error:
        return json_error(413, str(error))
    return Json(describe(letters[0]), 201)


async def _members(part: "_Part") -> AsyncIterator[AsyncIterator[bytes]]:
    if part.peek().lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):  # a single XML, as a part of a form
        yield with_turns(iter(lambda: part.read(PIECE), b""))
        return
    empty = True
    with tarfile.open(fileobj=cast(IO[bytes], _Unpacked(part)), mode="r|", errorlevel=2) as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is not None:
                empty = False
                yield with_turns(iter(functools.partial(content.read, PIECE), b""))
    if empty:
        raise tarfile.ReadError("the container is empty")


class _BadFormError(Exception):
    pass


class _Part:
    """A stretch of a file, read like a file."""

    def __init__(self, raw: IO[bytes], start: int, end: int) -> None:
        raw.seek(start)
        self._raw = raw
        self._left = end - start

    def peek(self) -> bytes:
        place = self._raw.tell()
        head = self._raw.read(min(100, self._left))
        self._raw.seek(place)
        return head

    def read(self, size: int) -> bytes:
        piece = self._raw.read(min(size, self._left))
        self._left -= len(piece)
        return piece


class _Unpacked:
    """The decompressed bytes of a legacy .lzma stream, with bounds on memory and on what may come out."""

    def __init__(self, part: _Part) -> None:
        self._part = part
        self._lzma = lzma.LZMADecompressor(format=lzma.FORMAT_ALONE, memlimit=LZMA_MEMORY)
        self._out = 0

    def read(self, size: int) -> bytes:
        while not self._lzma.eof:
            fresh = self._part.read(PIECE) if self._lzma.needs_input else b""
            if self._lzma.needs_input and not fresh:
                raise EOFError("the container ends too early")
            piece = self._lzma.decompress(fresh, max_length=size)
            self._out += len(piece)
            if self._out > 2 * MAX_BYTES:
                raise TooBigError("the container's contents are too big")
            if piece:
                return piece
        return b""


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _find_file_part(path: Path, content_type: str) -> tuple[int, int]:
    """Where the part named `file` begins and ends in a multipart/form-data body (RFC 7578)."""
    match = re.search(r'boundary="?([^";,]{1,70})"?', content_type, re.IGNORECASE)
    if match is None or path.stat().st_size == 0:
        raise _BadFormError("multipart without a boundary or a body")
    with path.open("rb") as raw, mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as body:
        for head, start, end in _parts(body, b"--" + match[1].encode("latin-1", "replace")):
            if re.search(rb'(?im)^content-disposition:.*[;\s]name="?file"?(?:[;\s]|$)', head):
                return start, end
    raise _BadFormError("there is no part named file")


def _parts(body: mmap.mmap, delimiter: bytes) -> Iterator[tuple[bytes, int, int]]:
    place = 0 if body[: len(delimiter)] == delimiter else body.find(b"\r\n" + delimiter) + 2
    while True:
        start = body.find(b"\r\n\r\n", place + len(delimiter)) + 4
        end = body.find(b"\r\n" + delimiter, start - 2)
        if start < 4 or end < 0:
            return
        yield bytes(body[place + len(delimiter) : start]), start, max(start, end)
        place = end + 2
