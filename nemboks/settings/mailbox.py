"""A mailbox of the settings file, and what its company chose."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from nemboks.domain.mailbox import DIRECT, Address, Cvr, Options, Recipient, Role
from nemboks.settings.group import Group, SettingsError, read, secret


class Further(Group):
    """A recipient besides the address."""

    address: str = Field(description="Who writes it here vouches for it.")
    server: str = Field(DIRECT, description="What takes its mails: a name in [servers], or direct.")
    language: Literal["da", "en"] = Field("da", description="Of its mails.")
    certificate_file: Path | None = Field(None, description="Its certificate (PEM); needed if the address has one.")

    @field_validator("address")
    @classmethod
    def _address(cls, text: str) -> str:
        return Address(text)


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
    server: str = Field(description="What takes them: a name in [servers], or direct for the address's own MX.")
    copies: tuple[Further, ...] = Field((), description="Get every letter too; never delay or trigger a receipt.")
    fallback: tuple[Further, ...] = Field(
        (), description="Get a marked copy, in order, when the address is out of reach."
    )
    fallback_decides: bool = Field(False, description="A confirmed fallback lets the letter leave Digital Post.")
    language: Literal["da", "en"] = Field("da", description="Of its mails.")
    neutral_subject: bool = Field(False, description="The subject names only the authority.")
    code_phrase: str = Field("", max_length=60, description="Stands in every mail, so that a false one is seen.")
    attach_original: bool = Field(False, description="Also attach the letter as it lay in Digital Post (MeMo XML).")
    certificate_file: Path | None = Field(None, description="Recipient's certificate (PEM): mails are encrypted to it.")
    second_contact: str | None = Field(None, description="Is told when the address fails; better at another domain.")
    contact_language: Literal["da", "en"] = Field("da", description="Of notices to the second contact.")
    digest: str | None = Field(None, description="Gets a digest every morning there is something to tell.")
    webhooks: tuple[str, ...] = Field((), description="Told of troubles and events: names in [webhooks].")
    landing: str = Field(
        "", description="Where we look whether a mail arrived; a relay needs it: a name in [landings]."
    )

    @field_validator("cvr")
    @classmethod
    def _cvr(cls, text: str) -> str:
        return Cvr(text)

    @field_validator("address", "second_contact", "digest")
    @classmethod
    def _address(cls, text: str | None) -> str | None:
        return None if text is None else Address(text)

    @field_validator("code_phrase")
    @classmethod
    def _phrase(cls, text: str) -> str:
        if not text.isprintable():
            raise ValueError("must be plain words on one line")
        return text

    @model_validator(mode="after")
    def _another(self) -> Self:
        if self.second_contact and self.second_contact.casefold() == self.address.casefold():
            raise ValueError("second_contact is the address itself: when that fails, it can be told to nobody")
        return self

    @property
    def names(self) -> list[tuple[str, str]]:
        """The names that it uses of other groups, each with its group."""
        servers = [self.server, *(one.server for one in (*self.copies, *self.fallback))]
        return [
            *(("servers", name) for name in servers if name != DIRECT),
            *(("webhooks", name) for name in self.webhooks),
            *([("landings", self.landing)] if self.landing else []),
        ]

    def others(self) -> tuple[Recipient, ...]:
        """The further recipients, as a route has them."""
        both = ((Role.COPY, self.copies), (Role.FALLBACK, self.fallback))
        return tuple(
            Recipient(
                role, Address(one.address), one.server, one.language, read(one.certificate_file, "certificate_file")
            )
            for role, group in both
            for one in group
        )

    def options(self) -> Options:
        """What the company chose for its mails. SettingsError if the certificate's file cannot be read."""
        return Options(
            self.language, self.neutral_subject, self.code_phrase, self.attach_original,
            read(self.certificate_file, "certificate_file"),
            Address(self.second_contact) if self.second_contact else None,
            self.contact_language, self.webhooks, self.landing, Address(self.digest) if self.digest else None,
        )  # fmt: skip

    def credentials(self) -> dict[str, str]:
        """What the mailbox's door asks for. SettingsError if something is missing."""
        if self.inbox == "rest":
            if not self.system_id:
                raise SettingsError(f"mailbox {self.cvr}: inbox = rest needs system_id")
            return {"system_id": self.system_id, "api_token": secret(self.api_token, self.api_token_file, "api_token")}
        if not self.user:
            raise SettingsError(f"mailbox {self.cvr}: inbox = imap needs user")
        return {"user": self.user, "password": secret(self.password, self.password_file, "password")}
