"""Typed settings: one class per group, and each field's description is the manual.

Order of precedence: environment (`NEMBOKS_`, groups with `__`), then the TOML file. A misspelt key or variable stops
the start with its name. Any secret may lie in a file instead: use the key that ends in `_file`.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from nemboks.domain.mailbox import Address, Cvr
from nemboks.domain.pace import Pace

PREFIX = "NEMBOKS_"
# Read by others than the settings: the CLI's own, and the development tools'.
OTHER_VARIABLES = frozenset({"NEMBOKS_CONFIG", "NEMBOKS_VENV", "NEMBOKS_REQUIRE_PEERS", "NEMBOKS_XSD"})


class SettingsError(Exception):
    """The settings cannot be used; the message names each setting and what to do."""


class Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _secret(value: SecretStr | None, file: Path | None, name: str) -> str:
    if value is not None:
        return value.get_secret_value()
    if file is None:
        raise SettingsError(f"{name} is missing: set it, or {name}_file")
    try:
        return file.read_text().strip()
    except OSError as e:
        raise SettingsError(f"{name}_file: {file} cannot be read ({e.strerror})") from e


class Upstream(Group):
    """Where Digital Post is, and who we are in its eyes."""

    rest_url: str = Field("https://api.digitalpost.dk/apis/v1/", description="Base of the REST interface.")
    rest_ca_file: Path | None = Field(None, description="CA that signs its certificate; the system's CAs if absent.")
    client_cert_file: Path | None = Field(None, description="Our OCES function certificate (PEM).")
    client_key_file: Path | None = Field(None, description="Its private key (PEM).")
    delete_after_receipt: bool = Field(False, description="Also DELETE a letter after its receipt was taken.")
    imap_host: str = Field("", description="Host of the IMAP inboxes, for CVRs that have that face.")
    imap_port: int = Field(993, ge=1, le=65535, description="Its port; always implicit TLS.")
    imap_ca_file: Path | None = Field(None, description="CA that signs its certificate; the system's CAs if absent.")

    @field_validator("rest_url")
    @classmethod
    def _https(cls, url: str) -> str:
        if not url.startswith("https://"):
            raise ValueError("must begin with https://")
        return url if url.endswith("/") else url + "/"


class Sender(Group):
    """Who our mails come from."""

    address: str = Field("post@nemboks.example", description="The service's own address, in From and the envelope.")
    helo: str = Field("", description="Our name in EHLO; the address's domain if absent.")

    @field_validator("address")
    @classmethod
    def _address(cls, text: str) -> str:
        return Address(text)

    @property
    def hello(self) -> str:
        return self.helo or self.address.partition("@")[2]


class Server(Group):
    """A company's own mail server: its 2yz at the dot is the confirmation (own-server)."""

    host: str = Field(description="Its name; the certificate must be valid for it.")
    port: int = Field(465, ge=1, le=65535, description="465 with implicit TLS, 587 or 25 with STARTTLS.")
    tls: Literal["implicit", "starttls"] = Field("implicit", description="Both are forced and verified.")
    ca_file: Path | None = Field(None, description="CA that signs its certificate; the system's CAs if absent.")
    username: str | None = Field(None, description="Login, if it wants one; never sent without TLS.")
    password: SecretStr | None = Field(None, description="Password of the login.")
    password_file: Path | None = Field(None, description="… or a file that holds it.")

    @model_validator(mode="after")
    def _login(self) -> Self:
        if self.username and not (self.password or self.password_file):
            raise ValueError("username needs password or password_file")
        return self

    def secret(self) -> str | None:
        """The password; SettingsError if its file cannot be read. None without a login."""
        return _secret(self.password, self.password_file, "password") if self.username else None


class DeclaredMailbox(Group):
    """One CVR's mailbox, kept equal to the file at each start; others come by `nemboks cvr add`."""

    cvr: str = Field(description="Eight digits.")
    name: str = Field("", max_length=120, description="The company's name, for people.")
    inbox: Literal["rest", "imap"] = Field("rest", description="By which door its post is collected.")
    system_id: str | None = Field(None, description="rest: id of the recipient system.")
    api_token: SecretStr | None = Field(None, description="rest: its API token.")
    api_token_file: Path | None = Field(None, description="… or a file that holds it.")
    user: str | None = Field(None, description="imap: user name.")
    password: SecretStr | None = Field(None, description="imap: password.")
    password_file: Path | None = Field(None, description="… or a file that holds it.")
    address: str = Field(description="Where its letters go; who writes it here vouches for it.")
    server: str = Field(description="The mail server that takes them: a name in [servers].")

    @field_validator("cvr")
    @classmethod
    def _cvr(cls, text: str) -> str:
        return Cvr(text)

    @field_validator("address")
    @classmethod
    def _address(cls, text: str) -> str:
        return Address(text)

    def credentials(self) -> dict[str, str]:
        """What the mailbox's door asks for. SettingsError if something is missing."""
        if self.inbox == "rest":
            if not self.system_id:
                raise SettingsError(f"mailbox {self.cvr}: inbox = rest needs system_id")
            return {"system_id": self.system_id, "api_token": _secret(self.api_token, self.api_token_file, "api_token")}
        if not self.user:
            raise SettingsError(f"mailbox {self.cvr}: inbox = imap needs user")
        return {"user": self.user, "password": _secret(self.password, self.password_file, "password")}


class Seats(Group):
    """How much is done at a time; a mailbox alone never takes more than half."""

    look: int = Field(8, ge=1, le=64, description="Mailboxes listed at a time.")
    collect: int = Field(4, ge=1, le=64, description="Letters fetched at a time.")
    forward: int = Field(8, ge=1, le=64, description="Letters sent at a time.")
    acknowledge: int = Field(8, ge=1, le=64, description="Receipts given at a time.")


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
    upstream: Upstream = Field(Upstream(), description="")
    sender: Sender = Field(Sender(), description="")
    servers: dict[str, Server] = Field({}, description="")
    mailboxes: tuple[DeclaredMailbox, ...] = Field((), description="")
    seats: Seats = Field(Seats(), description="")
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
        seen: set[str] = set()
        for box in self.mailboxes:
            if box.server not in self.servers:
                faults.append(f"mailbox {box.cvr}: there is no [servers.{box.server}]")
            if box.cvr in seen:
                faults.append(f"mailbox {box.cvr} is written twice")
            seen.add(box.cvr)
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def database(self) -> Path:
        return self.state_dir / "nemboks.db"

    @property
    def spool(self) -> Path:
        return self.state_dir / "spool"


def load(file: Path | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the file and the environment. SettingsError names what is wrong and where."""
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = tomllib.loads(file.read_text())
        except OSError as e:
            raise SettingsError(f"the settings file {file} cannot be read ({e.strerror})") from e
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
            raise SettingsError(f"the settings file {file} is not TOML: {e}") from e
    _known_variables(environ)
    if values.get("environment", environ.get(f"{PREFIX}ENVIRONMENT")) == "demo":
        values["pace"] = Pace.demo().model_dump() | values.get("pace", {})
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
