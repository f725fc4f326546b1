"""What we say to a mail server: the envelope's commands, and the letter with its dots made safe. Plain bytes."""

import re
from collections.abc import Iterator, Mapping

from nemboks.delivery.access import Stopped
from nemboks.domain.proof import Reply, Stage, Way
from nemboks.ports import Mail

_ADDRESS = re.compile(r"[^\x00-\x20\x7f<>]*")
_PLAIN = re.compile(r"[!-~]+")


def envelope_commands(mail: Mail, offers: Mapping[str, str], way: Way = Way.OWN_SERVER) -> list[tuple[Stage, bytes]]:
    """MAIL, RCPT and, where the letter goes by DATA, that. Raises Stopped for what the server said it cannot do.

    `offers` is the answer to EHLO. ValueError for an address that would be more than an address.
    """
    asked_mail, asked_rcpt = _notification(mail, offers) if way is Way.RELAY else ("", "")
    commands = [
        (Stage.MAIL, f"MAIL FROM:<{_checked(mail.sender)}>{_parameters(mail, offers)}{asked_mail}\r\n".encode()),
        (Stage.RCPT, f"RCPT TO:<{_checked(mail.recipient)}>{asked_rcpt}\r\n".encode()),
    ]
    return commands if "chunking" in offers else [*commands, (Stage.DATA, b"DATA\r\n")]


class Cutter:
    """Pieces of any size in, pieces of one size out."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held = bytearray()

    def add(self, piece: bytes) -> Iterator[bytes]:
        """The full pieces that are ready now; use them up before the next call."""
        if self._held:
            self._held += piece
            if len(self._held) < self._size:
                return
            piece = bytes(self._held)
            self._held.clear()
        full = len(piece) - len(piece) % self._size
        for start in range(0, full, self._size):
            yield piece[start : start + self._size]
        self._held += piece[full:]

    @property
    def rest(self) -> bytes:
        """The last piece, or nothing."""
        return bytes(self._held)


class Stuffing:
    """The transparency of RFC 5321 4.5.2 for a letter that comes in pieces, wherever they are cut."""

    def __init__(self) -> None:
        self._tail = b"\r\n"  # the last two bytes; a letter begins at the start of a line

    def add(self, piece: bytes) -> bytes:
        """The piece as it goes on the wire."""
        before, self._tail = self._tail, (self._tail + piece[-2:])[-2:]
        if b"." not in piece:
            return piece  # base64 has none, and one octet is found tenfold quicker than three
        if b"\r\n." not in before + piece[:2] and b"\r\n." not in piece:
            return piece
        return (before + piece).replace(b"\r\n.", b"\r\n..")[2:]

    @property
    def dot(self) -> bytes:
        """What ends the letter; the CRLF of its last line serves both."""
        return b".\r\n" if self._tail == b"\r\n" else b"\r\n.\r\n"


def announced_limit(offers: Mapping[str, str]) -> int:
    """Bytes of the largest letter the server takes; 0 for no limit (RFC 1870 4), or for something that is no number."""
    digits = offers.get("size", "")
    return int(digits) if len(digits) <= 20 and digits.isascii() and digits.isdigit() else 0


# What a server without the keyword would answer (RFC 6152 3, RFC 6531 3.5); it is spared the question.
_CANNOT = {"8BITMIME": (554, "5.6.3"), "SMTPUTF8": (553, "5.6.7")}


def _parameters(mail: Mail, offers: Mapping[str, str]) -> str:
    if 0 < (limit := announced_limit(offers)) < mail.size:
        words = f"{mail.size} bytes are more than the announced limit {limit} bytes"
        raise Stopped(words, Reply(552, "5.3.4", words))
    words = f" SIZE={mail.size}" if "size" in offers else ""
    wanted = {"8bitmime": mail.eight_bit, "smtputf8": not (mail.sender + mail.recipient).isascii()}
    if missing := [keyword.upper() for keyword, needed in wanted.items() if needed and keyword not in offers]:
        words = f"the server offers no {missing[0]}"
        raise Stopped(words, Reply(*_CANNOT[missing[0]], words))
    return words + " BODY=8BITMIME" * wanted["8bitmime"] + " SMTPUTF8" * wanted["smtputf8"]


def _notification(mail: Mail, offers: Mapping[str, str]) -> tuple[str, str]:
    """What asks a relay to tell what became of the letter (RFC 3461 4); nothing where it does not offer that.

    An own server's late failure comes to the return path unasked, and its success was the 2yz.
    """
    if not mail.envid or "dsn" not in offers:
        return "", ""
    whom = f" ORCPT=rfc822;{xtext(mail.recipient)}" if mail.recipient.isascii() else ""  # others: RFC 6533
    return f" RET=HDRS ENVID={xtext(mail.envid)}", f" NOTIFY=SUCCESS,FAILURE,DELAY{whom}"


def xtext(text: str) -> str:
    """The text as RFC 3461 4 writes it in a parameter. ValueError for more than printable ASCII without blanks."""
    if not _PLAIN.fullmatch(text):
        raise ValueError("an envelope parameter with blanks or signs that are not ASCII")
    return text.replace("+", "+2B").replace("=", "+3D")


def _checked(address: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise ValueError("an address with blanks, brackets or control characters")
    return address
