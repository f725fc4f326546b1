"""Our own DKIM signatures (RFC 6376), relaxed/relaxed, with an RSA (RFC 8301) or an Ed25519 key (RFC 8463).

Promises: the same mail, key and time give the same signature; the result never depends on how the mail was cut; of a
mail no more than its header block is held. A signature's value is made once and kept with the letter (D13): a later
attempt sends it as it stands, though the key may have changed meanwhile. Never verifies, never asks the DNS.
"""

import hashlib
import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from nemboks.content.errors import UnsafeHeader
from nemboks.content.headers import LINE, check_block, split_fields
from nemboks.content.message import HEADER_LIMIT, HeaderBlock

MIN_BITS: Final = 2048
MAX_BITS: Final = 4096  # what verifiers must be able to read (RFC 8301 3.2)
_SIGNED: Final = (
    "from", "to", "subject", "date", "message-id", "list-id", "auto-submitted", "mime-version", "content-type",
    "content-transfer-encoding", "references", "in-reply-to",
)  # fmt: skip
_OURS: Final = "nemboks-"
# Named once more than they occur, so that a second one, which some readers would show, breaks the signature.
_OVERSIGNED: Final = ("from", "subject")
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_SPACE: Final = re.compile(rb"[ \t]+")

Key = RSAPrivateKey | Ed25519PrivateKey


class BodyHash:
    """A body's octets in, cut anywhere, its digest out; lines end in CRLF (RFC 6376 3.4.4: relaxed)."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._empty = True
        self._ends = 0  # line ends that count only if text follows
        self._rest = b""  # white space of a line that has not ended: dropped if its end follows

    def feed(self, piece: bytes) -> None:
        """Nothing."""
        data = self._rest + piece
        text = data.rstrip(b" \t\r\n")
        if text:
            self._digest.update(b"\r\n" * self._ends + _relaxed(text))
            self._ends, self._empty = 0, False
        *lines, rest = data[len(text) :].split(b"\r\n")
        self._ends += len(lines)
        self._rest = _relaxed(rest)

    def close(self) -> bytes:
        """The digest. Empty lines at the end do not count, a missing last line end does."""
        digest = self._digest.copy()
        if not self._empty:
            digest.update(b"\r\n")
        return digest.digest()


class Split:
    """A mail's octets in, cut anywhere; its header block and its body's digest out."""

    def __init__(self) -> None:
        self._block = HeaderBlock()
        self._body = BodyHash()

    def feed(self, piece: bytes) -> None:
        """Nothing."""
        self._body.feed(self._block.feed(piece))

    def close(self) -> tuple[bytes, bytes]:
        """The header block, its blank line included, and the digest. UnsafeHeader unless there is a whole block."""
        if not self._block.whole or self._block.size > HEADER_LIMIT:
            raise UnsafeHeader(f"a mail to be signed has its header block in the first {HEADER_LIMIT} octets")
        return bytes(self._block.kept), self._body.close()


@dataclass(frozen=True, slots=True)
class Signer:
    """One key and where its public half is published: `<selector>._domainkey.<domain>`."""

    key: Key
    domain: str
    selector: str

    @classmethod
    def load(cls, pem: bytes, domain: str, selector: str) -> Self:
        """The signer. ValueError, in words for the settings' owner, for anything that would not verify."""
        domain, selector = domain.lower(), selector.lower()
        for what, name in (("domain", domain), ("selector", selector)):
            if len(name) > 200 or not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no DKIM {what}: write it as it stands in the DNS, in ASCII")
        return cls(load_key(pem), domain, selector)

    def signature(self, header_block: bytes, body_hash: bytes, at: datetime) -> str:
        """The DKIM-Signature's value on one line. UnsafeHeader for a mail without exactly one From (5.4)."""
        names = _names(header_block)
        kind = "ed25519" if isinstance(self.key, Ed25519PrivateKey) else "rsa"
        value = (
            f"v=1; a={kind}-sha256; c=relaxed/relaxed; d={self.domain}; s={self.selector}; t={int(at.timestamp())}; "
            f"h={' : '.join(names)}; bh={b64encode(body_hash).decode()}; b="
        )
        return value + b64encode(self.sign(signed_octets(header_block, names, value))).decode()

    def sign(self, octets: bytes) -> bytes:
        """The raw signature of what `signed_octets` returns."""
        if isinstance(self.key, Ed25519PrivateKey):
            return self.key.sign(hashlib.sha256(octets).digest())  # of the digest, not of the text (RFC 8463 3)
        return self.key.sign(octets, PKCS1v15(), SHA256())


def load_key(pem: bytes) -> Key:
    """The private key: RSA of 2048 to 4096 bits, or Ed25519. ValueError, in clear words, for any other."""
    try:
        key = load_pem_private_key(pem, None)
    except TypeError:
        raise ValueError("the DKIM key is locked by a passphrase: give it without one, readable by us only") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("the DKIM key is no private key in PEM form") from None
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("the DKIM key is of a kind that mail servers do not know: make an RSA or Ed25519 key")
    if not MIN_BITS <= key.key_size <= MAX_BITS:
        raise ValueError(f"the DKIM key has {key.key_size} bits: RSA keys have {MIN_BITS} to {MAX_BITS} (RFC 8301)")
    return key


def record(pem: bytes) -> str:
    """The TXT record to publish, as one text; in the DNS it is cut in strings of at most 255. ValueError as `load_key`.

    An Ed25519 key stands there bare, an RSA key in its X.509 shell (RFC 8463 4.2, RFC 6376 3.6.1).
    """
    public = load_key(pem).public_key()
    if isinstance(public, RSAPublicKey):
        kind, octets = "rsa", public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        kind, octets = "ed25519", public.public_bytes_raw()
    return f"v=DKIM1; k={kind}; p={b64encode(octets).decode()}"


def field(signature: str) -> bytes:
    """The DKIM-Signature field with this value, folded; it stands before all others.

    The value is the same after unfolding but for spaces inside `b=`, which do not count (RFC 6376 3.5).
    """
    words = signature.split(" ")
    room = LINE - 1
    last = [words[-1][at : at + room] for at in range(0, len(words[-1]), room)]
    lines, line = [], "DKIM-Signature:"
    for word in [*words[:-1], *last]:
        if len(line) + 1 + len(word) > LINE:
            lines.append(line)
            line = ""
        line += f" {word}"
    folded = "\r\n".join([*lines, line]).encode("ascii") + b"\r\n"
    check_block(folded + b"\r\n", ("DKIM-Signature",))
    return folded


def signed_octets(header_block: bytes, names: list[str], value: str) -> bytes:
    """What is signed: the named fields and the signature's own, its `b=` empty (RFC 6376 3.7).

    A name given again means the next field of that name from the end; one that is not there means nothing (5.4.2).
    """
    fields, _ = split_fields(header_block)
    waiting: dict[str, list[bytes]] = {}
    for one in fields:
        waiting.setdefault(one.name, []).append(one.value)
    lines = [_line(name, waiting[name].pop()) + b"\r\n" for name in names if waiting.get(name)]
    return b"".join(lines) + _line("dkim-signature", value.encode("ascii"))


def _line(name: str, value: bytes) -> bytes:
    return name.encode("ascii") + b":" + _SPACE.sub(b" ", value)


def _names(header_block: bytes) -> list[str]:
    fields, tidy = split_fields(header_block)
    present = [one.name for one in fields if one.name in _SIGNED or one.name.startswith(_OURS)]
    if not tidy or present.count("from") != 1:
        raise UnsafeHeader("a mail to be signed has exactly one From and no line that belongs to no field")
    return [*present, *_OVERSIGNED]


def _relaxed(text: bytes) -> bytes:
    """The text with white space shortened, and none before a line's end."""
    if b" " not in text and b"\t" not in text:  # base64: most of what we send
        return text
    return _SPACE.sub(b" ", text).replace(b" \r\n", b"\r\n")
