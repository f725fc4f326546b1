"""The words of the notices about our way into Digital Post, in Danish and English (UX 7; RELIABILITY H23, H25).

Beside those of notice_words.py, `{companies}` is "1 virksomhed" or "20 virksomheder" and `{left}` is "om 30 dage".
"""

from collections.abc import Mapping
from typing import Final

from nemboks.content.notice_words import DA, EN, WORDS, Said
from nemboks.domain.incidents import Cause

OF_DOOR: Final[Mapping[str, Mapping[Cause, Said]]] = {
    DA: {
        Cause.UNLISTED: Said(
            "Vi kan ikke se efter ny post i Digital Post for {companies}.",
            WORDS[DA][Cause.REFUSED].safe + " Der kan den læses imens.",
            "Læs posten i Digital Post, og se efter frister; vi prøver igen af os selv. Den, der driver Nemboks, bør "
            "finde årsagen nu: efter syv dage uden ét svar lukker Digital Post for modtagersystemet.",
            "Vi kan se efter ny post i Digital Post igen for {companies}.",
        ),
        Cause.OUR_CERTIFICATE: Said(
            "Vores certifikat til Digital Post udløber {left}.",
            "Posten hentes som altid indtil da; derefter bliver den liggende i Digital Post.",
            "Bestil et nyt OCES-certifikat, læg det i indstillingerne (client_cert_file og client_key_file), og start "
            "Nemboks igen. Det kan tage uger at få.",
            "Vores certifikat til Digital Post er fornyet.",
        ),
    },
    EN: {
        Cause.UNLISTED: Said(
            "We cannot look for new post in Digital Post for {companies}.",
            WORDS[EN][Cause.REFUSED].safe + " It can be read there meanwhile.",
            "Read the post in Digital Post and look for deadlines; we try again by ourselves. Whoever runs Nemboks "
            "should find the cause now: after seven days without one answer Digital Post shuts the recipient system.",
            "We can look for new post in Digital Post again for {companies}.",
        ),
        Cause.OUR_CERTIFICATE: Said(
            "Our certificate for Digital Post ends {left}.",
            "Post is fetched as always until then; after that it stays in Digital Post.",
            "Order a new OCES certificate, put it into the settings (client_cert_file and client_key_file) and start "
            "Nemboks again. Getting one may take weeks.",
            "Our certificate for Digital Post is renewed.",
        ),
    },
}

# Once it has come so far.
ENDED: Final[Mapping[str, Said]] = {
    DA: Said(
        "Vores certifikat til Digital Post er udløbet: der hentes ingen post.",
        "Posten er ikke væk. Den ligger i Digital Post.",
        OF_DOOR[DA][Cause.OUR_CERTIFICATE].step,
        OF_DOOR[DA][Cause.OUR_CERTIFICATE].solved,
    ),
    EN: Said(
        "Our certificate for Digital Post has ended: no post is fetched.",
        "The post is not lost. It lies in Digital Post.",
        OF_DOOR[EN][Cause.OUR_CERTIFICATE].step,
        OF_DOOR[EN][Cause.OUR_CERTIFICATE].solved,
    ),
}

URGENT: Final[Mapping[str, str]] = {DA: "Haster: ", EN: "Urgent: "}
ENDS: Final[Mapping[str, str]] = {DA: "Udløber", EN: "Ends"}


def companies_words(number: int, language: str) -> str:
    """1 virksomhed, 20 virksomheder."""
    one, several = ("virksomhed", "virksomheder") if language == DA else ("company", "companies")
    return f"{number} {one if number == 1 else several}"


def left_words(days: int, language: str) -> str:
    """How long until something ends, given whole days."""
    if days < 1:
        return "om mindre end et døgn" if language == DA else "in less than a day"
    if language == DA:
        return f"om {days} {'dag' if days == 1 else 'dage'}"
    return f"in {days} {'day' if days == 1 else 'days'}"
