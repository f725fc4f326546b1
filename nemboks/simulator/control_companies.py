"""The control interface's calls about companies: who there is, how they stand, how often each was asked for what.

Promises: of a list of new companies all are registered or none; a change of standing holds from its answer on.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from nemboks.simulator.calls import Calls
from nemboks.simulator.companies import Companies, Company, Face
from nemboks.simulator.control_bodies import flag, items, one_of, read_bodies, read_body, text
from nemboks.simulator.http_server import Json
from nemboks.simulator.standing import CONSENTS, LIVES, Standing

FACES: tuple[Face, ...] = ("rest", "imap")


class CompanyCalls:
    """The handlers; each one's docstring is its line in the interface's list of itself."""

    def __init__(
        self,
        companies: Companies,
        calls: Calls,
        next_face: Callable[[], Face],
        change_standing: Callable[[Company, Standing], Company],
    ) -> None:
        self._companies = companies
        self._calls = calls
        self._next_face = next_face
        self._change_standing = change_standing

    async def vendor(self, request: Request) -> Response:
        """Whom companies let in: CVR and login at the register."""
        return Json(self._companies.vendor.as_item())

    async def every(self, request: Request) -> Response:
        """All companies with their logins and addresses."""
        return items(company.as_item() for company in self._companies)

    async def add(self, request: Request) -> Response:
        """A company: {"cvr"?, "name"?, "face"?: rest or imap, "life"?, "curator"?, "consent"?}, or a list of these.

        200 when the CVR is there already: it stays as it is.
        """
        body = await read_bodies(request)
        bodies = body if isinstance(body, list) else [body]
        self._check(bodies)
        found = [self._existing(one) for one in bodies]
        companies = [old or self._register(one) for old, one in zip(found, bodies, strict=True)]
        shown = [company.as_item() for company in companies]
        return Json({"items": shown} if isinstance(body, list) else shown[0], 200 if all(found) else 201)

    async def one(self, request: Request) -> Response:
        """A company."""
        return Json(self._company(request).as_item())

    async def change(self, request: Request) -> Response:
        """How it stands from now on: {"life"?, "curator"?, "consent"?}."""
        company = self._company(request)
        standing = _standing(await read_body(request), company.standing)
        return Json(self._change_standing(company, standing).as_item())

    async def calls(self, request: Request) -> Response:
        """How often each company's mailbox, and the register about it, was asked: {cvr: {list, fetch …}}."""
        return Json(self._calls.as_item(company.cvr for company in self._companies))

    def _check(self, bodies: list[dict[str, Any]]) -> None:
        """Nothing; all of them can be registered or are there already."""
        cvrs = [cvr for one in bodies if (cvr := text(one, "cvr")) is not None]
        if len(set(cvrs)) < len(cvrs):
            raise HTTPException(400, "a CVR is in the list twice")
        for one in bodies:
            _face(one), _standing(one, Standing())
            if self._existing(one) is None:
                try:
                    self._companies.check(text(one, "cvr"), text(one, "name"))
                except ValueError as error:
                    raise HTTPException(400, str(error)) from error

    def _existing(self, body: dict[str, Any]) -> Company | None:
        return self._companies.by_cvr(text(body, "cvr") or "")

    def _register(self, body: dict[str, Any]) -> Company:
        face = _face(body) or self._next_face()
        return self._companies.register(face, text(body, "cvr"), text(body, "name"), _standing(body, Standing()))

    def _company(self, request: Request) -> Company:
        company = self._companies.by_cvr(request.path_params["cvr"])
        if company is None:
            raise HTTPException(404, "no company has this CVR number")
        return company


def _face(body: dict[str, Any]) -> Face | None:
    face: Face | None = one_of(body, "face", FACES) if "face" in body else None
    return face


def _standing(body: dict[str, Any], before: Standing) -> Standing:
    changes: dict[str, Any] = {
        field: one_of(body, field, allowed)
        for field, allowed in (("life", LIVES), ("consent", CONSENTS))
        if field in body
    }
    if "curator" in body:
        changes["curator"] = flag(body, "curator")
    return replace(before, **changes)
