"""Names of attachments that are safe on any machine and still the authority's own.

Promises: letters, digits, space and `.-_()` only, at most 80 characters, no path, no reserved name, no hidden file,
a suffix that tells the media type, no two alike in one mail. A document's name never becomes a path here.
Rules: UX.md 9, SECURITY.md B37-B42.
"""

import re
import unicodedata
from collections.abc import Sequence

from nemboks.content.texts import clean
from nemboks.domain.headline import Document
from nemboks.domain.redact import mask_cpr

LONGEST = 80
_SUFFIX = 12  # characters, dot included; anything longer after a dot is part of the name
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE)
_SUFFIXES = {
    "application/pdf": (".pdf",),
    "application/xml": (".xml",),
    "text/xml": (".xml",),
    "application/json": (".json",),
    "application/zip": (".zip",),
    "application/rtf": (".rtf",),
    "application/msword": (".doc",),
    "application/vnd.ms-excel": (".xls",),
    "application/vnd.ms-powerpoint": (".ppt",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (".pptx",),
    "application/vnd.oasis.opendocument.text": (".odt",),
    "application/vnd.oasis.opendocument.spreadsheet": (".ods",),
    "message/rfc822": (".eml",),
    "text/plain": (".txt", ".csv", ".md", ".log"),
    "text/html": (".html", ".htm", ".xhtml"),
    "text/csv": (".csv",),
    "text/calendar": (".ics",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/tiff": (".tif", ".tiff"),
    "image/svg+xml": (".svg",),
}


def safe_names(documents: Sequence[Document]) -> tuple[str, ...]:
    """One name for each document, in order."""
    taken: set[str] = set()
    names = []
    for number, document in enumerate(documents, 1):
        name = _unlike(taken, *_safe_name(document, number))
        taken.add(name.casefold())
        names.append(name)
    return tuple(names)


def media_type_of(document: Document) -> str:
    """The media type as it may stand in a header, with its charset if it names one.

    Unknown shapes, and multipart and message types, which may not be base64 (RFC 2045 6.4), become octet-stream.
    """
    word = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}"
    found = re.fullmatch(rf'({word}/{word})(?:;charset="?({word})"?)?(;.*)?', _squeezed(document.media_type))
    if not found or found[1].startswith(("multipart/", "message/")):
        return "application/octet-stream"
    return f"{found[1]}; charset={found[2]}" if found[2] else found[1]


def _safe_name(document: Document, number: int) -> tuple[str, str]:
    """The stem and the suffix."""
    name = clean(re.split(r"[/\\]", document.name)[-1], 1000)
    name = mask_cpr(name).replace("[CPR]", "(CPR)")
    name = "".join(sign if _allowed(sign) else "_" for sign in name).strip(" .")
    stem, suffix = _split(name, _SUFFIXES.get(_squeezed(document.media_type).partition(";")[0], ()))
    if not stem.strip("_-() ."):
        stem = f"Dokument {number}"
    return (f"_{stem}" if _RESERVED.match(stem + suffix) else stem), suffix


def _split(name: str, suffixes: Sequence[str]) -> tuple[str, str]:
    """The name's stem and suffix; a suffix that does not tell the media type is part of the stem."""
    stem, dot, ending = name.rpartition(".")
    suffix = dot + ending
    told = suffix.lower() in suffixes if suffixes else len(suffix) <= _SUFFIX
    if stem and dot and told:
        return stem, suffix
    return name, suffixes[0] if suffixes else ""


def _unlike(taken: set[str], stem: str, suffix: str) -> str:
    """The name, numbered if one before has it: Windows and macOS see no difference in case."""
    count, mark = 1, ""
    while True:
        name = stem[: LONGEST - len(suffix) - len(mark)].rstrip(" .") + mark + suffix
        if name.casefold() not in taken:
            return name
        count += 1
        mark = f" ({count})"


def _allowed(sign: str) -> bool:
    return sign in " .-_()" or unicodedata.category(sign)[0] in "LMN"


def _squeezed(media_type: str) -> str:
    return re.sub(r"\s", "", media_type).lower()
