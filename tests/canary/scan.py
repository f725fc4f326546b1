"""Looks for canaries, in whatever form octets may hold a text."""

import base64
import quopri
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tests.canary.birds import Canary


@dataclass(frozen=True, order=True)
class Leak:
    """A canary where it must not be."""

    canary: str
    place: str
    form: str


def leaks(places: Mapping[str, bytes], canaries: Iterable[Canary]) -> list[Leak]:
    """Every canary in every place that does not allow it."""
    return sorted(
        {
            Leak(canary.name, place, form)
            for canary in canaries
            for form, octets in forms(canary.text)
            for place, content in places.items()
            if place not in canary.allowed and octets in content
        }
    )


def seen(places: Mapping[str, bytes], canary: Canary) -> set[str]:
    """Every place where the canary is, allowed or not."""
    return {place for place, content in places.items() for _, octets in forms(canary.text) if octets in content}


def forms(text: str) -> Iterator[tuple[str, bytes]]:
    """The text as programs write it down; base64 as it stands inside a longer text, at each of three places."""
    octets = text.encode()
    yield "as it is", octets
    yield "UTF-16", text.encode("utf-16-le")
    yield "hexadecimal", octets.hex().encode()
    if text.isascii() and text.replace("-", "").isdigit():
        yield "without its hyphen", text.replace("-", "").encode()
    else:
        yield "JSON", text.encode("ascii", "backslashreplace")
        yield "quoted-printable", quopri.encodestring(octets)
    for before in range(3):
        packed = base64.b64encode(b"\0" * before + octets)
        start, end = -(-before * 4 // 3), (before + len(octets)) * 4 // 3
        if end - start >= 8:
            yield "base64", packed[start:end]
