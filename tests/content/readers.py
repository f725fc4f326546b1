"""How two kinds of mail readers find a file's name: the newer by RFC 2231, the older by RFC 2047."""

import re
from email.header import decode_header, make_header
from urllib.parse import unquote


def by_rfc2231(part):
    """The name in Content-Disposition: `filename*` where it stands (RFC 6266 4.3 says which wins), else `filename`."""
    value = _raw(part, "content-disposition")
    extended = re.findall(r";\s*filename\*=UTF-8''([^\s;]*)", value)
    plain = re.findall(r';\s*filename="([^"]*)"', value)
    assert len(plain) == 1
    assert len(extended) <= 1
    assert value.count("filename") == len(plain) + len(extended)
    return unquote(extended[0], errors="strict") if extended else plain[0]


def by_rfc2047(part):
    """The name in Content-Type: `name`, in encoded words where it is not ASCII."""
    (value,) = re.findall(r';\s*name="([^"]*)"', _raw(part, "content-type"))
    return str(make_header(decode_header(value))) if "=?" in value else value


def _raw(part, name):
    """The field's value, unfolded, as it stands."""
    (value,) = [str(value) for key, value in part.raw_items() if key.lower() == name]
    return re.sub(r"\r?\n(?=[ \t])", "", value)
