"""The example settings file, written from the settings' own classes: their descriptions are the manual.

Promises: `#key = value` is a setting that may be switched on by taking the # away, `# words` are for people; the text
loads as it is, and with every # before a setting taken away.
"""

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from nemboks.domain.plans import USUAL
from nemboks.settings import DeclaredMailbox, Landing, OAuth, Returns, Server, Settings, SoldPlan, Webhook

WIDTH: Final = 112
OPENING: Final = """\
# Settings of Nemboks. A line such as `#key = value` shows a default or an example: take the # away to set it.
# Any setting may also come from the environment: NEMBOKS_UPSTREAM__IMAP_HOST is imap_host under [upstream].
# A misspelt name stops the start. A secret belongs in a file of its own: use the key that ends in _file."""

# What stands where a setting has no default, or where an example says more than the default.
SAMPLES: Final[Mapping[str, Any]] = {
    "rest_ca_file": "/etc/nemboks/digitalpost-ca.pem",
    "imap_ca_file": "/etc/nemboks/digitalpost-ca.pem",
    "client_cert_file": "/etc/nemboks/oces.pem",
    "client_key_file": "/etc/nemboks/oces.key",
    "cvr": "13748136",
    "system_id": "00000000-0000-4000-8000-000000000001",
    "api_token_file": "/etc/nemboks/upstream.token",
    "imap_host": "imap.digitalpost.example",
    "helo": "nemboks.example",
    "return_domain": "bounce.nemboks.example",
    "dkim_selector": "n1",
    "dkim_key_file": "/etc/nemboks/dkim.pem",
    "operator": "drift@nemboks.example",
    "url_file": "/etc/nemboks/store.url",
    "mail_server": 20,
    "direct_domain": 1,
    "ca_file": "/etc/nemboks/exchangers-ca.pem",
}
SERVER: Final[Mapping[str, Any]] = {
    "host": "mail.firma.example",
    "port": 465,
    "tls": "implicit",
    "ca_file": "/etc/nemboks/firma-ca.pem",
    "username": "nemboks",
    "password_file": "/etc/nemboks/mail.password",
}
RELAY: Final[Mapping[str, Any]] = {
    "host": "smtp.udbyder.example",
    "port": 587,
    "tls": "starttls",
    "username": "nemboks@nemboks.example",
    "confirms": "relay",
}
OAUTH: Final[Mapping[str, Any]] = {
    "token_url": "https://login.udbyder.example/oauth2/v2.0/token",
    "client_id": "00000000-0000-4000-8000-000000000002",
    "client_secret_file": "/etc/nemboks/oauth.secret",
    "refresh_token_file": "/etc/nemboks/oauth.refresh",
    "scope": "https://udbyder.example/SMTP.Send offline_access",
}
RETURNS: Final[Mapping[str, Any]] = {
    "host": "imap.nemboks.example",
    "ca_file": "/etc/nemboks/nemboks-ca.pem",
    "user": "bounce",
    "password_file": "/etc/nemboks/bounce.password",
}
LANDING: Final[Mapping[str, Any]] = {
    "host": "imap.firma.example",
    "ca_file": "/etc/nemboks/firma-ca.pem",
    "user": "post",
    "password_file": "/etc/nemboks/landing.password",
}
WEBHOOK: Final[Mapping[str, Any]] = {
    "url": "https://drift.firma.example/nemboks",
    "secret_file": "/etc/nemboks/webhook.secret",
    "ca_file": "/etc/nemboks/firma-ca.pem",
    "events": True,
}
REST: Final[Mapping[str, Any]] = {
    "cvr": "12345674",
    "name": "Eksempel ApS",
    "inbox": "rest",
    "system_id": "00000000-0000-4000-8000-000000000000",
    "api_token_file": "/etc/nemboks/12345674.token",
    "address": "post@firma.example",
    "server": "own",
    "copies": (
        {"address": "bilag@revisor.example", "server": "direct", "certificate_file": "/etc/nemboks/revisor.pem"},
    ),
    "fallback": (
        {
            "address": "kontor@firma.example",
            "server": "udbyder",
            "language": "en",
            "certificate_file": "/etc/nemboks/kontor.pem",
        },
    ),
    "certificate_file": "/etc/nemboks/post.pem",
    "second_contact": "direktionen@andet-domaene.example",
    "code_phrase": "blå cykel",
    "digest": "post@firma.example",
    "webhooks": ("drift",),
    "landing": "post",
}
IMAP: Final[Mapping[str, Any]] = {
    "cvr": "87654311",
    "inbox": "imap",
    "user": "cvr87654311",
    "password_file": "/etc/nemboks/87654311.password",
    "address": "post@andet-firma.example",
    "server": "own",
}


def example(state_dir: Path | None = None, sender: str = "") -> str:
    """The text of a settings file for production, with the default's directory and sender if none are given."""
    live: dict[str, Any] = {"environment": "production"}
    live["state_dir"] = state_dir or Settings.model_fields["state_dir"].default
    live["master_key_file"] = live["state_dir"] / "master.key"
    told = {"address": sender} if sender else {}
    parts = [OPENING, "\n".join(_lines(Settings, {}, live))]
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, BaseModel):
            parts.append(
                f"{_heading(field.default)}\n[{name}]\n"
                + "\n".join(_lines(type(field.default), SAMPLES, told if name == "sender" else {}))
            )
    parts.append(f"{_heading(Server)}\n#[servers.own]\n" + "\n".join(_lines(Server, SERVER, {})))
    relay = "# A relay: what it takes is confirmed by a notice in [returns], or by a look into [landings]."
    parts.append(f"{relay}\n#[servers.udbyder]\n" + "\n".join(_lines(Server, RELAY, {}, only=True)))
    parts.append(f"{_heading(OAuth)}\n#[servers.udbyder.oauth]\n" + "\n".join(_lines(OAuth, OAUTH, {})))
    parts.append(f"{_heading(Returns)}\n#[returns]\n" + "\n".join(_lines(Returns, RETURNS, {})))
    parts.append(f"{_heading(Landing)}\n#[landings.post]\n" + "\n".join(_lines(Landing, LANDING, {})))
    parts.append(f"{_heading(Webhook)}\n#[webhooks.drift]\n" + "\n".join(_lines(Webhook, WEBHOOK, {})))
    for number, plan in enumerate(USUAL.values()):
        sample = {"cvrs": plan.cvrs, "features": tuple(sorted(plan.features))}
        heading = f"{_heading(SoldPlan)}\n" if not number else ""
        parts.append(f"{heading}#[plans.{plan.name}]\n" + "\n".join(_lines(SoldPlan, sample, {})))
    parts.append(f"{_heading(DeclaredMailbox)}\n#[[mailboxes]]\n" + "\n".join(_lines(DeclaredMailbox, REST, {})))
    parts.append(
        "# The same by the other door.\n#[[mailboxes]]\n" + "\n".join(_lines(DeclaredMailbox, IMAP, {}, only=True))
    )
    return "\n\n".join(parts) + "\n"


def _heading(group: BaseModel | type[BaseModel]) -> str:
    return _comment((group.__doc__ or "").splitlines()[0])


def _comment(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# "))


def _lines(
    group: type[BaseModel], samples: Mapping[str, Any], live: Mapping[str, Any], only: bool = False
) -> Iterator[str]:
    """A comment and a line for each setting that has something to show and is no group itself. `only` the samples."""
    for name, field in group.model_fields.items():
        value = live[name] if name in live else samples.get(name, field.default)
        if value is None or value is PydanticUndefined or isinstance(value, BaseModel) or not field.description:
            continue
        if only and name not in samples:
            continue
        yield _comment(_words(group, name))
        yield f"{'' if name in live else '#'}{name} = {_toml(value)}"


def _words(group: type[BaseModel], name: str) -> str:
    """The setting's description; a secret's file borrows the secret's own."""
    own = group.model_fields[name].description or ""
    secret = group.model_fields.get(name.removesuffix("_file"))
    if not own.startswith("…") or secret is None:
        return own
    return f"{(secret.description or '').rstrip('.')}, in a file of its own."


def _toml(value: Any) -> str:
    """The value in TOML; a JSON text is a TOML text too, as long as nothing is written as a surrogate pair."""
    match value:
        case bool():
            return str(value).lower()
        case Mapping():
            return "{" + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + "}"
        case tuple() | list():
            return "[" + ", ".join(_toml(one) for one in value) + "]"
        case int() | float():
            return f"{value}"
        case _:
            return json.dumps(str(value), ensure_ascii=False)
