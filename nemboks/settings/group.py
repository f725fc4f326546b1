"""What the groups of settings share: strictness, and secrets that may lie in files."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr


class SettingsError(Exception):
    """The settings cannot be used; the message names each setting and what to do."""


class Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def secret(value: SecretStr | None, file: Path | None, name: str) -> str:
    """The value, or what its file holds. SettingsError for neither, a file that cannot be read, or an empty one."""
    if value is not None:
        text = value.get_secret_value()
    elif file is None:
        raise SettingsError(f"{name} is missing: set it, or {name}_file")
    else:
        text = _text(file, name)
    if not text:  # an empty certificate would mean plain mails, an empty key a signature that anybody can make
        raise SettingsError(f"{name} is empty{f': see {file}' if file else ''}")
    return text


def _text(file: Path, name: str) -> str:
    try:
        return file.read_text().strip()
    except OSError as e:
        raise SettingsError(f"{name}_file: {file} cannot be read ({e.strerror})") from e
    except UnicodeDecodeError as e:
        raise SettingsError(f"{name}_file: {file} holds no text") from e


def read(file: Path | None, name: str) -> str:
    """The file's text, "" for no file. SettingsError if it cannot be read or is empty."""
    return "" if file is None else secret(None, file, name.removesuffix("_file"))
