"""RELIABILITY H23: our certificate at Digital Post ends, and `nemboks config check` said that all was in order."""

import os
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

CERTIFICATE, KEY = "upstream.client_cert_file", "upstream.client_key_file"


def _with_certificate(place, days: float) -> None:
    leaf = trustme.CA().issue_cert("nemboks@kunde.example", not_after=datetime.now(UTC) + timedelta(days=days, hours=1))
    chain, key = place.folder / "post.pem", place.folder / "post.key"
    chain.write_bytes(leaf.cert_chain_pems[0].bytes())
    key.write_bytes(leaf.private_key_pem.bytes())
    ours = f'client_cert_file = "{chain}"\nclient_key_file = "{key}"\nimap_host = "imap.firma.dk"'
    text = place.config.read_text().replace("[upstream]", f"[upstream]\n{ours}")
    place.config.write_text(text + '[sender]\naddress = "post@firma.dk"\n')


@pytest.mark.parametrize(("days", "told"), [(60, ["ends in 60 days"]), (1, ["ends in 1 day:"]), (61, [])])
def test_a_certificate_that_ends_soon_is_told_before(empty, days, told) -> None:
    """From sixty days before its end on; not earlier, for nobody acts on what is told too early."""
    _with_certificate(empty, days)
    warnings = empty.ask("config", "check")["warnings"]

    assert [one["setting"] for one in warnings] == ["upstream.client_cert_file"] * len(told)
    assert all(words in one["words"] for words, one in zip(told, warnings, strict=True))


def test_a_certificate_that_has_ended_is_a_fault(empty) -> None:
    """The check ends with 78: no post is fetched by it."""
    _with_certificate(empty, -3)
    (fault,) = empty.ask("config", "check", code=78)["items"]

    assert (fault["setting"], "ended 3 days ago" in fault["words"]) == ("upstream.client_cert_file", True)


def _pem(place, name: str, text: bytes) -> str:
    (place.folder / name).write_bytes(text)
    return str(place.folder / name)


@pytest.mark.parametrize(
    ("spoil", "setting", "words"),
    [
        (lambda place: _pem(place, "post.pem", b"no certificate"), CERTIFICATE, "post.pem holds no certificate"),
        (lambda place: (place.folder / "post.pem").unlink(), CERTIFICATE, "post.pem cannot be read"),
        (lambda place: _pem(place, "post.pem", _chain_upside_down(place)), KEY, "first certificate in"),
        (lambda place: _pem(place, "post.key", b"no key"), KEY, "post.key holds no private key"),
        (lambda place: (place.folder / "post.key").unlink(), KEY, "post.key cannot be read"),
        (lambda place: _pem(place, "post.key", _protected(place)), KEY, "protected by a passphrase"),
        (lambda place: _pem(place, "post.key", _another()), KEY, "is not the key of the first certificate in"),
        (lambda place: _pem(place, "post.key", b"# ENCRYPTED\n" + _another()), KEY, "is not the key of"),
        (lambda place: _pem(place, "post.key", b"x" * (5 << 20)), KEY, "larger than 4 MB"),
        (lambda place: _pipe(place, "post.key"), KEY, "is no ordinary file"),
    ],
    ids=["no certificate", "certificate gone", "chain", "no key", "key gone", "passphrase", "another's", "comment",
         "huge", "pipe"],
)  # fmt: skip
def test_a_certificate_that_cannot_prove_us_is_told_before(empty, spoil, setting, words) -> None:
    """The check told that all was in order, and the daemon that Digital Post does not answer; or asked a passphrase."""
    _with_certificate(empty, 90)
    spoil(empty)
    (fault,) = empty.ask("config", "check", code=78)["items"]

    assert (fault["setting"], words in fault["words"]) == (setting, True)


def test_each_of_the_two_files_is_told(empty) -> None:
    """Both gone are two faults; one that is named alone is looked at, too."""
    _with_certificate(empty, 90)
    for name in ("post.pem", "post.key"):
        (empty.folder / name).unlink()
    assert [one["setting"] for one in empty.ask("config", "check", code=78)["items"]] == [CERTIFICATE, KEY]

    alone = "\n".join(line for line in empty.config.read_text().splitlines() if "client_key_file" not in line)
    empty.config.write_text(alone)
    assert [one["setting"] for one in empty.ask("config", "check", code=78)["items"]] == [CERTIFICATE]


def _pipe(place, name: str) -> None:
    (place.folder / name).unlink()
    os.mkfifo(place.folder / name)


def _chain_upside_down(place) -> bytes:
    return trustme.CA().cert_pem.bytes() + (place.folder / "post.pem").read_bytes()


def _protected(place) -> bytes:
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    secret = serialization.load_pem_private_key((place.folder / "post.key").read_bytes(), None)
    return secret.private_bytes(*form, serialization.BestAvailableEncryption(b"kodeord"))


def _another() -> bytes:
    return trustme.CA().issue_cert("nemboks@kunde.example").private_key_pem.bytes()


def test_authorities_that_are_none_are_told_before(empty) -> None:
    """Each CA file is opened: one that holds no certificate would let nobody in, neither upstream nor a mail server."""
    _with_certificate(empty, 90)
    none = _pem(empty, "ca.pem", b"nothing")
    text = empty.config.read_text().replace(
        "[upstream]", f'[upstream]\nrest_ca_file = "{none}"\nimap_ca_file = "{none}"'
    )
    empty.config.write_text(text.replace("[servers.bageri]", f'[servers.bageri]\nca_file = "{none}"'))
    told = empty.ask("config", "check", code=78)["items"]

    assert [one["setting"] for one in told] == [
        "upstream.rest_ca_file", "upstream.imap_ca_file", "servers.bageri.ca_file",
    ]  # fmt: skip
    assert all("ca.pem holds no certificate" in one["words"] for one in told)


def test_our_own_token_is_read_before(empty) -> None:
    """`upstream.api_token_file` is asked for at the register, days after the start."""
    _with_certificate(empty, 90)
    own = f'[upstream]\ncvr = "13748136"\nsystem_id = "s"\napi_token_file = "{empty.folder / "none"}"'
    empty.config.write_text(empty.config.read_text().replace("[upstream]", own))
    (fault,) = empty.ask("config", "check", code=78)["items"]

    assert (fault["setting"], "cannot be read" in fault["words"]) == ("upstream", True)


def test_a_doubtful_cvr_of_the_file_is_told(empty) -> None:
    """As `cvr add` does: somebody else's post may be meant."""
    _with_certificate(empty, 90)
    box = '[[mailboxes]]\ncvr = "13748137"\naddress = "a@bo.dk"\nserver = "bageri"\ninbox = "imap"\nuser = "u"\n'
    empty.config.write_text(f'{empty.config.read_text()}{box}password = "p"\n')
    (warning,) = empty.ask("config", "check")["warnings"]

    assert (warning["setting"], "check digit" in warning["words"]) == ("mailbox 13748137", True)
