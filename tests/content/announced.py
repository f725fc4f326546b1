"""Announcements with everything that acts may put into them, addresses and numbers unmasked on purpose."""

from collections.abc import Iterator

from nemboks.content.announcement_words import VARIANT
from nemboks.domain.announcements import Announcement, Kind
from tests.helpers.clock import START

PATHS = {"da": "mail:da:bo@bogholder.example", "en": "mail:en:bo@bogholder.example"}
CODE = "12345678"
FACTS = {
    "company": "Bageri Anna ApS", "cvr": "13748136", "our_cvr": "29189846", "minutes": 10, "code": 3, "change": 12,
    "who": "jytte", "by": "anna@bageri.example", "at": "2026-11-21T13:05:00Z", "subject": "forwarding",
    "old": "jytte@bageri.example", "new": "thief@evil.example", "effect_at": "2026-11-24T13:05:00+00:00",
    "cancel_until": "2026-12-01T13:05:00Z", "address": "anna@bageri.example", "case": "K 12/2026", "kind": "konkurs",
    "effective_at": "2026-11-21T23:00:00Z", "held": 3, "delivered_before": 0,
    "reason": "documents of 010101-0000 missing", "why": "12 receipts in an hour", "letters": 127, "forwarded": 126,
    "median_seconds": 41, "p95_seconds": 400.5, "days": 14, "undelivered": 1, "until": "2027-01-01T00:00:00Z",
    "account": "Revision Syd", "plan": "Pro", "ends_at": "2026-11-30T22:59:00Z", "ended_at": "2026-11-30T22:59:00Z",
    "cvrs": ["13748136"] * 9, "day": "2026-11-21", "number": 4, "oldest_at": "2026-11-20T10:00:00Z", "owner": "jytte",
    "rule": "Ny regel på afsender",
    "items": [{"kind": "still_there", "number": 2}, {"kind": "odd_thing", "number": 1}],
    "problems": [{"cvr": "13748136", "company": "Bageri Anna ApS", "kind": "late", "number": 2,
                  "oldest_at": "2026-11-20T10:00:00Z"}],
    "clients": [{"cvr": "13748136", "company": "Bageri Anna ApS", "letters": 3, "delivered": 1, "waiting": 2,
                 "deadlines": [{"date": "2026-12-03", "authority": "Skattestyrelsen"}]}],
}  # fmt: skip
WAYS = {
    "subject": ("forwarding", "account", "contact", "route"),
    "outcome": ("refused", "reversed", "closed", "replaced"),
    "role": ("previous", "kurator"),
    "step": ("reminder",),
    "change": ("given", "ended"),
}


def announcement(of: Kind, language: str = "da", /, facts: dict | None = None, **more) -> Announcement:
    """One of the kind, with every fact, or with these."""
    told = FACTS | more if facts is None else facts
    return Announcement(7, f"{of}-1", of, PATHS[language], START, START, 1, told)


def every(language: str) -> Iterator[Announcement]:
    """One of every kind and of each of its texts."""
    for kind in Kind:
        name = VARIANT.get(kind)
        yield announcement(kind, language)
        for way in WAYS[name] if name else ():
            yield announcement(kind, language, **{name: way})
