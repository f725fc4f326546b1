"""Mail that came back in, what it says of a letter out: the reader of the return box (RFC 3464, RFC 6533).

Promises: speaks of a letter only if a token of ours with the right MAC vouches for it; takes only the outermost
report at its word, never what lies in a returned message; believes `delivered` only where its status agrees; reads no
more than the first MiB, in linear time, and raises for no octets whatever. An automatic answer is never a bounce
(RFC 3834). Never keeps a word of the letter that a bounce may carry.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from nemboks.content.headers import Field, split_fields
from nemboks.content.message import HEADER_LIMIT
from nemboks.content.texts import clean, cut
from nemboks.domain.redact import redact
from nemboks.domain.returns import Action, StatusNotice, Token

READ: Final = 1 << 20  # octets; a returned letter, at the end, may be much larger
_WORDS: Final = 512  # characters (SECURITY.md B61)
_VALUE: Final = 4096  # octets looked at of one field
_FIELDS: Final = 500  # of one block
_DEPTH: Final = 4  # a mailing gateway's wrapper, the report, its parts
_PARTS: Final = 50
_RECIPIENTS: Final = 100

# Where servers write which address the mail was sent to: Postfix, Exim, Dovecot, Exchange, and the sender itself.
_SENT_TO: Final = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "to", "received")
_RETURNED: Final = (
    "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "message/rfc822-headers",
)  # fmt: skip
_STATUS_PARTS: Final = ("message/delivery-status", "message/global-delivery-status")
_TYPE: Final = re.compile(rb"\s*([!-.0-~]{1,100}/[!-.0-:<-~]{1,100})")
_BOUNDARY: Final = re.compile(rb'boundary\s*=\s*(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_HEADER_END: Final = re.compile(rb"\n\r?\n")
_EMPTY_LINES: Final = re.compile(rb"\n(?:[ \t]*\r?\n)+")
_STATUS: Final = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])", re.ASCII)
_DEFAULT_STATUS: Final = {Action.FAILED: "5.0.0", Action.DELAYED: "4.0.0", Action.RELAYED: "2.0.0",
                          Action.EXPANDED: "2.0.0"}  # fmt: skip
# A line that a mail server said, with a reply or a status code. Other lines of a bounce may be the letter's own.
_REPLY_LINE: Final = re.compile(
    r"^[^\n]{0,200}?(?<![\d.])(?:[45]\d\d[ -]#?[45]\.\d{1,3}\.\d{1,3}|55\d |#?5\.\d\.\d{1,2}(?![\d.]))[^\n]*",
    re.MULTILINE | re.ASCII,
)
_COPY_BEGINS: Final = re.compile(r"^(?:-{2,}|_{4,}|original message|return-path:|received:)", re.MULTILINE | re.I)
_DELAY: Final = re.compile(r"delay|warning|will keep trying|still being retried|forsinket", re.IGNORECASE)


class NotUnderstood(StrEnum):
    """Why a mail in the return box says nothing of a letter."""

    FOREIGN = "no return path of ours is in it"
    ANSWER = "an automatic answer"
    UNCLEAR = "it does not say what became of a mail"


@dataclass(frozen=True, slots=True)
class _Part:
    """A MIME entity: its fields, type and octets, as they came."""

    fields: list[Field]
    kind: str
    body: bytes

    def values(self, name: str) -> list[str]:
        """Of all fields of that name, from the top."""
        return [_text(one) for one in self.fields if one.name == name]

    @property
    def decoded(self) -> bytes:
        """The octets without their transfer encoding; as they came where it is broken."""
        encoding = "".join(self.values("content-transfer-encoding")[:1]).strip().lower()
        try:
            if encoding == "base64":
                return binascii.a2b_base64(self.body)
            return binascii.a2b_qp(self.body) if encoding == "quoted-printable" else self.body
        except binascii.Error:
            return self.body


def read(raw: bytes, key: bytes, return_domain: str) -> tuple[StatusNotice, ...] | NotUnderstood:
    """One notice for each recipient the mail speaks of, at least one, or why it speaks of none.

    `key` is the one the return paths were made with, `return_domain` their domain. A plain bounce without a report
    (qmail, old Exchange) gives FAILED, or DELAYED, only if it came with a null sender to a return path of ours.
    """
    top = _entity(raw[:READ])
    parts = list(_walk(top, _DEPTH))
    status = next((part for part in parts if part.kind in _STATUS_PARTS), None)
    groups = _groups(status.decoded) if status else []
    token = _token(top, parts, groups, key, return_domain)
    if token is None:
        return NotUnderstood.FOREIGN
    if status is None:
        return _plain_bounce(top, parts, key, return_domain)
    server = _value(groups[0], "reporting-mta") if groups else ""
    notices = [_notice(token, group, server) for group in groups]
    return tuple(notice for notice in notices if notice) or NotUnderstood.UNCLEAR


def _notice(token: Token, group: list[Field], reporting: str) -> StatusNotice | None:
    """What a group of fields says of its recipient (RFC 3464 2.3); None if it says nothing, or two things."""
    said = {_text(one).partition("(")[0].strip().lower() for one in group if one.name == "action"}
    if len(said) != 1 or not said & set(Action):
        return None
    action = Action(said.pop())
    diagnostic = _value(group, "diagnostic-code")
    status = _status(action, _value(group, "status"), diagnostic)
    if not status:
        return None
    server = _value(group, "remote-mta") or reporting
    recipient = _typed(_value(group, "original-recipient")).strip("<>")
    return StatusNotice(token, action, status, _shown(_typed(server))[:255], _shown(_typed(diagnostic)), recipient)


def _status(action: Action, given: str, diagnostic: str) -> str:
    """The status, or a general one that fits the action; "" for a `delivered` that its status does not bear out."""
    found = _STATUS.search(given)
    if action is Action.DELIVERED:
        return found[0] if found and found[0].startswith("2") else ""
    found = found or _STATUS.search(diagnostic)
    # A server that gave up after days says `failed` with 4.4.7; `failed` with 2 is a slip or a lie.
    good = found and (found[0].startswith("2") == (action in (Action.RELAYED, Action.EXPANDED)))
    return found[0] if found and good else _DEFAULT_STATUS[action]


def _plain_bounce(
    top: _Part, parts: list[_Part], key: bytes, return_domain: str
) -> tuple[StatusNotice, ...] | NotUnderstood:
    """What a bounce without a report says: that it failed, if it is one."""
    token = _token_of_address(top, key, return_domain)
    if _is_answer(top):
        return NotUnderstood.ANSWER
    null_sender = re.fullmatch(r"<\s*>", "".join(top.values("return-path")[:1]))
    if token is None or not null_sender or top.kind == "multipart/report":
        return NotUnderstood.UNCLEAR
    text = next((part for part in parts if part.kind == "text/plain"), None)
    words = _text_of(text)[:8192] if text else ""
    begins = _COPY_BEGINS.search(words)
    said = _REPLY_LINE.search(words[: begins.start()] if begins else words)
    author = "".join(top.values("from")[:1]).lower()
    if not said and not top.values("x-failed-recipients") and not re.search("mailer-daemon|postmaster", author):
        return NotUnderstood.UNCLEAR
    late = _DELAY.search("".join(top.values("subject")[:1]))
    action = Action.DELAYED if late else Action.FAILED
    line = said[0] if said else ""
    return (StatusNotice(token, action, _status(action, line, ""), "", _shown(line)),)


def _is_answer(top: _Part) -> bool:
    """Whether a program answered for a person who is away (RFC 3834 5), in the ways that are about."""
    said = re.split(r"[\s;(]", "".join(top.values("auto-submitted")[:1]).lower(), maxsplit=1)[0]
    precedence = "".join(top.values("precedence")[:1]).strip().lower()
    names = {one.name for one in top.fields}
    return (
        said in ("auto-replied", "auto-notified")
        or precedence in ("auto_reply", "auto-reply")
        or bool(names & {"x-autoreply", "x-autorespond", "x-auto-response-from", "x-vacation"})
        or "x-ms-exchange-inbox-rules-loop" in names
    )


def _token(top: _Part, parts: list[_Part], groups: list[list[Field]], key: bytes, return_domain: str) -> Token | None:
    """Whose mail it is: by the envelope id, the return path it was sent to, or the returned message's return path."""
    envelope_id = _value(groups[0], "original-envelope-id") if groups else ""
    if found := Token.read(envelope_id, key) or _token_of_address(top, key, return_domain):
        return found
    for part in parts:
        if part.kind in _RETURNED:
            for value in _entity(part.decoded).values("return-path")[:3]:
                if found := Token.read(value, key):  # a forwarder's SRS may have changed the domain
                    return found
    return None


def _token_of_address(top: _Part, key: bytes, return_domain: str) -> Token | None:
    """The token of the return path that the mail itself was sent to."""
    values = [value for name in _SENT_TO for value in top.values(name)]
    return next(filter(None, (_token_in(value, key, return_domain) for value in values)), None)


def _token_in(text: str, key: bytes, return_domain: str) -> Token | None:
    for found in re.finditer(rf"b\+([0-9a-z.-]{{1,100}})@{re.escape(return_domain.lower())}(?![\w.-])", text.lower()):
        if token := Token.read(found[1], key):
            return token
    return None


def _groups(body: bytes) -> list[list[Field]]:
    """The groups of fields of a delivery status: the mail's, then one for each recipient (RFC 3464 2.1)."""
    blocks = _EMPTY_LINES.split(body.lstrip(b" \t\r\n"), _RECIPIENTS + 1)[: _RECIPIENTS + 1]
    return [split_fields(block)[0][:_FIELDS] for block in blocks]


def _value(group: list[Field], name: str) -> str:
    return next((_text(one) for one in group if one.name == name), "")


def _typed(value: str) -> str:
    """The value without the type before it: `dns; mx.eksempel.example`."""
    kind, semicolon, rest = value.partition(";")
    return (rest if semicolon and re.fullmatch(r"\s*[\w.-]{1,40}\s*", kind) else value).strip()


def _shown(words: str) -> str:
    return cut(redact(clean(words, 4 * _WORDS)), _WORDS)


def _text(one: Field) -> str:
    return one.value[:_VALUE].decode("utf-8", "replace")


def _text_of(part: _Part) -> str:
    return part.decoded.decode("utf-8", "replace").replace("\r\n", "\n")


def _entity(raw: bytes) -> _Part:
    """The octets cut into fields and body."""
    found = _HEADER_END.search(b"\n" + raw)  # a part without fields begins with the blank line
    end = found.end() - 1 if found else len(raw)
    head, body = raw[: min(end, HEADER_LIMIT)], raw[end:]
    fields = split_fields(head)[0][:_FIELDS]
    given = next((one.value[:_VALUE] for one in fields if one.name == "content-type"), b"")
    kind = _TYPE.match(given)
    return _Part(fields, kind[1].decode("ascii").lower() if kind else "text/plain", body)


def _walk(entity: _Part, depth: int) -> Iterator[_Part]:
    """The entities inside, without looking into messages: what they say is another's word."""
    if not entity.kind.startswith("multipart/"):
        yield entity
    elif depth:
        for raw in _split(entity):
            yield from _walk(_entity(raw), depth - 1)


def _split(entity: _Part) -> list[bytes]:
    """The octets of each part of a multipart (RFC 2046 5.1); a missing last boundary is forgiven."""
    given = next((one.value[:_VALUE] for one in entity.fields if one.name == "content-type"), b"")
    boundary = _BOUNDARY.search(given)
    if not boundary:
        return []
    mark = re.escape((boundary[1] or boundary[2]).rstrip())
    line = re.compile(rb"(?:\A|\r?\n)--" + mark + rb"(?=(?:--)?[ \t]*\r?(?:\n|\Z))")
    pieces = line.split(entity.body, _PARTS)[1:]
    parts = []
    for piece in pieces:
        if piece.startswith(b"--"):
            break
        parts.append(piece.partition(b"\n")[2])
    return parts
