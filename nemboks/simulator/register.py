"""What the register tells about organisations: how a company stands, and which of its systems the caller may act for.

Source: DIGITAL-POST.md 2.5 for paths and field names; what is not public is invented and listed in docs/simulator.md.
Promises: an organisation's API tokens are shown to nobody but the CVR that its recipient system names.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from nemboks.simulator.calls import Calls, Kind
from nemboks.simulator.companies import Caller, Companies, Company
from nemboks.simulator.http_server import Json, json_error

SINCE = "2026-01-01T00:00:00Z"


class Register:
    """Two calls that anyone with a valid login may make."""

    def __init__(self, companies: Companies, calls: Calls) -> None:
        self._companies = companies
        self._calls = calls

    async def look_up(self, request: Request, caller: Caller) -> Response:
        """200 with name, status and curator access, also of a company that has ceased; 404."""
        asked = self._asked(request, "lookup")
        if asked is None:
            return _unknown(request)
        standing = asked.standing
        return Json({"cvr": asked.cvr, "name": asked.name, "status": standing.life, "curatorAccess": standing.curator})

    async def systems(self, request: Request, caller: Caller) -> Response:
        """200 with the organisation's recipient systems that name the caller, 403 for its no, 404."""
        asked = self._asked(request, "systems")
        if asked is None:
            return _unknown(request)
        if reason := asked.standing.no_system():
            return json_error(403, reason)
        if not isinstance(asked, Company) or asked.face != "rest" or asked.standing.consent == "awaited":
            return Json([])
        return Json([_system(asked, caller.cvr)] if caller == self._companies.vendor else [])

    def _asked(self, request: Request, kind: Kind) -> Caller | None:
        asked = self._companies.organisation(request.path_params["cvr"])
        if asked is not None:
            self._calls.count(asked.cvr, kind)
        return asked


def _system(company: Company, delegate: str) -> dict[str, Any]:
    return {
        "id": company.system_id,
        "name": "Videresendelse",
        "delegatedCVR": delegate,
        "systemTypes": ["RECIPIENT"],
        "serviceProtocol": "REST_PULL",
        "receiptFormat": "MEMO",
        "activeFrom": SINCE,
        "activeTo": None,
        "apiToken": {"value": company.api_token},
    }


def _unknown(request: Request) -> Response:
    field = ("cvr", "notFound", "no organisation has this CVR number", request.path_params["cvr"])
    return json_error(404, "no such organisation", [field])
