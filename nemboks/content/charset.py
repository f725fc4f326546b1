"""The text of a stranger's document, or the knowledge that it cannot be shown without guessing.

Promises: never mojibake in silence. A charset that is unknown, absent where it is needed, or belied by the octets gives
None, and so does text with signs that only a wrong decoding makes (SECURITY.md B09, B27). Signs that turn the direction
of writing are taken out, so that a stranger's text cannot turn ours.
"""

import re

LIMIT = 1 << 18  # octets; Gmail shows 102 kB of a mail

_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_META_WITHIN = 1024  # octets (WHATWG HTML 13.2.3.2)
_CHARSETS = {
    **dict.fromkeys(("utf-8", "utf8"), "utf-8"),
    **dict.fromkeys(("us-ascii", "ascii"), "ascii"),
    # Who says Latin-1 writes Windows-1252 (WHATWG Encoding 4.2).
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1", "latin-1", "windows-1252", "cp1252"), "cp1252"),
    **dict.fromkeys(("iso-8859-15", "iso8859-15", "latin-9"), "iso-8859-15"),
}
_ONE_OCTET = ("cp1252", "iso-8859-15")
# What no text has: controls, what a decoder puts in place of nonsense, and what is no character.
_GARBLED = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd-\uffff]")
_UTF_7 = re.compile(r"\+A[A-P][A-Za-z0-9+/]{1,400}-")  # how it writes a letter outside of ASCII (RFC 2152)
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def decoded(raw: bytes, declared: str | None) -> str | None:
    """The text, or None where it is over LIMIT, or could only be guessed.

    `declared` is the charset named beside the document, None for none; an HTML document may name its own.
    """
    if len(raw) > LIMIT:
        return None
    try:
        text = raw.decode(_charset(raw, declared))
    except (LookupError, ValueError):
        return None
    if _GARBLED.search(text) or (text.isascii() and _UTF_7.search(text)):
        return None
    return _DIRECTION.sub("", text)


def _charset(raw: bytes, declared: str | None) -> str:
    """Python's name of the charset. Raises ValueError where none can be relied on."""
    if raw.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        raise ValueError("UTF-32, which no letter needs")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if raw.startswith(b"\xef\xbb\xbf"):
        return "utf-8"
    meta = _META.search(raw[:_META_WITHIN])
    told = declared or (meta[1].decode("ascii") if meta else "utf-8")
    name = _CHARSETS.get(told.strip().lower())
    if name is None:
        raise ValueError("a charset that we do not read; UTF-16 is one without its mark")
    if name in _ONE_OCTET and not raw.isascii() and _is_utf8(raw):
        raise ValueError("UTF-8 that is declared as something else")
    return name


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
