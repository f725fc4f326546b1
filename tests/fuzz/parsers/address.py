"""An e-mail address and a CVR number, as people write them (SECURITY.md 8: B64 to B67, B71).

Each is a value or ValueError. An address is one word that the envelope takes as it is, that an independent pattern of
RFC 5321 agrees with, and that stays itself when it is read again; a CVR number is eight ASCII digits.
"""

import re

from nemboks.delivery.commands import envelope_commands
from nemboks.domain.mailbox import Address, Cvr
from tests.helpers.smtp_server import make_mail

OUTCOMES = frozenset({"address", "cvr", "both refused"})
LONGEST = 512
WORDS = tuple(word.encode() for word in '@ @x.dk .dk xn-- æble DK 12345678 " < > , \r\n %0d ß ． 。 １'.split(" "))
# RFC 5321 4.1.2: Dot-string "@" Domain, with at least two labels; lengths are 4.5.3.1 and RFC 1035 2.3.4.
_PLAIN = re.compile(
    r"(?P<local>[a-zA-Z0-9!#$%&'*+\-/=?^_`{|}~]+(?:\.[a-zA-Z0-9!#$%&'*+\-/=?^_`{|}~]+)*)"
    r"@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+"
)


def check(octets: bytes) -> str:
    """ "address", "cvr" or "both refused"."""
    text = octets.decode("utf-8", "surrogateescape")  # as an argument of a command comes
    is_address, is_cvr = _address(text), _cvr(text)
    assert not (is_address and is_cvr)
    return "address" if is_address else "cvr" if is_cvr else "both refused"


def _address(text: str) -> bool:
    try:
        address = Address(text)
    except ValueError as refused:
        assert "\n" not in str(refused) and "\r" not in str(refused)
        return False
    plain = _PLAIN.fullmatch(address)
    assert plain and len(address) <= 254 and len(plain["local"]) <= 64, address
    assert address.rpartition("@")[0] == text.partition("@")[0]
    assert Address(str(address)) == address
    assert address.domain in address and address.warning.isprintable() and "@" in address.masked
    _, rcpt, *_ = envelope_commands(make_mail(recipient=address), {})
    assert rcpt[1] == b"RCPT TO:<" + address.encode("ascii") + b">\r\n"
    return True


def _cvr(text: str) -> bool:
    try:
        cvr = Cvr(text)
    except ValueError:
        return False
    assert re.fullmatch(r"[0-9]{8}", cvr) and Cvr(str(cvr)) == cvr
    assert re.sub(r"[^0-9]", "", text) == cvr
    assert isinstance(cvr.doubtful, bool)
    return True
