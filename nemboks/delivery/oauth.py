"""Access tokens for a mail server's XOAUTH2 login, as Microsoft 365 and Google want them (RFC 6749).

Promises: a token is fetched once and used until a minute before its end; letters that wait together cause one call;
no secret stands in an error or a log line. A refusal of the endpoint is told apart from its outage.
Never does: write a renewed refresh token down. The settings' one is used again after a start; providers that replace
it at every use (RFC 6749 6) need the client's own login instead.
"""

import asyncio
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from nemboks.delivery.https import Answer, Ask, NoAnswer, ask
from nemboks.domain.redact import redact
from nemboks.ports import Clock

_EARLY_SECONDS: Final = 60.0  # an attempt may begin with a token that would end while it connects
_UNSAID_SECONDS: Final = 300.0  # `expires_in` is only recommended (RFC 6749 5.1)
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,16384}=*")  # b64token (RFC 6750 2.1)
_CODE: Final = re.compile(r"[a-z_]{1,60}")


class TokenTrouble(Exception):
    """No token. `refused`: the endpoint said a definite no, and asking again soon would say it again."""

    def __init__(self, words: str, refused: bool) -> None:
        super().__init__(words)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class TokenAccess:
    """Where tokens come from. Without a refresh token the client itself logs in (RFC 6749 4.4)."""

    token_url: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    scope: str = ""
    ca_file: Path | None = None
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; `fresh` when it was fetched for this very use."""

    text: str = field(repr=False)
    fresh: bool


class Tokens:
    """The tokens of one login."""

    def __init__(self, access: TokenAccess, clock: Clock) -> None:
        self._access, self._clock = access, clock
        self._refresh_token = access.refresh_token
        self._text = ""
        self._until = 0.0  # monotonic
        self._lock = asyncio.Lock()

    async def get(self) -> Token:
        """A token that is good for at least a minute, as far as the endpoint said. Raises TokenTrouble."""
        async with self._lock:
            if self._text and self._clock.monotonic() < self._until:
                return Token(self._text, fresh=False)
            answer = await self._asked()
            if answer.status != 200:
                raise self._refusal(answer)
            self._keep(_object(answer.body))
            return Token(self._text, fresh=True)

    def drop(self, token: Token) -> None:
        """Forget a token that the mail server refused."""
        if self._text == token.text:
            self._text = ""

    async def _asked(self) -> Answer:
        access = self._access
        grant = {"grant_type": "refresh_token", "refresh_token": self._refresh_token}
        form = {
            **(grant if self._refresh_token else {"grant_type": "client_credentials"}),
            "client_id": access.client_id, "client_secret": access.client_secret, "scope": access.scope,
        }  # fmt: skip
        body = urlencode({name: value for name, value in form.items() if value}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            return await ask(Ask("POST", access.token_url, headers, body, access.ca_file, access.internal))
        except NoAnswer as error:
            raise TokenTrouble(f"no token for the login: {error}", refused=False) from None

    def _keep(self, said: dict[str, Any]) -> None:
        text, kind = said.get("access_token"), said.get("token_type")
        if not (isinstance(text, str) and _TOKEN.fullmatch(text) and str(kind).lower() == "bearer"):
            raise TokenTrouble("no token for the login: the endpoint's answer holds none that we know", refused=False)
        self._text = text
        self._until = self._clock.monotonic() + _seconds(said.get("expires_in")) - _EARLY_SECONDS
        renewed = said.get("refresh_token")
        if self._refresh_token and isinstance(renewed, str) and renewed:
            self._refresh_token = renewed

    def _refusal(self, answer: Answer) -> TokenTrouble:
        """RFC 6749 5.2: 400 or 401 with a code; anything else is an outage."""
        code = _object(answer.body).get("error")
        said = code if isinstance(code, str) and _CODE.fullmatch(code) else "no reason given"
        if answer.status not in (400, 401, 403):
            return TokenTrouble(f"no token for the login: the endpoint answered {answer.status}", refused=False)
        self._refresh_token = self._access.refresh_token  # a renewed one that is worth no more
        return TokenTrouble(f"no token for the login: {redact(said)}{_MEANINGS.get(said, '')}", refused=True)


_MEANINGS: Final = {
    "invalid_grant": " (the refresh token is used up, expired or withdrawn: give consent anew)",
    "invalid_client": " (the client id or its secret is wrong or expired)",
    "unauthorized_client": " (the application may not ask for this kind of token)",
    "invalid_scope": " (the provider does not know the scope)",
}


def _seconds(said: object) -> float:
    """How long a token lasts; some endpoints write the number as a string."""
    return float(str(said)) if re.fullmatch(r"[0-9]{1,9}", str(said)) else _UNSAID_SECONDS


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
