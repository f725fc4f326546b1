"""Tells machines: signed calls to a web address, for notices and for the stream of events.

Promises: https only, to an address that hosts.py lets us connect to (SECURITY 43), no redirect, a bounded answer in a
bounded time; every call is signed, with its time, so that nobody else can make one or play one back. Only a 2xx is
"taken". Never tries again by itself: journey/notices.py does, so a call may come twice, under the same id.

The signature: `Nemboks-Signature: t=<unix seconds>,v1=<hex>`, HMAC-SHA256 of "<t>.<body>" under the secret.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from nemboks.delivery.https import Answer, Ask, NoAnswer, ask
from nemboks.domain.mailbox import Address
from nemboks.domain.redact import redact
from nemboks.ports import Clock, Message, NotTold, Told

SECONDS: Final = 20.0  # for a whole call; GitHub waits 10 s, Stripe 20


@dataclass(frozen=True, slots=True)
class WebhookAccess:
    """How to reach one webhook. ValueError for an address that is not https, or an empty key."""

    url: str = field(repr=False)  # its path may be a secret
    key: str = field(repr=False)
    ca_file: Path | None = None
    internal: bool = False
    seconds: float = SECONDS

    def __post_init__(self) -> None:
        if not self.url.startswith("https://"):
            raise ValueError("a webhook's address must begin with https://")
        if not self.key:
            raise ValueError("a webhook needs a secret")


class WebhookNotifier:
    """The Notifier of "webhook" paths: a JSON object, `nemboks.notice/1`."""

    def __init__(self, hooks: Mapping[str, WebhookAccess], clock: Clock) -> None:
        self._hooks, self._clock = dict(hooks), clock

    async def tell(self, message: Message) -> str:
        """The receiver's status. Raises NotTold for anything but a 2xx."""
        name = message.notice.path.partition(":")[2]
        if name not in self._hooks:  # a notice may outlive the settings it was made under
            raise NotTold(f"there is no [webhooks.{name}] in the settings")
        return await _call(self._hooks[name], f"notice-{message.notice.id}", "notice", _values(message), self._clock)

    async def close(self) -> None:
        """Nothing: no connection is kept."""


class WebhookListener:
    """The Listener of one webhook: events in order, `nemboks.event/1`."""

    def __init__(self, access: WebhookAccess, clock: Clock) -> None:
        self._access, self._clock = access, clock

    async def listen(self, events: Sequence[Told]) -> str:
        """The receiver's status when it took them all. Raises NotTold otherwise."""
        values = {"events": [_event(event) for event in events]}
        return await _call(self._access, f"event-{events[-1].id}", "event", values, self._clock)


def signature(key: str, at: int, body: bytes) -> str:
    """The value of Nemboks-Signature. `at`: unix seconds, so that a receiver can refuse what is old."""
    mac = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


def _values(message: Message) -> dict[str, Any]:
    notice = message.notice
    one_address = bool(notice.address.partition("@")[0])  # not "@domain", for several
    return {
        "id": notice.id, "incident": notice.incident, "kind": notice.kind, "cause": notice.cause,
        "number": notice.number, "count": notice.count, "cvrs": message.cvrs, "letters": notice.letters,
        "references": message.references, "address": Address(notice.address).masked if one_address else None,
        "destination": notice.destination or None, "words": redact(notice.words) or None,
        "since": _time(notice.since), "created_at": _time(notice.created_at),
        "subject": message.subject, "text": message.text,
    }  # fmt: skip


def _event(event: Told) -> dict[str, Any]:
    return {
        "id": event.id, "at": _time(event.at), "cvr": event.cvr, "letter": event.letter, "event": event.event,
        "from": event.from_state, "to": event.to_state, "detail": _safe(event.detail),
    }  # fmt: skip


def _safe(value: Any) -> Any:
    """The value as JSON can carry it, without addresses and CPR shapes, whatever a row of history holds."""
    match value:
        case str():
            return redact(value)
        case Mapping():
            return {str(key): _safe(one) for key, one in value.items()}
        case list() | tuple():
            return [_safe(one) for one in value]
        case datetime():
            return _time(value)
    return value if value is None or isinstance(value, bool | int | float) else redact(str(value))


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _call(access: WebhookAccess, id_: str, schema: str, values: Mapping[str, Any], clock: Clock) -> str:
    body = json.dumps({"schema": f"nemboks.{schema}/1", **values}).encode()
    headers = {
        "Content-Type": "application/json",
        "Nemboks-Event-Id": id_,
        "Nemboks-Signature": signature(access.key, int(clock.now().timestamp()), body),
    }
    request = Ask("POST", access.url, headers, body, access.ca_file, access.internal, seconds=access.seconds)
    try:
        answer = await ask(request)
    except NoAnswer as error:
        raise NotTold(str(error)) from None
    return _taken(answer, urlsplit(access.url).hostname or "?")


def _taken(answer: Answer, host: str) -> str:
    if 200 <= answer.status <= 299:
        return f"{host} answered {answer.status}"
    redirect = " (a redirect, which is never followed)" if 300 <= answer.status <= 399 else ""
    raise NotTold(f"{host} answered {answer.status}{redirect}")
