"""The vault: what opens what, and which key files are refused."""

import base64
import os

import pytest

from nemboks.store.errors import Altered, KeyMissing, VaultError
from nemboks.store.vault import Vault


def line(name, key):
    return f"{name}:{base64.b64encode(key).decode()}\n"


def key_file(path, text, mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "master.key"


def test_what_is_sealed_opens_again(path):
    """A secret opens for the purpose it was sealed for, also after the program was started again."""
    sealed = Vault.create(path).seal(b"hemmelig", "mailbox:13748136")

    assert Vault.load(path).open(sealed, "mailbox:13748136") == b"hemmelig"
    assert b"hemmelig" not in sealed


def test_a_secret_of_another_purpose_does_not_open(path):
    """What was sealed for one owner is refused for any other."""
    vault = Vault.create(path)
    sealed = vault.seal(b"hemmelig", "mailbox:13748136")

    with pytest.raises(Altered):
        vault.open(sealed, "mailbox:29189846")


def test_every_bit_counts(path):
    """A secret with any byte changed, cut off or added is refused."""
    vault = Vault.create(path)
    sealed = vault.seal(b"hemmelig", "x")
    changed = [sealed[:n] + bytes([sealed[n] ^ 1]) + sealed[n + 1 :] for n in range(len(sealed))]

    for bad in (*changed, sealed[:-1], sealed + b"\0", b""):
        with pytest.raises((Altered, KeyMissing)):
            vault.open(bad, "x")


def test_the_same_secret_is_sealed_differently_each_time(path):
    """Every sealing has a fresh nonce."""
    vault = Vault.create(path)

    assert len({vault.seal(b"hemmelig", "x") for _ in range(100)}) == 100


def test_older_keys_still_open(path, tmp_path):
    """After a new first line the old key opens what it sealed, and the new one seals."""
    old, new = bytes(range(32)), bytes(range(1, 33))
    sealed = Vault.load(key_file(path, line("2025", old))).seal(b"hemmelig", "x")
    both = Vault.load(key_file(tmp_path / "both", line("2026", new) + "\n" + line("2025", old)))

    assert both.open(sealed, "x") == b"hemmelig"
    only_new = Vault.load(key_file(tmp_path / "new", line("2026", new)))
    assert only_new.open(both.seal(b"ny", "x"), "x") == b"ny"


def test_a_missing_key_is_told_apart_from_an_altered_secret(path, tmp_path):
    """With another master key nothing is called altered: the program must stop, not give letters up."""
    wrapped = Vault.create(path).wrap(b"k" * 32, "letter:1:f")

    with pytest.raises(KeyMissing, match="add its line"):
        Vault.create(tmp_path / "other.key").unwrap(wrapped, "letter:1:f")
    with pytest.raises(Altered):
        Vault.load(path).unwrap("no base64!", "letter:1:f")


def test_a_key_file_is_never_written_over(path):
    """Create refuses where a file is, and leaves it as it was."""
    Vault.create(path)
    before = path.read_bytes()

    with pytest.raises(VaultError):
        Vault.create(path)
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_can_read_is_refused(path, mode):
    """Rights for anyone but the owner stop the start, with the command that cures it."""
    Vault.create(path)
    path.chmod(mode)

    with pytest.raises(VaultError, match="chmod 600"):
        Vault.load(path)


def test_systemds_credential_may_show_group_rights(path, monkeypatch):
    """In systemd's credentials directory the group bits are an ACL's mask; the world's rights are refused there too."""
    Vault.create(path)
    monkeypatch.setitem(os.environ, "CREDENTIALS_DIRECTORY", str(path.parent))
    path.chmod(0o440)
    Vault.load(path)
    path.chmod(0o444)

    with pytest.raises(VaultError):
        Vault.load(path)


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "no colon", "name:dG9vIHNob3J0", line("a b", bytes(32)), line("a", bytes(31)), line("a", bytes(33))],
)
def test_a_key_file_of_another_shape_is_refused(path, text):
    """Anything but NAME:BASE64 of 32 bytes is refused without showing it."""
    with pytest.raises(VaultError) as caught:
        Vault.load(key_file(path, text))

    assert "dG9v" not in str(caught.value)


def test_a_missing_key_file_is_told(path):
    """Where there is no file the error says how to make one."""
    with pytest.raises(VaultError, match="nemboks init"):
        Vault.load(path)


def test_the_vault_shows_no_key(path):
    """Neither repr nor str of a vault has anything of its keys."""
    vault = Vault.create(path)
    secret = path.read_text().split(":")[1].strip()

    assert repr(vault) == str(vault) == "<Vault of 1 keys>"
    assert secret not in repr(vault)
