"""The settings file (TOML), without environment (SECURITY.md 8: B89).

Settings or SettingsError, whose words never hold a password of the file. What is taken has no key that is not a
setting, no wait without an end, and says the same when it is read again.
"""

import math
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from nemboks.settings import Settings, SettingsError, load

OUTCOMES = frozenset({"settings", "refused"})
LONGEST = 8_192
SECRET = "kaninhul-88"
WORDS = tuple(
    "environment demo production state_dir [upstream] [sender] [servers.own] [direct] [returns] [landings.a] [notices] "
    "[webhooks.a] [plans.a] [[mailboxes]] [seats] [fuse] [pace] host port username password password_file oauth cvr "
    "address server rest_url https:// api_token system_id true false 1e999 nan inf 0x _env_file _cli_parse_args "
    "return_domain request_seconds mail.firma.example 13748136 \"\"\" ''' = { } [ ] \\u0000 1979-05-27".split()
)
_SECRETS = frozenset({"password", "api_token", "secret", "client_secret", "refresh_token"})
WORDS = tuple(word.encode() for word in (*WORDS, SECRET))


class _File:
    """Stands for the settings file."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    def read_text(self) -> str:
        return self._octets.decode()

    def __str__(self) -> str:
        return "nemboks.toml"


def check(octets: bytes) -> str:
    """ "settings" or "refused"."""
    try:
        settings = load(cast(Path, _File(octets)), {})
    except SettingsError as refused:
        assert SECRET not in str(refused) or not _is_secret(octets), str(refused)
        return "refused"
    given = tomllib.loads(octets.decode())
    assert set(given) <= set(Settings.model_fields), set(given)
    assert load(cast(Path, _File(octets)), {}) == settings
    assert SECRET not in repr(settings) or not _is_secret(octets)
    for name, value in settings.pace:
        for seconds in _numbers(value):
            assert math.isfinite(seconds), name
            if name.endswith("_seconds"):
                datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=seconds)
    timedelta(seconds=settings.pace.allowance(160 << 20))
    return "settings"


def _is_secret(octets: bytes) -> bool:
    """Whether the password stands only where a secret may stand; nowhere else would anybody keep it to himself."""
    try:
        return not _told(tomllib.loads(octets.decode()))
    except (ValueError, RecursionError):  # then what a line begins with may be the name of a setting, which is told
        return not any(SECRET in line.partition("=")[0] for line in octets.decode("utf-8", "replace").splitlines())


def _told(value: Any) -> bool:
    if isinstance(value, dict):
        return any(SECRET in key or (key not in _SECRETS and _told(inner)) for key, inner in value.items())
    return any(map(_told, value)) if isinstance(value, list) else SECRET in str(value)


def _numbers(value: Any) -> list[float]:
    return [number for each in value for number in _numbers(each)] if isinstance(value, tuple) else [value]
