"""The frame of a mixed mail: header, both bodies, the fields before each file, the end; and the exact size of all.

mixed( alternative( text/plain; text/html ), attachments ), every leaf in base64 (UX.md 9). Order of the attachments:
the letter's documents as sent, its appointments, last the letter itself as it lay in Digital Post.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nemboks.content.calendar import ics
from nemboks.content.coding import encode, encoded_size
from nemboks.content.envelope import Envelope, Fields, appointment_id, copy_fields, nemboks_fields, route_fields
from nemboks.content.errors import UnsafeHeader
from nemboks.content.facts import Attached, facts_of
from nemboks.content.headers import check_block, file_fields, plain_field
from nemboks.content.html_body import html_body
from nemboks.content.names import media_type_of, safe_names
from nemboks.content.preread import View
from nemboks.content.subject import subject_field
from nemboks.content.text_body import text_body
from nemboks.content.texts import clean
from nemboks.content.wording import wording
from nemboks.domain.headline import Action, Copy, Document, Headline, Kind, Reservation, Role

_BODY_NAMES = ("Content-Type", "Content-Transfer-Encoding")
_APPOINTMENT = "text/calendar; charset=utf-8; method=PUBLISH"


@dataclass(frozen=True, slots=True)
class _File:
    """One file of the letter's mails, before it has a safe name."""

    document: Document
    part: int
    about: str = ""  # what it is, of a file that is no document
    data: bytes | None = None  # of a file of ours


class Shell:
    """What of one mail is ours.

    `head` ends where the first file's fields begin; `fields` are those of this mail's documents by their index in the
    letter; `ending` holds the appointments; `original` the fields of the letter itself, b"" when it is not sent along.
    """

    def __init__(
        self,
        headline: Headline,
        copy: Copy,
        envelope: Envelope,
        documents: Sequence[Document],
        view: View | None = None,
    ) -> None:
        if not re.fullmatch("[0-9A-Za-z]{1,48}", copy.seed):
            raise UnsafeHeader("the seed of a boundary is letters and digits, at most 48")
        if not 1 <= envelope.part <= copy.count:
            raise ValueError(f"there is no part {envelope.part} of {copy.count}")
        boundary = f"=_nemboks_{envelope.part}_{copy.seed}"  # "=_" stands in no base64 (RFC 2045 6.7)
        line = b"--" + boundary.encode("ascii") + b"\r\n"
        files = _files(headline, copy, envelope, documents)
        names = safe_names([file.document for file in files])
        mine = [(name, file) for name, file in zip(names, files, strict=True) if file.part == envelope.part]
        whole = len(documents)
        self.fields: dict[int, bytes] = {
            index: line + _fields_of(file, name) + b"\r\n"
            for index, (name, file) in enumerate(zip(names[:whole], files[:whole], strict=True))
            if file.part == envelope.part
        }
        self.ending = b"".join(
            line + _fields_of(file, name) + b"\r\n" + encode(file.data) for name, file in mine if file.data is not None
        )
        original = [line + _fields_of(file, name) + b"\r\n" for name, file in mine if file.about and file.data is None]
        self.original = b"".join(original)
        carried = [documents[index] for index in self.fields]
        self.head = b"".join((
            _checked([*outer_fields(headline, copy, envelope, carried), *_mime_fields(copy, boundary)]),
            line, _bodies(headline, copy, envelope, files, names, view if view and view.index in self.fields else None),
        ))  # fmt: skip
        self.tail = line[:-2] + b"--\r\n"
        sizes = [document.size for document in carried] + [headline.size] * len(original)
        frame = (self.head, *self.fields.values(), self.ending, self.original, self.tail)
        self.size = sum(map(len, frame)) + sum(map(encoded_size, sizes))


def outer_fields(headline: Headline, copy: Copy, envelope: Envelope, carried: Sequence[Document] | None) -> Fields:
    """The mail's fields but those of MIME. `carried`: the documents that this mail has, in order.

    None: they stand outside an encrypted mail, so the Subject is neutral too.
    """
    subject = subject_field(headline, copy, envelope, neutral=carried is None)
    return [
        *route_fields(headline, copy, envelope, subject),
        *copy_fields(copy, envelope.part),
        *nemboks_fields(headline, copy, envelope, carried),
    ]


def _files(headline: Headline, copy: Copy, envelope: Envelope, documents: Sequence[Document]) -> list[_File]:
    """Every file of all the letter's mails, in order."""
    where = {index: part for part, indexes in enumerate(copy.parts, 1) for index in indexes}
    files = [_File(document, where.get(index, 1)) for index, document in enumerate(documents)]
    words = wording(copy.style.language)
    for index, action in enumerate(headline.actions):
        if action.reservation and action.reservation.starts_at:
            data = _appointment(headline, copy, envelope, action, action.reservation, index)
            document = Document(Role.TECHNICAL, "aftale.ics", "text/calendar", len(data), "")
            files.append(_File(document, 1, words.appointment, data))
    if copy.style.original and headline.kind is Kind.MEMO and not copy.parts:
        document = Document(Role.TECHNICAL, "Brev.memo.xml", "application/xml", headline.size, headline.sha256)
        files.append(_File(document, 1, words.original))
    return files


def _appointment(
    headline: Headline, copy: Copy, envelope: Envelope, action: Action, what: Reservation, index: int
) -> bytes:
    uid = appointment_id(headline, envelope, what.uuid.lower() or f"{envelope.upstream_id}\0{index}")
    about = "\n".join(filter(None, (what.description, what.abstract, clean(headline.authority.name, 256))))
    summary = action.label or what.description or clean(headline.title, 256)
    start = what.starts_at or copy.date
    return ics(summary, about, what.location, start, what.ends_at, uid, copy.date)


def _fields_of(file: _File, name: str) -> bytes:
    return file_fields(_APPOINTMENT if file.data is not None else media_type_of(file.document), name)


def _mime_fields(copy: Copy, boundary: str) -> Fields:
    return [
        ("Content-Language", plain_field("Content-Language", wording(copy.style.language).language)),
        ("MIME-Version", plain_field("MIME-Version", "1.0")),
        ("Content-Type", _multipart("mixed", boundary)),
    ]


def _bodies(
    headline: Headline, copy: Copy, envelope: Envelope, files: Sequence[_File], names: Sequence[str], view: View | None
) -> bytes:
    attached = [
        Attached(name, file.document.size, file.part, file.document.flags, file.about)
        for name, file in zip(names, files, strict=True)
    ]
    no_original = copy.style.original and headline.kind is Kind.MEMO and bool(copy.parts)
    facts = facts_of(headline, copy, envelope, attached, no_original)
    boundary = f"=_words_{envelope.part}_{copy.seed}"
    line = b"--" + boundary.encode("ascii")
    fields = _multipart("alternative", boundary)
    check_block(fields + b"\r\n", ("Content-Type",))
    return b"".join((
        fields, b"\r\n",
        line, b"\r\n", _text_part("plain", text_body(facts, view.text if view else "")),
        line, b"\r\n", _text_part("html", html_body(facts, view.html if view else "")),
        line, b"--\r\n",
    ))  # fmt: skip


def _multipart(kind: str, boundary: str) -> bytes:
    return plain_field("Content-Type", f'multipart/{kind}; boundary="{boundary}"')


def _text_part(kind: str, text: str) -> bytes:
    fields = plain_field("Content-Type", f"text/{kind}; charset=utf-8")
    fields += plain_field("Content-Transfer-Encoding", "base64")
    check_block(fields + b"\r\n", _BODY_NAMES)
    return fields + b"\r\n" + encode(text.encode())


def _checked(fields: Fields) -> bytes:
    block = b"".join(raw for _, raw in fields) + b"\r\n"
    check_block(block, [name for name, _ in fields])
    return block
