"""A letter that is too large for one mail, as several: whole documents, in their order, none left out.

Promises: no mail of the copy that comes back is larger than the limit, to the octet; every document is in exactly one
of them. Never cuts a document, and never says yes to a part of a letter. What is wrapped around the mails later (a
signature, an encryption) is the caller's to take off the limit.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nemboks.content.coding import encoded_size
from nemboks.content.compose import Seen, compose
from nemboks.domain.headline import Copy, Headline, Kind

_FIELDS = 1000  # octets: more than the fields of a file and its line in Nemboks-Docs ever take
_Parts = tuple[tuple[int, ...], ...]


def split(headline: Headline, copy: Copy, limit: int, **given: Any) -> Copy | None:
    """The copy with `parts` such that every mail has at most `limit` octets; 0: unknown, one document to a mail.

    Takes the arguments of `compose` but `part`. None where that cannot be: one document alone is too large, a message
    from IMAP, which is one piece, or a letter whose mails are already as small as they can be. A letter that would fit
    but for its original (`style.original`) becomes a single mail without it: then there is one part.
    """
    if headline.kind is not Kind.MEMO or not headline.documents:
        return None
    single = tuple((index,) for index in range(len(headline.documents)))
    if limit <= 0:
        return replace(copy, parts=single) if _shrinks(copy, single) else None
    scale = _Scale(headline, replace(copy, parts=single), given)
    whole = [(tuple(range(len(single))),)] if copy.style.original and not copy.parts else []
    for parts in (*whole, scale.filled(limit), single):  # the fewest mails first
        if _shrinks(copy, parts) and scale.fits(parts, limit):
            return replace(copy, parts=parts)
    return None


def _shrinks(copy: Copy, parts: _Parts) -> bool:
    return len(parts) > copy.count or (copy.style.original and not copy.parts)


class _Scale:
    """Weighs documents: the usual one from above, the odd one to the octet, for a mail of 500 takes its time."""

    def __init__(self, headline: Headline, single: Copy, given: Mapping[str, Any]) -> None:
        self._headline, self._single, self._given = headline, single, given
        empty = replace(single, parts=(*single.parts, ()))
        self._frame = self._size(empty, empty.count) + _FIELDS  # of a mail without a document
        self._weights = [encoded_size(document.size) + _FIELDS for document in headline.documents]
        seen: Seen | None = given.get("seen")
        for index in {0, seen.view.index if seen and seen.view else 0}:  # with these come appointments, and the text
            self._weights[index] = self._size(single, index + 1) - self._frame + _FIELDS

    def filled(self, limit: int) -> _Parts:
        """The documents put into mails in their order, as many to each as surely fit."""
        parts: list[list[int]] = []
        room = 0
        for index, weight in enumerate(self._weights):
            if not parts or weight > room:
                parts.append([])
                room = limit - self._frame
            parts[-1].append(index)
            room -= weight
        return tuple(map(tuple, parts))

    def fits(self, parts: _Parts, limit: int) -> bool:
        """Whether every mail has at most `limit` octets; weighed to the octet where it is close."""
        copy = replace(self._single, parts=parts)
        return all(
            self._frame + sum(self._weights[index] for index in indexes) <= limit or self._size(copy, part) <= limit
            for part, indexes in enumerate(parts, 1)
        )

    def _size(self, copy: Copy, part: int) -> int:
        return compose(self._headline, copy, part=part, **self._given).size
