"""A stranger's HTML made fit to be shown inside our mail: words and plain structure, nothing that acts or fetches.

Promises: what comes back has only the tags of `_TAGS`, no attribute but the spans of table cells, no link, no address
that a program would fetch; a link's words are followed by the domain it led to. Size, depth and the number of tags are
bounded before the parser sees anything, and so is the time: the slowest pages we know take about a second, such as
one tag of 60,000 attributes. None means: no inline view, the original is attached (SECURITY.md B18-B23).
"""

import re
from collections import Counter
from urllib.parse import urlsplit

import nh3

from nemboks.content.charset import decoded

DEPTH = 64  # open tags at once; letters have under 30, browsers stop at 512
TAGS = 10_000
_URL = 2048  # characters of an address that is looked at
_GROWTH = 4  # times the input: a parser may repeat open tags, an honest page never so often

_TAGS = {
    *("p", "br", "div", "span", "hr", "blockquote", "pre", "code", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("b", "strong", "i", "em", "u", "s", "small", "sub", "sup", "a", "ul", "ol", "li", "dl", "dt", "dd"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
}
# Gone with all that is in them: what these hold is no text of the letter.
_WITH_CONTENT = {
    *("script", "style", "title", "svg", "math", "iframe", "frame", "frameset", "noframes", "object", "embed"),
    *("applet", "template", "noscript", "noembed", "textarea", "select", "option", "button", "canvas", "audio"),
    *("video", "map", "xmp", "plaintext"),
}
_VOID = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
}
# Tags that HTML lets stay open: their end is understood when the next one begins.
_IMPLIED = {
    *("p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup", "option", "optgroup"),
    *("html", "head", "body", "rp", "rt"),
}
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,40})")
_LINK = re.compile(r'<a(?: href="([^"<>]*)")?>(.*?)</a>', re.DOTALL)
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_MAILBOX = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,253}")
_SPAN = re.compile(r"[1-9][0-9]?")


def sanitised(raw: bytes, charset: str | None) -> str | None:
    """The HTML to show, for inside a block of our own; None for no inline view. Under two seconds for any input.

    `charset` is the one declared beside the document, None if there is none.
    """
    text = decoded(raw, charset)
    if text is None or not _is_modest(text):
        return None
    shown = _LINK.sub(_told, _CLEANER.clean(text))
    return shown if len(shown) <= _GROWTH * len(text) and _has_words(shown) else None


def _is_modest(text: str) -> bool:
    """Whether tags are few and nested shallowly, however they are closed: one name's end closes no other's."""
    depth = 0
    open_tags: Counter[str] = Counter()
    for count, found in enumerate(_TAG.finditer(text)):
        name = found[2].lower()
        if count >= TAGS or depth > DEPTH:
            return False
        if name in _VOID or name in _IMPLIED:
            continue
        if not found[1]:
            open_tags[name] += 1
            depth += 1
        elif open_tags[name]:
            open_tags[name] -= 1
            depth -= 1
    return depth <= DEPTH


def _attribute(tag: str, name: str, value: str) -> str | None:
    """What becomes of an attribute: of an address only where it leads, of a span only its small number."""
    if tag == "a":
        return _leads_to(value)
    return value if _SPAN.fullmatch(value) else None


def _leads_to(url: str) -> str | None:
    """The domain of an http address, the mailbox of a mailto; None for all else."""
    try:
        parts = urlsplit(url[:_URL].strip())
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError:
        return None
    if parts.scheme == "mailto" and _MAILBOX.fullmatch(parts.path):
        return parts.path
    return host if parts.scheme in ("http", "https") and _HOST.fullmatch(host) else None


def _told(found: re.Match[str]) -> str:
    """`words (domain)`; the words alone where there is no domain or they are just that."""
    target, words = found[1], found[2]
    return words if not target or words.strip() == target else f"{words} ({target})"


def _has_words(shown: str) -> bool:
    return bool(re.sub(r"<[^>]*>|&nbsp;|\s", "", shown))


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_WITH_CONTENT,
    attributes={"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
    attribute_filter=_attribute,
    link_rel=None,
    url_schemes={"http", "https", "mailto"},
)
