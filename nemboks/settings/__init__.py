"""Typed settings: one class per group, and each field's description is the manual.

Order of precedence: environment (`NEMBOKS_`, groups with `__`), then the TOML file. A misspelt key or variable stops
the start with its name. Any secret may lie in a file instead: use the key that ends in `_file`.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from nemboks.domain.mailbox import DIRECT, Cvr
from nemboks.domain.pace import Pace
from nemboks.domain.plans import Plan
from nemboks.settings.fuse import DEMO, Fuse
from nemboks.settings.group import Group, SettingsError, secret
from nemboks.settings.mail import Direct, Landing, Notices, OAuth, Returns, Sender, Server, Webhook
from nemboks.settings.mailbox import DeclaredMailbox, Further
from nemboks.settings.plans import SoldPlan
from nemboks.settings.store import Ledger

__all__ = [
    "DeclaredMailbox", "Direct", "Further", "Fuse", "Landing", "Ledger", "Notices", "OAuth", "Returns", "Seats",
    "Sender", "Server", "Settings", "SettingsError", "SoldPlan", "Upstream", "Webhook", "load",
]  # fmt: skip

PREFIX = "NEMBOKS_"
_NAME = re.compile(r"[\w.-]{1,60}")
_HOST = r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|\[[0-9A-Fa-f:.]+\]"  # RFC 1035 2.3.4, RFC 3986 3.2.2
_BASE = re.compile(rf"https://({_HOST})(:[0-9]{{1,5}})?(/[!-\"$->@-~]*)?")  # without "?" and "#"
# Read by others than the settings: the CLI's own, and the development tools'.
OTHER_VARIABLES = frozenset({
    "NEMBOKS_CONFIG", "NEMBOKS_VENV", "NEMBOKS_REQUIRE_PEERS", "NEMBOKS_TEST_PG", "NEMBOKS_XSD",
})  # fmt: skip


class Upstream(Group):
    """Where Digital Post is, and who we are in its eyes."""

    rest_url: str = Field("https://api.digitalpost.dk/apis/v1/", description="Base of the REST interface.")
    rest_ca_file: Path | None = Field(None, description="CA that signs its certificate; the system's CAs if absent.")
    client_cert_file: Path | None = Field(None, description="Our OCES function certificate (PEM).")
    client_key_file: Path | None = Field(None, description="Its private key (PEM).")
    delete_after_receipt: bool = Field(False, description="Also DELETE a letter after its receipt was taken.")
    cvr: str = Field("", description="Our own CVR, which companies name in a system of theirs to let us in.")
    system_id: str = Field("", description="Id of our own system, which asks the register about companies.")
    api_token: SecretStr | None = Field(None, description="Its API token.")
    api_token_file: Path | None = Field(None, description="… or a file that holds it.")
    imap_host: str = Field("", description="Host of the IMAP inboxes, for CVRs that have that face.")
    imap_port: int = Field(993, ge=1, le=65535, description="Its port; always implicit TLS.")
    imap_ca_file: Path | None = Field(None, description="CA that signs its certificate; the system's CAs if absent.")

    @field_validator("rest_url")
    @classmethod
    def _https(cls, url: str) -> str:
        if not _BASE.fullmatch(url) or urlsplit(url).port == 0:
            raise ValueError("must be https://name/path/, without user name, query or blanks")
        return url if url.endswith("/") else url + "/"

    @field_validator("cvr")
    @classmethod
    def _cvr(cls, text: str) -> str:
        return Cvr(text) if text else ""

    @model_validator(mode="after")
    def _own(self) -> Self:
        if not bool(self.cvr) == bool(self.system_id) == bool(self.api_token or self.api_token_file):
            raise ValueError("cvr, system_id and api_token (or api_token_file) belong together")
        return self

    def own_login(self) -> tuple[Cvr, str, str] | None:
        """Our CVR, system id and API token at the register, None when not set. SettingsError for an unread file."""
        if not self.cvr:
            return None
        return Cvr(self.cvr), self.system_id, secret(self.api_token, self.api_token_file, "upstream.api_token")

    def certificate_ends_at(self) -> datetime | None:
        """When our certificate ends; None where there is none that can be read."""
        from cryptography import x509

        try:
            pem = self.client_cert_file.read_bytes() if self.client_cert_file else b""
            return x509.load_pem_x509_certificate(pem).not_valid_after_utc
        except (OSError, ValueError):
            return None


class Seats(Group):
    """How much is done at a time; a mailbox alone never takes more than half."""

    look: int = Field(8, ge=1, le=64, description="Mailboxes listed at a time.")
    collect: int = Field(4, ge=1, le=64, description="Letters fetched at a time.")
    forward: int = Field(8, ge=1, le=64, description="Letters sent at a time.")
    acknowledge: int = Field(8, ge=1, le=64, description="Receipts given at a time.")


class Rates(Group):
    """How much is done in a second, at most: what waited through an outage goes at a bearable pace. Of one process."""

    upstream: float = Field(100, gt=0, le=10_000, description="Calls to Digital Post a second.")
    mail_server: float | None = Field(
        None,
        gt=0,
        le=10_000,
        description="Mails a second to each of the mail servers below; as many as its connections take if absent.",
    )
    direct_domain: float | None = Field(
        None,
        gt=0,
        le=10_000,
        description="Mails a second to each domain that is sent to directly; as many as it takes if absent.",
    )


class Settings(BaseSettings):
    """Everything that Nemboks must be told."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True,
        nested_model_default_partial_update=True,
    )  # fmt: skip

    environment: Literal["production", "demo"] = Field(
        "production", description="demo shortens the waits; only the demo and the simulator write it."
    )
    state_dir: Path = Field(Path("/var/lib/nemboks"), description="The journal (nemboks.db) and the sealed spool.")
    master_key_file: Path = Field(
        Path("/var/lib/nemboks/master.key"), description="The key that seals contents and credentials; keep a copy."
    )
    store: Ledger = Field(Ledger(), description="")
    upstream: Upstream = Field(Upstream(), description="")
    sender: Sender = Field(Sender(), description="")
    servers: dict[str, Server] = Field({}, description="")
    direct: Direct = Field(Direct(), description="")
    returns: Returns | None = Field(None, description="")
    landings: dict[str, Landing] = Field({}, description="")
    webhooks: dict[str, Webhook] = Field({}, description="")
    plans: dict[str, SoldPlan] = Field({}, description="")
    notices: Notices = Field(Notices(), description="")
    mailboxes: tuple[DeclaredMailbox, ...] = Field((), description="")
    seats: Seats = Field(Seats(), description="")
    rates: Rates = Field(Rates(), description="")
    fuse: Fuse = Field(Fuse(), description="")
    pace: Pace = Field(Pace(), description="")

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        return env_settings, init_settings  # the file comes in as init values

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = self.pace.too_quick() if self.environment == "production" else []
        known: dict[str, Mapping[str, object]] = {
            "servers": self.servers,
            "webhooks": self.webhooks,
            "landings": self.landings,
            "plans": self.plans,
        }
        if any(name.lower() == DIRECT for name in self.servers):
            faults.append(f"servers.{DIRECT}: this name stands for an address's own MX; choose another")
        # Destinations (`direct:domain`) and paths to people (`webhook:name`, joined by +) are told apart by signs.
        faults += [
            f"{group}.{name}: a name has letters, digits, dots, - and _ only"
            for group, names in known.items()
            for name in names
            if not _NAME.fullmatch(name)
        ]
        if self.notices.server not in (DIRECT, *self.servers):
            faults.append(f"notices: there is no [servers.{self.notices.server}]")
        if bool(self.sender.return_domain) is not bool(self.returns):
            faults.append("sender.return_domain and [returns] belong together: what comes back must be read")
        seen: set[str] = set()
        for box in self.mailboxes:
            for group, name in box.names:
                if name not in known[group]:
                    faults.append(f"mailbox {box.cvr}: there is no [{group}.{name}]")
            if box.cvr in seen:
                faults.append(f"mailbox {box.cvr} is written twice")
            seen.add(box.cvr)
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def sold(self) -> Mapping[str, Plan]:
        """The plans that accounts may have, by name; none where everything is everybody's."""
        return {name: plan.named(name) for name, plan in self.plans.items()}

    @property
    def database(self) -> Path:
        return self.state_dir / "nemboks.db"

    @property
    def may_have_ledger(self) -> bool:
        """Whether there may be a ledger already: a file that is there, or a server, which knows."""
        return self.store.shared or self.database.exists()

    @property
    def spool(self) -> Path:
        return self.state_dir / "spool"

    @property
    def documents(self) -> Path:
        return self.state_dir / "documents"


def load(file: Path | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the file and the environment. SettingsError names what is wrong and where."""
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = tomllib.loads(file.read_text())
        except OSError as e:
            raise SettingsError(f"the settings file {file} cannot be read ({e.strerror})") from e
        except (ValueError, RecursionError) as e:  # TOMLDecodeError and UnicodeDecodeError; a number of 5000 digits
            raise SettingsError(f"the settings file {file} is not TOML: {e}") from e
    # The library would take `_env_file` and its like for orders to itself, and `PACE` for another spelling of `pace`.
    if unknown := next((name for name in values if name not in Settings.model_fields), ""):
        raise SettingsError(f"{unknown}: there is no such setting; is it misspelt?")
    _known_variables(environ)
    if values.get("environment", environ.get(f"{PREFIX}ENVIRONMENT")) == "demo":
        for name, waits in (("pace", Pace.demo().model_dump()), ("fuse", DEMO)):
            given = values.get(name, {})
            values[name] = waits | given if isinstance(given, dict) else given  # what is no table is refused below
    try:
        return Settings(**values)
    except ValidationError as e:
        lines = (f"{'.'.join(map(str, x['loc'])) or 'settings'}: {_plain(x)}" for x in e.errors(include_input=False))
        raise SettingsError("\n".join(lines)) from e


def _plain(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such setting; is it misspelt?"
    return str(error["msg"]).removeprefix("Value error, ")


def _known_variables(environ: Mapping[str, str]) -> None:
    """pydantic-settings ignores a misspelt variable in silence; we do not."""
    for name in environ:
        if not name.upper().startswith(PREFIX) or name.upper() in OTHER_VARIABLES:
            continue
        first, *rest = name.upper().removeprefix(PREFIX).lower().split("__")
        field = Settings.model_fields.get(first)
        group = field.annotation if field else None
        inner = getattr(group, "model_fields", None)
        if field is None or (rest and inner is not None and rest[0] not in inner):
            raise SettingsError(f"the environment variable {name} is not a setting; is it misspelt?")
