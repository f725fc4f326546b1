"""An announcement -> its subject and its text: short, plain, safe to forward (UX 7).

Promises: the first line says what it is about; at most 20 lines, a digest 40; no title, no link, no full address, no
CPR shape, and a code only where the kind has one, never in the subject; the same announcement gives the same text
however often it is tried.
"""

from collections.abc import Mapping
from typing import Final

from nemboks.content import announcement_da, announcement_en, announcement_routes
from nemboks.content.announcement_digest import digest_lines
from nemboks.content.announcement_facts import words_of
from nemboks.content.announcement_words import Announced, Key, filled, variant_of
from nemboks.content.notice_texts import ending
from nemboks.content.notice_words import DA, EN
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import language_of

TEXTS: Final[Mapping[str, Mapping[Key, Announced]]] = {
    DA: {**announcement_da.TEXTS, **announcement_routes.DANISH},
    EN: {**announcement_en.TEXTS, **announcement_routes.ENGLISH},
}


def announcement_text(announcement: Announcement, code: str = "") -> tuple[str, str]:
    """The subject and the text, in the language of the announcement's path; lines end in LF.

    `code`: the eight digits that go with it; not shown in a kind that has none.
    """
    language = language_of(announcement.path)
    lines = _lines(announcement, language, code)
    text = [lines[0], "", *lines[1:], "", *ending(language)]
    return f"Nemboks: {lines[0].removesuffix('.')}", "\n".join(text) + "\n"


def first_line(announcement: Announcement, language: str) -> str:
    """What it is about, in one line."""
    return _lines(announcement, language)[0]


def _lines(announcement: Announcement, language: str, code: str = "") -> list[str]:
    if announcement.kind is Kind.DIGEST:
        return digest_lines(announcement.facts, language)
    words, said = words_of(announcement, language, code), _text(announcement, language)
    return [line for sentence in (said.first, *said.lines) if (line := filled(sentence, words))]


def _text(announcement: Announcement, language: str) -> Announced:
    texts = TEXTS[language]
    return texts.get((announcement.kind, variant_of(announcement))) or texts[announcement.kind, ""]
