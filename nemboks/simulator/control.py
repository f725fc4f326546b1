"""The control interface under `/control/`: put letters in, look at everything that happened, switch faults on.

Plain HTTP on a loopback port of its own; nothing here exists in the real Digital Post. Promises: lists answer
`{"items": [...]}`; a bad request is a 400 with a sentence and changes nothing.
"""

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from nemboks.simulator.control_bodies import flag, items, number, one_of, read_body, text
from nemboks.simulator.control_companies import CompanyCalls
from nemboks.simulator.http_server import FileReply, Json, json_error
from nemboks.simulator.inboxes import REMOVALS, Letter
from nemboks.simulator.letters import Order
from nemboks.simulator.memo_facts import MemoRefusedError
from nemboks.simulator.standing import NoPostError

if TYPE_CHECKING:
    from nemboks.simulator.simulation import Simulation

MAX_DOCUMENT_BYTES = 120_000_000
REGISTERS = ("p_number", "se_number", "kle")  # of a letter's recipient and subject: what routing rules go by


class ControlFace:
    """The ASGI application of the control interface is `app`."""

    def __init__(self, simulation: "Simulation") -> None:
        self._simulation = simulation
        companies = CompanyCalls(
            simulation.companies, simulation.inboxes.calls, simulation.next_face, simulation.change_standing
        )
        self._handlers = {
            ("GET", ""): self._index,
            ("GET", "health"): self._health,
            ("GET", "config"): self._config,
            ("GET", "removal"): self._removal,
            ("POST", "removal"): self._set_removal,
            ("POST", "repeat"): self._set_repeat,
            ("GET", "vendor"): companies.vendor,
            ("GET", "companies"): companies.every,
            ("POST", "companies"): companies.add,
            ("GET", "companies/{cvr}"): companies.one,
            ("POST", "companies/{cvr}"): companies.change,
            ("GET", "calls"): companies.calls,
            ("GET", "letters"): self._letters,
            ("POST", "letters"): self._add_letter,
            ("POST", "letters/xml"): self._add_xml,
            ("GET", "letters/{id:int}/content"): self._content,
            ("GET", "mails"): self._mails,
            ("POST", "mailboxes"): self._close_mailbox,
            ("GET", "faults"): self._faults,
            ("POST", "faults"): self._arm_fault,
            ("DELETE", "faults"): self._heal,
        }
        routes = [
            Route(f"/control/{path}", handler, methods=[method]) for (method, path), handler in self._handlers.items()
        ]
        self.app = Starlette(routes=routes, exception_handlers={HTTPException: _error, ClientDisconnect: _nobody})

    async def _index(self, request: Request) -> Response:
        """This list."""
        calls = self._handlers.items()
        return items(
            {"call": f"{method} /control/{path}", "what": handler.__doc__} for (method, path), handler in calls
        )

    async def _health(self, request: Request) -> Response:
        """Alive."""
        return Json({"status": "ok"})

    async def _config(self, request: Request) -> Response:
        """Settings (TOML) for `nemboks run`, with the companies of this moment."""
        return PlainTextResponse(self._simulation.config_text())

    async def _removal(self, request: Request) -> Response:
        """What takes a letter off the list."""
        return Json({"policy": self._simulation.inboxes.removal})

    async def _set_removal(self, request: Request) -> Response:
        """Change that: {"policy": on-receipt, on-delete, on-fetch or eventual}."""
        body = await read_body(request)
        self._simulation.inboxes.removal = one_of(body, "policy", REMOVALS)
        return await self._removal(request)

    async def _set_repeat(self, request: Request) -> Response:
        """The answer to a repeated receipt: {"status": 200 or 409}."""
        status = one_of(await read_body(request), "status", (200, 409))
        self._simulation.inboxes.repeat_status = status
        return Json({"status": status})

    async def _letters(self, request: Request) -> Response:
        """All letters and what was done with each."""
        return items(letter.as_item() for letter in self._simulation.inboxes)

    async def _add_letter(self, request: Request) -> Response:
        """An invented letter: {"cvr", "seed"?, "index"?, "document_bytes"?, "nemsms"?} and of MeMo's numbers any.

        Those are "p_number", "se_number" and "kle".
        """
        body = await read_body(request)
        company = self._simulation.companies.by_cvr(text(body, "cvr") or "")
        if company is None:
            raise HTTPException(400, "cvr is not a registered company's")
        order = Order(
            seed=number(body, "seed", 0),
            index=number(body, "index", 0),
            cvr=company.cvr,
            name=company.name,
            document_bytes=number(body, "document_bytes") if body.get("document_bytes") is not None else None,
            nemsms=body.get("nemsms") is True,
            **{field: text(body, field) or "" for field in REGISTERS},
        )
        if company.face == "imap" and any(getattr(order, field) for field in REGISTERS):
            raise HTTPException(400, f"{', '.join(REGISTERS)} stand in a MeMo; an IMAP mailbox gets none")
        if order.nemsms and company.face == "imap":
            raise HTTPException(400, "a NemSMS is a MeMo; an IMAP mailbox gets none")
        if (order.document_bytes or 0) > MAX_DOCUMENT_BYTES:
            raise HTTPException(400, f"document_bytes is at most {MAX_DOCUMENT_BYTES}")
        try:
            letter = await self._simulation.post_generated(company, order)
        except MemoRefusedError as refused:
            return json_error(400, "the letter was refused", refused.fields)
        except NoPostError as closed:
            raise HTTPException(409, str(closed)) from closed
        return Json(letter.as_item(), 201)

    async def _add_xml(self, request: Request) -> Response:
        """A MeMo of your own (the XML as body; ?source=NAME)."""
        source = request.query_params.get("source", "control")
        return await self._simulation.sender_call.post_xml(request, source, Letter.as_item)

    async def _content(self, request: Request) -> Response:
        """A letter's bytes as posted."""
        letter = self._simulation.inboxes.by_id(request.path_params["id"])
        if letter is None:
            raise HTTPException(404, "no such letter")
        kind = "application/xml" if letter.inbox == "rest" else "message/rfc822"
        return FileReply(letter.stored.path, letter.stored.size, kind)

    async def _mails(self, request: Request) -> Response:
        """All mails that the mail server kept."""
        return items(self._simulation.mailroom.items())

    async def _close_mailbox(self, request: Request) -> Response:
        """Whether the mail server refuses an address, as one whose owner has left: {"address", "closed"}."""
        body = await read_body(request)
        address, closed = text(body, "address"), flag(body, "closed")
        if not address:
            raise HTTPException(400, "address is missing")
        self._simulation.close_mailbox(address, closed)
        return Json({"address": address, "closed": closed})

    async def _faults(self, request: Request) -> Response:
        """All faults: where they show, which are on, how often they hit."""
        return items(self._simulation.faults.items())

    async def _arm_fault(self, request: Request) -> Response:
        """Switch a fault on: {"name", "times": a number, or null for ever}."""
        body = await read_body(request)
        times = number(body, "times") if body.get("times") is not None else None
        try:
            self._simulation.arm_fault(text(body, "name") or "", times)
        except KeyError as error:
            raise HTTPException(400, "no fault has this name; see GET /control/faults") from error
        return await self._faults(request)

    async def _heal(self, request: Request) -> Response:
        """Switch every fault off."""
        self._simulation.faults.heal()
        return Response(status_code=204)


async def _error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return json_error(error.status_code, error.detail)


async def _nobody(request: Request, error: Exception) -> Response:
    return Response(status_code=400)
