"""What the groups of settings share: strictness, and secrets that may lie in files."""

import os
import re
import stat
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, SecretStr

PLACEHOLDERS: Final = frozenset({"changeme", "change-me", "example", "password", "secret", "token", "your-token-here"})

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


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
        text = _text(file, name, private=True)
    if _CONTROL.search(text):  # no login could say it: IMAP and AUTH PLAIN end a password there
        raise SettingsError(f"{name} holds a line break or another control character")
    if text.casefold() in PLACEHOLDERS:
        raise SettingsError(f"{name} is the example's; put the real one there")
    return _filled(text, file, name)


def _filled(text: str, file: Path | None, name: str) -> str:
    if not text:  # an empty certificate would mean plain mails, an empty key a signature that anybody can make
        raise SettingsError(f"{name} is empty{f': see {file}' if file else ''}")
    return text


def _text(file: Path, name: str, private: bool) -> str:
    try:
        if private and file.stat().st_mode & stat.S_IROTH and not _of_systemd(file):
            raise SettingsError(f"{name}_file: everybody can read {file}; run: chmod 600 {file}")
        text = file.read_text()
        # A password may begin or end with a blank: only the line's end is the editor's.
        return text.rstrip("\r\n") if private else text.strip()
    except OSError as e:
        raise SettingsError(f"{name}_file: {file} cannot be read ({e.strerror})") from e
    except UnicodeDecodeError as e:
        raise SettingsError(f"{name}_file: {file} holds no text") from e


def read(file: Path | None, name: str) -> str:
    """The file's text, "" for no file; it is no secret. SettingsError if it cannot be read or is empty."""
    name = name.removesuffix("_file")
    return "" if file is None else _filled(_text(file, name, private=False), file, name)


def _of_systemd(file: Path) -> bool:
    """Whether it is a credential of systemd's, which nobody else reaches whatever its mode (systemd.exec(5))."""
    return os.environ.get("CREDENTIALS_DIRECTORY") == str(file.parent)
