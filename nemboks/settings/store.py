"""Where the journal lies."""

from pathlib import Path
from typing import Final, Self

from pydantic import Field, SecretStr, model_validator

from nemboks.settings.group import Group, SettingsError, secret

_SCHEMES: Final = ("postgresql://", "postgres://")


class Ledger(Group):
    """The journal on a PostgreSQL server, for several machines (nemboks[postgres]); else it is a file in state_dir."""

    url: SecretStr | None = Field(
        None, description="postgresql://user:password@host/database, with libpq's parameters, of journal and spool."
    )
    url_file: Path | None = Field(None, description="… or a file that holds it.")

    @model_validator(mode="after")
    def _postgres(self) -> Self:
        if self.url is not None and self.url_file is not None:
            raise ValueError("url and url_file: one of the two")
        if self.url is not None and not self.url.get_secret_value().startswith(_SCHEMES):
            raise ValueError("url must begin with postgresql://")
        return self

    @property
    def shared(self) -> bool:
        """Whether it lies on a server."""
        return self.url is not None or self.url_file is not None

    def address(self) -> str:
        """The server's URL, "" for the file. SettingsError for a file that cannot be read."""
        text = secret(self.url, self.url_file, "store.url") if self.shared else ""
        if text and not text.startswith(_SCHEMES):
            raise SettingsError("store.url must begin with postgresql://")
        return text
