"""The mail servers, ourselves as a sender, and the boxes and paths around a mail."""

import re
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from nemboks.domain.mailbox import DIRECT, Address
from nemboks.settings.group import Group, secret

_HOST = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
WEB_PORTS = frozenset({443, 8443})  # of webhooks; others likewise
PORTS = frozenset({25, 465, 587, 2525})  # of mail submission and delivery; others only on an internal server


class Sender(Group):
    """Who our mails come from."""

    address: str = Field("post@nemboks.example", description="The service's own address, in From and the envelope.")
    helo: str = Field("", description="Our name in EHLO; the address's domain if absent.")
    return_domain: str = Field(
        "", description="Domain whose mail reaches [returns]: the envelope sender becomes b+…@it, so bounces are ours."
    )
    dkim_selector: str = Field("", description="Selector of our DKIM key; mails are signed when it is set.")
    dkim_key_file: Path | None = Field(None, description="Its private key (PEM), RSA of 2048 bits or more, or Ed25519.")

    @field_validator("address")
    @classmethod
    def _address(cls, text: str) -> str:
        return Address(text)

    @field_validator("return_domain")
    @classmethod
    def _domain(cls, text: str) -> str:
        return Address(f"b@{text}").domain if text else ""

    @model_validator(mode="after")
    def _key(self) -> Self:
        if bool(self.dkim_selector) is not bool(self.dkim_key_file):
            raise ValueError("dkim_selector and dkim_key_file belong together")
        return self

    @property
    def hello(self) -> str:
        return self.helo or self.address.partition("@")[2]


class OAuth(Group):
    """Where access tokens for a server's XOAUTH2 login come from (RFC 6749); Microsoft 365 and Google want this."""

    token_url: str = Field(description="The provider's token endpoint; https only.")
    client_id: str = Field(description="Our application's id at the provider.")
    client_secret: SecretStr | None = Field(None, description="Its secret.")
    client_secret_file: Path | None = Field(None, description="… or a file that holds it.")
    refresh_token: SecretStr | None = Field(None, description="A refresh token; without one the client itself logs in.")
    refresh_token_file: Path | None = Field(None, description="… or a file that holds it.")
    scope: str = Field("", description="What is asked for, in the provider's words.")

    @field_validator("token_url")
    @classmethod
    def _https(cls, url: str) -> str:
        if not url.startswith("https://"):
            raise ValueError("must begin with https://")
        return url

    def secrets(self) -> tuple[str, str]:
        """The client's secret and the refresh token, "" for none. SettingsError if a file cannot be read."""
        refreshing = self.refresh_token or self.refresh_token_file
        refresh = secret(self.refresh_token, self.refresh_token_file, "refresh_token") if refreshing else ""
        known = self.client_secret or self.client_secret_file
        return secret(self.client_secret, self.client_secret_file, "client_secret") if known else "", refresh


class Server(Group):
    """A mail server that letters go to."""

    host: str = Field(description="Its name; the certificate must be valid for it.")
    port: int = Field(465, ge=1, le=65535, description="465 with implicit TLS, 587 or 25 with STARTTLS.")
    tls: Literal["implicit", "starttls"] = Field("implicit", description="Both are forced and verified.")
    ca_file: Path | None = Field(None, description="CA that signs its certificate; the system's CAs if absent.")
    username: str | None = Field(None, description="Login, if it wants one; never sent without TLS.")
    password: SecretStr | None = Field(None, description="Password of the login.")
    password_file: Path | None = Field(None, description="… or a file that holds it.")
    oauth: OAuth | None = Field(None, description="Instead of a password: [servers.NAME.oauth].")
    confirms: Literal["own-server", "relay"] = Field(
        "own-server", description="own-server: its 2yz is the confirmation. relay: a hand-over, confirmed later."
    )
    relay_trusted_by: str = Field(
        "",
        description="Who takes a relay's 2yz for a confirmation, and since when; letters may then be lost behind it.",
    )
    internal: bool = Field(False, description="It may have a private or loopback address, and any port.")

    @field_validator("host")
    @classmethod
    def _name(cls, host: str) -> str:
        labels = host.lower().removesuffix(".").split(".")
        if not _HOST.fullmatch(host.removesuffix(".")) or re.fullmatch(r"[0-9]+|0x[0-9a-f]+", labels[-1]):
            raise ValueError(
                "must be the server's name, such as mail.company.dk: its certificate is checked against it"
            )
        return ".".join(labels)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.username and not (self.password or self.password_file or self.oauth):
            raise ValueError("username needs password, password_file or oauth")
        if not self.username and (self.oauth or self.password or self.password_file):
            raise ValueError(f"{'oauth' if self.oauth else 'a password'} needs username")
        if self.oauth and (self.password or self.password_file):
            raise ValueError("oauth is instead of a password: give one of them")
        if self.relay_trusted_by and not self.relay_trusted_by.strip():
            raise ValueError("relay_trusted_by names the person who answers for it")
        if self.relay_trusted_by and self.confirms != "relay":
            raise ValueError("relay_trusted_by is for confirms = relay")
        if self.port not in PORTS and not self.internal:
            raise ValueError(
                f"port must be one of {sorted(PORTS)}; set internal = true for a server of your own network"
            )
        return self

    def secret(self) -> str | None:
        """The password; SettingsError if its file cannot be read. None without a login."""
        if not self.username or self.oauth:
            return None
        return secret(self.password, self.password_file, "password")


class Direct(Group):
    """Delivery straight to a domain's own mail servers (server = direct)."""

    resolvers: tuple[str, ...] = Field((), description="DNS servers, host or host:port; the system's if absent.")
    validating: bool = Field(
        False, description="They check DNSSEC and stand on this machine (loopback): DANE is then used."
    )
    ca_file: Path | None = Field(None, description="CAs for the exchangers' certificates; the system's if absent.")
    port: int = Field(25, ge=1, le=65535, description="Another port than 25 is for tests.")
    internal: bool = Field(False, description="Exchangers and policy hosts may have private addresses: for tests.")


class Box(Group):
    """An IMAP login; always implicit TLS."""

    host: str = Field(description="The server's name.")
    port: int = Field(993, ge=1, le=65535, description="Its port; always implicit TLS.")
    ca_file: Path | None = Field(None, description="CA that signs its certificate; the system's CAs if absent.")
    user: str = Field(description="User name.")
    password: SecretStr | None = Field(None, description="Password of the login.")
    password_file: Path | None = Field(None, description="… or a file that holds it.")

    def secret(self) -> str:
        """The password. SettingsError."""
        return secret(self.password, self.password_file, "password")


class Returns(Box):
    """The box that mail to sender.return_domain falls into: bounces and delivery notices are read there."""


class Landing(Box):
    """A company's mailbox that we may look into, read-only, to see whether a mail arrived."""


class Webhook(Group):
    """A web address that is told of troubles and, if it wants, of every event."""

    url: str = Field(description="https only; no redirect is followed.")
    secret: SecretStr | None = Field(None, description="Key of the signature that every call carries.")
    secret_file: Path | None = Field(None, description="… or a file that holds it.")
    events: bool = Field(False, description="Also every transition of every letter, without contents.")
    ca_file: Path | None = Field(None, description="CA that signs its certificate; the system's CAs if absent.")
    internal: bool = Field(False, description="It may have a private or loopback address, and any port.")

    @field_validator("url")
    @classmethod
    def _https(cls, url: str) -> str:
        if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?", url):
            raise ValueError("must be https://name/path, without user name or blanks")
        return url

    @model_validator(mode="after")
    def _port(self) -> Self:
        try:
            port = urlsplit(self.url).port
        except ValueError:
            raise ValueError("url: a port is a number up to 65535") from None
        if port is not None and port not in WEB_PORTS and not self.internal:
            raise ValueError(
                f"url: its port must be one of {sorted(WEB_PORTS)}; set internal = true in your own network"
            )
        return self

    def key(self) -> str:
        """The signature's key. SettingsError."""
        return secret(self.secret, self.secret_file, "secret")


class Notices(Group):
    """How people are told that something is wrong."""

    server: str = Field(DIRECT, description="What sends them: a name in [servers], or direct.")
    operator: str | None = Field(None, description="Also told of everything: the address of who runs Nemboks.")

    @field_validator("operator")
    @classmethod
    def _address(cls, text: str | None) -> str | None:
        return None if text is None else Address(text)
