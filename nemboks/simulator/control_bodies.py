"""What callers of the control interface send and get: JSON bodies, their fields, and lists.

Promises: a field of the wrong kind is a 400 with a sentence.
"""

import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from nemboks.simulator.http_server import Json, small_body


async def read_body(request: Request) -> dict[str, Any]:
    """The JSON object of the body; an empty body is an empty one."""
    return _object(await _json(request), "the body")


async def read_bodies(request: Request) -> list[dict[str, Any]] | dict[str, Any]:
    """The JSON object of the body, or a list of objects."""
    body = await _json(request)
    return [_object(one, "an item") for one in body] if isinstance(body, list) else _object(body, "the body")


def one_of(body: dict[str, Any], field: str, allowed: tuple[Any, ...]) -> Any:
    """The field's value, which is one of the allowed."""
    value = body.get(field)
    if value not in allowed:
        raise HTTPException(400, f"{field} is one of {', '.join(map(str, allowed))}")
    return value


def text(body: dict[str, Any], field: str) -> str | None:
    """The field's text, None when it is absent."""
    value = body.get(field)
    if value is not None and not isinstance(value, str):
        raise HTTPException(400, f"{field} is a text")
    return value


def number(body: dict[str, Any], field: str, default: int | None = None) -> int:
    """The field's number, zero or more."""
    value = body.get(field, default)
    if type(value) is not int or value < 0:
        raise HTTPException(400, f"{field} is a whole number, zero or more")
    return value


def flag(body: dict[str, Any], field: str) -> bool:
    """The field's yes or no."""
    value = body.get(field)
    if not isinstance(value, bool):
        raise HTTPException(400, f"{field} is true or false")
    return value


def items(many: Any) -> Response:
    """The reply that lists them."""
    return Json({"items": list(many)})


async def _json(request: Request) -> Any:
    try:
        return json.loads(await small_body(request) or b"{}")
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "the body is not JSON") from error


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise HTTPException(400, f"{what} is not a JSON object")
    return value
