"""Digital Post's register, asked in our own name: how a company stands, and whether it lets us in (DIGITAL-POST 2.5).

Promises: consent is given only by an active recipient system of the company that names our CVR; a word for a life that
we do not know is unknown, never active; no API token is in an error, a log line or a repr.
Never does: ask anything of a company's own mailbox, or keep what it was told.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from nemboks.domain.custody import Consent, Life
from nemboks.domain.mailbox import Cvr
from nemboks.domain.pace import Pace
from nemboks.intake.network import Client
from nemboks.intake.rest_calls import Answer, RestAccess, RestCalls, open_client, strict_json
from nemboks.intake.words import said
from nemboks.ports import Clock, Gone, Refused, Standing, Unavailable

__all__ = ["RestRegistry"]

_LIVES: Final = {life.value: life for life in Life}
_RECIPIENTS: Final = frozenset({"RECIPIENT", "RECIPIENT_DEFAULT"})
_PULL: Final = "REST_PULL"
# Both become a Basic login (RFC 7617 2): printable, and no colon in the first.
_SYSTEM_ID = re.compile(r"[\x21-\x39\x3b-\x7e]{1,255}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,1024}")


class RestRegistry:
    """The Registry port over REST, with a client of its own; it asks with our system's login, never a company's."""

    def __init__(
        self, access: RestAccess, system_id: str, api_token: str, our_cvr: Cvr, pace: Pace, clock: Clock
    ) -> None:
        self._access, self._login, self._our_cvr = access, (system_id, api_token), our_cvr
        self._pace, self._clock = pace, clock
        self._client: Client | None = None

    async def look_up(self, cvr: Cvr) -> Standing:
        """How the company stands now: one call to the look-up, and one for its systems unless it has ceased.

        Raises Gone for a CVR that is not in the register, Refused when we are not let in, else Unavailable.
        """
        calls = self._calls()
        answer = await calls.call("GET", f"organisation-lookup/{cvr}")
        if answer.status != 200:
            raise calls.failure(answer, "the look-up of a company")
        name, life, curator = _company(answer, cvr)
        if life is Life.CEASED:  # every access is blocked: its 403 would be nobody's no
            return Standing(name, life, Consent.AWAITED, curator)
        answer = await calls.call("GET", f"organisations/{cvr}/systems/")
        if answer.status == 403:  # the look-up just let us in, so this is the company's no and not ours
            return Standing(name, life, Consent.DECLINED, curator)
        if answer.status != 200:
            failure = calls.failure(answer, "a company's systems")
            # The company is there, we have just seen it: Gone would say something else.
            raise Refused(str(failure)) if isinstance(failure, Gone) else failure
        credentials = self._credentials(_systems(answer))
        return Standing(name, life, Consent.GIVEN if credentials else Consent.AWAITED, curator, credentials)

    async def close(self) -> None:
        """No connection is left."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _calls(self) -> RestCalls:
        # Opened by the first look-up, so that a certificate that cannot be read is that look-up's error.
        if self._client is None:
            self._client = open_client(self._access)
        return RestCalls(self._client, self._access, *self._login, self._pace, self._clock)

    def _credentials(self, systems: list[Mapping[str, Any]]) -> Mapping[str, str]:
        """Login of the system that names us; empty for none. Of several the default one, else the first by id."""
        now = self._clock.now()
        ours = [one for one in systems if one.get("delegatedCVR") == self._our_cvr and _collects(one, now)]
        logins = sorted((not _is_default(one), *_login(one)) for one in ours)
        return {"system_id": logins[0][1], "api_token": logins[0][2]} if logins else {}


def _company(answer: Answer, cvr: Cvr) -> tuple[str, Life, bool]:
    facts = _json(answer, "the look-up of a company")
    if not isinstance(facts, dict):
        raise Unavailable("the look-up of a company brought no company")
    name, status, curator = (facts.get(key) for key in ("name", "status", "curatorAccess"))
    if not isinstance(name, str) or not isinstance(status, str) or not isinstance(curator, bool):
        raise Unavailable("the look-up of a company lacks name, status or curatorAccess")
    if facts.get("cvr", cvr) != cvr:
        raise Unavailable("the look-up of a company brought another company")
    # JSON may hold half characters (\ud800), which no store takes.
    return said(name.encode("utf-8", "replace")), _LIVES.get(status, Life.UNKNOWN), curator


def _systems(answer: Answer) -> list[Mapping[str, Any]]:
    systems = _json(answer, "the list of a company's systems")
    if not isinstance(systems, list) or not all(isinstance(one, dict) for one in systems):
        raise Unavailable("the list of a company's systems is no list of systems")
    return systems


def _json(answer: Answer, what: str) -> Any:
    try:
        return strict_json(answer.body)
    except (ValueError, RecursionError):
        # The decoder's error holds the whole text, tokens and all: nothing may print it.
        raise Unavailable(f"{what} is not JSON; is this a log-in page?") from None


def _collects(system: Mapping[str, Any], now: datetime) -> bool:
    """Whether post can be pulled from the system now. Raises Unavailable for one that cannot be read."""
    types = system.get("systemTypes")
    if not isinstance(types, list):
        raise Unavailable("a company's system that names us has no systemTypes")
    begins, ends = _time(system, "activeFrom"), _time(system, "activeTo")
    active = (begins is None or begins <= now) and (ends is None or now < ends)
    return active and system.get("serviceProtocol") == _PULL and any(one in _RECIPIENTS for one in map(str, types))


def _is_default(system: Mapping[str, Any]) -> bool:
    return "RECIPIENT_DEFAULT" in system["systemTypes"]


def _time(system: Mapping[str, Any], key: str) -> datetime | None:
    value = system.get(key)
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        at = None
    if at is None or at.tzinfo is None:
        raise Unavailable(f"a company's system that names us has an {key} that is no time")
    return at


def _login(system: Mapping[str, Any]) -> tuple[str, str]:
    system_id, token = system.get("id"), system.get("apiToken")
    value = token.get("value") if isinstance(token, dict) else None
    if not isinstance(system_id, str) or not isinstance(value, str):
        raise Unavailable("a company's system that names us has no id or API token")
    if not _SYSTEM_ID.fullmatch(system_id) or not _TOKEN.fullmatch(value):
        raise Unavailable("a company's system that names us has an id or API token that is none")
    return system_id, value
