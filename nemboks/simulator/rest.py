"""The REST face: the pull interface of Digital Post, as far as it is publicly described (DIGITAL-POST.md 2.1-2.3).

Promises: same paths, media types, page object, error body and receipt object; a company sees its own letters only;
what is not public (which call takes a letter off the list, the answer to a repeated receipt) is a switch. A company
that has ceased, or has not let its recipient system in, is answered 403. Faults show only to a caller who is let in.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from nemboks.simulator.calls import Kind
from nemboks.simulator.companies import Caller, Companies, Company
from nemboks.simulator.faults import REST_CODES, Switchboard
from nemboks.simulator.http_server import FileReply, Json, Reset, json_error, small_body
from nemboks.simulator.inboxes import REAPPEARANCES, Inboxes, Letter
from nemboks.simulator.receipts import BadReceiptError, read_receipt
from nemboks.simulator.register import Register
from nemboks.simulator.rest_send import SenderCall

PREFIX = "/apis/v1"
DEFAULT_PAGE, MAX_PAGE = 100, 1000  # not public; 1000 was used against production by a sample client

Handler = Callable[[Request, Company], Awaitable[Response]]
Answer = Callable[[Request, Caller], Awaitable[Response]]


class RestFace:
    """The ASGI application of the REST face is `app`."""

    def __init__(self, companies: Companies, inboxes: Inboxes, faults: Switchboard, sender_call: SenderCall) -> None:
        self._companies = companies
        self._inboxes = inboxes
        self._faults = faults
        self._sender_call = sender_call
        register = Register(companies, inboxes.calls)
        calls: list[tuple[str, str, Answer]] = [
            ("GET", "memos", self._own("list", self._list)),
            ("GET", "memos/", self._own("list", self._list)),
            ("POST", "memos", self._send),
            ("POST", "memos/", self._send),
            ("GET", "memos/{id}", self._own("fetch", self._fetch)),
            ("DELETE", "memos/{id}", self._own("delete", self._delete)),
            ("POST", "memos/{id}/receipt", self._own("receipt", self._receipt)),
            ("GET", "organisation-lookup/{cvr}", register.look_up),
            ("GET", "organisations/{cvr}/systems", register.systems),
            ("GET", "organisations/{cvr}/systems/", register.systems),
        ]
        routes = [Route(f"{PREFIX}/{path}", self._guarded(answer), methods=[method]) for method, path, answer in calls]
        self.app = Starlette(routes=routes, exception_handlers={HTTPException: _plain_error})

    def _guarded(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            caller = self._caller(request)
            if caller is None:
                return json_error(401, "no recipient system with this system id and API token")
            try:
                return await answer(request, caller)
            except ClientDisconnect:
                return Response(status_code=400)  # nobody is left to read it

        return guarded

    def _own(self, kind: Kind, handler: Handler) -> Answer:
        """The answer about the caller's own mailbox, of which the vendor has none."""

        async def own(request: Request, caller: Caller) -> Response:
            self._inboxes.calls.count(caller.cvr, kind)
            if reason := caller.standing.no_entry():
                return json_error(403, reason)
            if not isinstance(caller, Company):
                return json_error(403, "this system sends; it has no mailbox of its own")
            return await handler(request, caller)

        return own

    def _caller(self, request: Request) -> Caller | None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        try:
            login = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            return None
        system_id, _, api_token = login.partition(":")
        return self._companies.by_token(system_id, api_token) if scheme.lower() == "basic" else None

    def _fault(self, stage: str) -> Response | None:
        code = self._faults.hit_code(f"rest-{stage}", REST_CODES[stage])
        if code is None:
            return None
        if code in (401, 403) and self._faults.hits(f"rest-{stage}-{code}") % 2:
            return Response(status_code=code)  # the description allows these two without a body
        return json_error(code, "simulated fault", retry_after=1 if code == 429 else None)

    async def _send(self, request: Request, caller: Caller) -> Response:
        if reason := caller.standing.no_entry():
            return json_error(403, reason)
        return await self._sender_call.answer(request)

    async def _list(self, request: Request, company: Company) -> Response:
        if fault := self._fault("list"):
            return fault
        try:
            page = _whole_number(request, "page", 0, 0, 1 << 31)
            size = _whole_number(request, "size", DEFAULT_PAGE, 1, MAX_PAGE)
            newest_first = _newest_first(request)
        except _BadQueryError as bad:
            return json_error(400, "bad query", [(bad.field, "invalid", str(bad), bad.value)])
        ids = self._inboxes.listing(company.cvr)
        if ids and self._faults.hit("rest-list-twice"):
            ids = [one for one in ids for _ in range(2)] + ids[:1]
        return Json(_page(ids[::-1] if newest_first else ids, page, size, request.query_params.get("sort")))

    async def _fetch(self, request: Request, company: Company) -> Response:
        if fault := self._fault("fetch"):
            return fault
        letter = self._letter(request, company)
        if letter is None or not letter.readable():
            return _no_such_letter(request)
        size = letter.stored.size
        cut = size * 2 // 3 if self._faults.hit("rest-fetch-truncated") else None
        reset = cut is None and self._faults.hit("rest-fetch-reset")
        return _Fetch(self._inboxes, letter, cut=cut, reset=reset)

    async def _receipt(self, request: Request, company: Company) -> Response:
        if fault := self._fault("receipt"):
            return fault
        body = await small_body(request)
        letter = self._letter(request, company)
        if letter is None or letter.deleted:
            return _no_such_letter(request)
        try:
            receipt = read_receipt(body)
        except BadReceiptError as bad:
            return json_error(400, "the receipt cannot be read", bad.fields)
        if receipt["messageUUID"].lower() != request.path_params["id"].lower():
            field = ("messageUUID", "mismatch", "messageUUID differs from the path", receipt["messageUUID"])
            return json_error(422, "the receipt is for another letter", [field])
        status = self._inboxes.take_receipt(letter, receipt["receiptStatus"], receipt["transmissionId"])
        if letter.receipts[-1]["taken"] and self._faults.hit("rest-receipt-reappear"):
            letter.reappearances = REAPPEARANCES
        if self._faults.hit("rest-receipt-lost"):
            return Reset()
        return Response() if status == 200 else json_error(status, "a receipt was taken before")

    async def _delete(self, request: Request, company: Company) -> Response:
        if fault := self._fault("delete"):
            return fault
        letter = self._letter(request, company)
        if letter is None or not letter.readable():
            return _no_such_letter(request)
        self._inboxes.delete(letter)
        return Response(status_code=204)

    def _letter(self, request: Request, company: Company) -> Letter | None:
        return self._inboxes.find(company.cvr, request.path_params["id"])


class _Fetch(FileReply):
    """A letter's bytes exactly as posted; tells the inboxes when they went out whole."""

    def __init__(self, inboxes: Inboxes, letter: Letter, *, cut: int | None, reset: bool) -> None:
        super().__init__(letter.stored.path, letter.stored.size, "application/xml", cut=cut, reset=reset)
        self._inboxes = inboxes
        self._letter = letter

    def handed_over(self) -> None:
        self._inboxes.fetched(self._letter)


class _BadQueryError(ValueError):
    def __init__(self, field: str, value: str, text: str) -> None:
        super().__init__(text)
        self.field, self.value = field, value


def _whole_number(request: Request, field: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(field)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 11 and least <= int(text) <= most):
        raise _BadQueryError(field, text, f"{field} is a whole number from {least} to {most}")
    return int(text)


def _newest_first(request: Request) -> bool:
    # `sort` is repeatable; there is only one order here, the time of posting, so the first direction counts.
    newest_first = None
    for text in request.query_params.getlist("sort"):
        name, _, direction = text.partition(",")
        if not name or direction.lower() not in ("", "asc", "desc"):
            raise _BadQueryError("sort", text, "sort is a property, a comma, and asc or desc")
        if newest_first is None:
            newest_first = direction.lower() == "desc"
    return bool(newest_first)


def _page(ids: list[str], number: int, size: int, ordering: str | None) -> dict[str, Any]:
    pages = -(-len(ids) // size)
    body: dict[str, Any] = {
        "content": ids[number * size : (number + 1) * size],
        "number": number,
        "size": size,
        "totalElements": len(ids),
        "totalPages": pages,
    }
    neighbours = {"previous": number - 1 if number > 0 else None, "next": number + 1 if number + 1 < pages else None}
    for name, other in neighbours.items():
        if other is not None:
            body[name] = {"page": other, "size": size, "ordering": ordering}
    return body


def _no_such_letter(request: Request) -> Response:
    return json_error(404, "no such letter", [("id", "notFound", "no such letter here", request.path_params["id"])])


async def _plain_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return json_error(status, str(getattr(error, "detail", "error")))
