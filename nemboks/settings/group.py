"""What the groups of settings share: strictness, and secrets that may lie in files."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr


class SettingsError(Exception):
    """The settings cannot be used; the message names each setting and what to do."""


class Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def secret(value: SecretStr | None, file: Path | None, name: str) -> str:
    if value is not None:
        return value.get_secret_value()
    if file is None:
        raise SettingsError(f"{name} is missing: set it, or {name}_file")
    try:
        return file.read_text().strip()
    except OSError as e:
        raise SettingsError(f"{name}_file: {file} cannot be read ({e.strerror})") from e


def read(file: Path | None, name: str) -> str:
    """The file's text, "" for no file. SettingsError if it cannot be read."""
    return "" if file is None else secret(None, file, name.removesuffix("_file"))
