"""A mailbox behind Digital Post's REST face (DIGITAL-POST 2.1 to 2.3): list, fetch, receipt.

Promises: a listing is a snapshot of all pages or an error, and an entry that is no id stops no other letter; a letter
that ends early never ends quietly; a receipt says COMPLETED and nothing else, with the transmissionId it was given,
however often it is repeated.
Never does: acknowledge anything it was not handed a Receipt for, or DELETE unless the settings ask for it.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final
from urllib.parse import quote

from nemboks.domain.pace import Pace
from nemboks.domain.proof import Receipt
from nemboks.intake.network import Client, Opened
from nemboks.intake.rest_calls import Answer, Body, RestAccess, RestCalls, strict_json
from nemboks.ports import Clock, Gone, Listed, Refused, Unavailable

__all__ = ["RestAccess", "RestInbox"]

LETTER_BYTES: Final = 160 << 20  # the largest lawful letter is 99.5 MB (DIGITAL-POST 1.6)
_PAGE_SIZE: Final = 1000  # used against production by the agency's sample program
_PAGES: Final = 10_000
_IDS: Final = 200_000
_SNAPSHOTS: Final = 3  # tries to read a list that shrinks while it is read
_LISTING_SECONDS: Final = 3600
_TAKEN: Final = (200, 201, 204)
_SETTLED: Final = (404, 409, 410)
_OF_IMAP = re.compile(r"[0-9]{1,10}\.[0-9]{1,10}")  # UIDVALIDITY and UID; a messageUUID is never so short
_ID = re.compile(r"(?!\.{1,2}$)[\x21-\x7e]{1,255}")  # opaque to us, but it becomes a path and a key


class RestInbox:
    """The Inbox port over REST. The client is shared between CVRs and closed by whoever opened it."""

    def __init__(
        self, client: Client, access: RestAccess, system_id: str, api_token: str, pace: Pace, clock: Clock
    ) -> None:
        self._calls = RestCalls(client, access, system_id, api_token, pace, clock)
        self._delete, self._pace, self._clock = access.delete_after_receipt, pace, clock
        self._spelt: dict[str, str] = {}  # ids that were not listed in lower case, as they were listed
        self._unusable = 0

    @property
    def keeps(self) -> bool:
        """False: it is not public which call takes a letter off the list (DIGITAL-POST 2.4)."""
        return False

    @property
    def unusable(self) -> int:
        """How many different entries of the latest listing were no ids."""
        return self._unusable

    async def list(self) -> Sequence[Listed]:
        """All letters, in upstream's order, ids folded to lower case, each once."""
        begun = self._clock.monotonic()
        for _ in range(_SNAPSHOTS):
            found = await self._snapshot(begun)
            if found is not None:
                self._spelt = {key: spelt for key, spelt in found.ids.items() if key != spelt}
                self._unusable = len(found.others)
                return [Listed(key) for key in found.ids]
        raise Unavailable("the list of letters changes faster than it can be read")

    async def _snapshot(self, begun: float) -> "_Snapshot | None":
        """What all pages hold; None when letters left meanwhile, so that later ones may have slipped by."""
        found, total = _Snapshot({}, set()), 0
        for number in range(_PAGES):
            page = await self._page(number)
            before = len(found)
            found.others.update(page.others)
            for upstream_id in page.ids:
                found.ids.setdefault(upstream_id.lower(), upstream_id)
            if page.total is not None and page.total < total:
                return None
            total = page.total or total
            if page.last or len(found) == before:  # a page that only repeats would repeat for ever (H17)
                return found
            if len(found) > _IDS or self._clock.monotonic() - begun > _LISTING_SECONDS:
                break
        raise Unavailable("the list of letters does not end")

    async def _page(self, number: int) -> "_Page":
        answer = await self._calls.call("GET", f"memos/?page={number}&size={_PAGE_SIZE}")
        if answer.status == 200:
            return _page(answer)
        failure = self._calls.failure(answer, "the list")
        # There is always a list; where there is none, the system or the address is not known (H03).
        raise Refused(str(failure), mailbox=True) if isinstance(failure, Gone) else failure

    @asynccontextmanager
    async def fetch(self, upstream_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The letter's XML in pieces of at most 64 kB; complete when the iterator ends."""
        opened = await self._calls.open(self._path(upstream_id), "application/xml")
        try:
            length = _checked_length(opened)
            yield Body(opened, length, LETTER_BYTES, self._pace, self._clock)
        finally:
            opened.close()

    async def acknowledge(self, receipt: Receipt, repeated: bool) -> str:
        """Gives the receipt, then deletes if the settings ask for it.

        Raises Gone when upstream has no such letter or has settled it. After a taken receipt a refused DELETE is
        Unavailable: half is done, and a repetition must find its way past the settled receipt to the DELETE.
        """
        path = self._path(receipt.upstream_id)
        body = _receipt(receipt, self._as_listed(receipt.upstream_id))
        answer = await self._calls.call("POST", f"{path}/receipt", body=body)
        taken = answer.status in _TAKEN
        if taken:
            words = f"receipt taken ({answer.status})"
        elif answer.status in _SETTLED:
            words = str(self._calls.failure(answer, "the receipt"))
            if not (self._delete and repeated):
                raise Gone(words)
        else:
            raise self._calls.failure(answer, "the receipt")
        return f"{words}, {await self._deleted(receipt.upstream_id, taken)}" if self._delete else words

    async def _deleted(self, upstream_id: str, taken: bool) -> str:
        answer = await self._calls.call("DELETE", self._path(upstream_id))
        if answer.status in _TAKEN:
            return f"deleted ({answer.status})"
        if taken and answer.status in (404, 410):  # did the letter leave by the receipt? The list knows
            if upstream_id in {x.upstream_id for x in await self.list()}:
                raise Unavailable(f"the DELETE answers {answer.status}, but the list still shows the letter")
            return f"already deleted ({answer.status})"
        failure = self._calls.failure(answer, "the deletion after the receipt")
        if isinstance(failure, Refused):
            raise Unavailable(str(failure))
        raise failure

    async def news(self) -> None:
        """Waits until cancelled: this face cannot tell."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing: the connections belong to all CVRs."""

    def _path(self, upstream_id: str) -> str:
        """Raises Refused for an id of the IMAP door: a 404 to it would prove nothing."""
        if _OF_IMAP.fullmatch(upstream_id):
            raise Refused("the letter was found through this mailbox's IMAP door; set inbox = imap again to finish it")
        return f"memos/{quote(self._as_listed(upstream_id), safe='')}"

    def _as_listed(self, upstream_id: str) -> str:
        """The id as upstream spells it, as far as we know; upstream compares without regard to case."""
        return self._spelt.get(upstream_id, upstream_id)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """`ids` by their lower-case form; of entries that are none their marks, each once."""

    ids: dict[str, str]
    others: set[bytes]

    def __len__(self) -> int:
        return len(self.ids) + len(self.others)


@dataclass(frozen=True, slots=True)
class _Page:
    ids: Sequence[str]
    others: Sequence[bytes]
    total: int | None
    last: bool


def _page(answer: Answer) -> _Page:
    """The page object of DIGITAL-POST 2.1. Raises Unavailable for anything else, such as an HTML page (H13)."""
    try:
        page = strict_json(answer.body)
        entries = page.get("content") if isinstance(page, dict) else None
        if not isinstance(entries, list):
            raise Unavailable("the list of letters has no `content`")
        ids = [entry for entry in entries if _is_id(entry)]
        others = [_mark(entry) for entry in entries if not _is_id(entry)]
    except (ValueError, RecursionError) as error:
        raise Unavailable("the list of letters is not JSON; is this a log-in page?") from error
    pages, total, number = (_count(page, key) for key in ("totalPages", "totalElements", "number"))
    last = number + 1 >= pages if pages is not None and number is not None else not page.get("next")
    return _Page(ids, others, total, not entries or last)


def _is_id(entry: Any) -> bool:
    return isinstance(entry, str) and _ID.fullmatch(entry) is not None


def _mark(entry: Any) -> bytes:
    """What tells one entry that is no id from another, so that a page of them is no page that only repeats."""
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).digest()


def _count(page: Mapping[str, Any], key: str) -> int | None:
    value = page.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _checked_length(opened: Opened) -> int | None:
    """The announced length, None when the body comes in chunks. Raises when this is no letter."""
    if opened.status != 200:
        raise Unavailable(f"Digital Post answered {opened.status} to the letter: only a whole one (200) will do")
    kind = opened.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind.endswith("xml") and kind not in ("", "application/octet-stream"):
        raise Unavailable(f"Digital Post sent {kind[:60]!r} instead of a letter")
    length = opened.headers.get("content-length")
    if length is None:
        if "chunked" not in opened.headers.get("transfer-encoding", "").lower():
            raise Unavailable("Digital Post sent a letter without a length: nobody could tell whether it was whole")
        return None
    if int(length) > LETTER_BYTES:  # the HTTP library has checked that it is a number
        raise Refused(f"the letter is larger than {LETTER_BYTES >> 20} MB")
    return int(length)


def _receipt(receipt: Receipt, message_uuid: str) -> dict[str, Any]:
    """The business receipt of DIGITAL-POST 2.3. `messageId` is optional and the sender's own business."""
    at = receipt.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"transmissionId": receipt.transmission_id, "messageUUID": message_uuid, "errorCode": None,
            "errorMessage": None, "timeStamp": at, "receiptStatus": "COMPLETED"}  # fmt: skip
