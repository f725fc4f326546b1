"""The master keys: they seal the data keys of the spool and the credentials of the mailboxes, and nothing else.

Promises: AES-256-GCM (NIST SP 800-38D) with a fresh random nonce; what is sealed opens only for the purpose it was
sealed for. A key that is missing and a secret that was altered are told apart: the first stops the program, because
to treat good letters as lost would throw away their keys.
Never: writes over a key file, shows a key.

The file has a line `NAME:BASE64` per key, 32 bytes each. The first one seals; the others only open what is older.
"""

import base64
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from nemboks.store.disk import sync_directory
from nemboks.store.errors import Altered, KeyMissing, VaultError

VERSION: Final = b"\x01"
PRINT_BYTES: Final = 8  # of a key's digest: enough to tell a wrong key from an altered secret
NONCE_BYTES: Final = 12
_LINE: Final = re.compile(r"([A-Za-z0-9_.-]{1,64}):([A-Za-z0-9+/]{43}=)")


class Vault:
    """Seals and opens small secrets. `aad` names the purpose and the owner, such as "mailbox:13748136"."""

    def __init__(self, keys: Mapping[bytes, bytes]) -> None:
        """`keys`: key by fingerprint, the sealing one first; `load` and `create` make them."""
        self._keys = {mark: AESGCM(key) for mark, key in keys.items()}
        self._first = next(iter(self._keys))
        self._oldest = list(keys.values())[-1]

    def __repr__(self) -> str:
        return f"<Vault of {len(self._keys)} keys>"

    @classmethod
    def load(cls, path: Path) -> Self:
        """The vault of a key file that only its owner can read. VaultError says what is wrong and what to do."""
        try:
            with path.open("rb") as file:
                _only_owner(path, os.fstat(file.fileno()))
                lines = file.read(65_536).decode("ascii", "replace").splitlines()
        except OSError as error:
            raise VaultError(
                f"master key {path}: {error.strerror}. Restore your copy; `nemboks init` makes the first one"
            ) from error
        keys = [_key(path, number, line.strip()) for number, line in enumerate(lines, 1) if line.strip()]
        if not keys:
            raise VaultError(f"master key {path} is empty; restore it from where you keep your copy")
        return cls({fingerprint(key): key for key in keys})

    @classmethod
    def create(cls, path: Path) -> Self:
        """A vault with one new key, written to `path` (0600). VaultError if there is a file already."""
        key = secrets.token_bytes(32)
        line = f"{fingerprint(key).hex()}:{base64.b64encode(key).decode()}\n"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise VaultError(f"master key {path} was not made: {error.strerror}") from error
        with os.fdopen(handle, "w") as file:
            file.write(line)
            file.flush()
            os.fsync(handle)
        sync_directory(path.parent)  # a letter sealed with a key that a power cut took is lost
        return cls({fingerprint(key): key})

    def seal(self, secret: bytes, aad: str) -> bytes:
        """Version, key's fingerprint, nonce, ciphertext with tag."""
        head = VERSION + self._first
        nonce = secrets.token_bytes(NONCE_BYTES)
        return head + nonce + self._keys[self._first].encrypt(nonce, secret, head + aad.encode())

    def open(self, sealed: bytes, aad: str) -> bytes:
        """The secret. KeyMissing if its key is not here; Altered if it was changed or sealed for another purpose."""
        start = len(VERSION) + PRINT_BYTES
        head, nonce, body = sealed[:start], sealed[start : start + NONCE_BYTES], sealed[start + NONCE_BYTES :]
        if len(nonce) < NONCE_BYTES or not head.startswith(VERSION):
            raise Altered(f"the sealed secret of {aad} is not one of ours")
        key = self._keys.get(head[len(VERSION) :])
        if key is None:
            name = head[len(VERSION) :].hex()
            raise KeyMissing(f"{aad} was sealed with master key {name}; add its line to the key file and start again")
        try:
            return key.decrypt(nonce, body, head + aad.encode())
        except InvalidTag:
            raise Altered(f"the sealed secret of {aad} was altered, or belongs to another") from None

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for this purpose (HKDF-SHA256, RFC 5869), the same at every start.

        From the oldest master key: mail that was sent before a new one came first must still be known when it returns.
        """
        return HKDF(SHA256(), 32, None, b"nemboks " + purpose.encode()).derive(self._oldest)

    def wrap(self, key: bytes, aad: str) -> str:
        """The data key, sealed, as text for a row."""
        return base64.b64encode(self.seal(key, aad)).decode()

    def unwrap(self, wrapped: str, aad: str) -> bytes:
        """The data key. KeyMissing, Altered as `open`."""
        try:
            sealed = base64.b64decode(wrapped, validate=True)
        except ValueError:
            raise Altered(f"the wrapped key of {aad} is no base64") from None
        return self.open(sealed, aad)


def fingerprint(key: bytes) -> bytes:
    """What names a key without telling it."""
    return hashlib.sha256(b"nemboks master key " + key).digest()[:PRINT_BYTES]


def _only_owner(path: Path, facts: os.stat_result) -> None:
    """Refuses a file that others can read. systemd's credentials show a mask as group rights (systemd.exec(5))."""
    others = stat.S_IMODE(facts.st_mode) & 0o077
    if os.environ.get("CREDENTIALS_DIRECTORY") == str(path.parent):
        others &= 0o007
    if others:
        raise VaultError(f"master key {path} can be read by others; run: chmod 600 {path}")


def _key(path: Path, number: int, line: str) -> bytes:
    match = _LINE.fullmatch(line)
    if not match:
        raise VaultError(f"master key {path}, line {number}: must be NAME:BASE64 with 32 bytes (44 characters)")
    return base64.b64decode(match[2])
