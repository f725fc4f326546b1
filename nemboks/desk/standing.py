"""How a company stands upstream, in words: what stops its post, told apart from faults of ours (FEATURES B31).

The facts are the register's (journey/standing.py); a company whose post comes as it should has no text.
"""

from collections.abc import Mapping
from typing import Final

from nemboks.desk.words import Item, Words
from nemboks.domain.custody import Consent, Life
from nemboks.domain.mailbox import Mailbox

LIVES: Final[Mapping[Life, Words]] = {
    Life.WAITING_PERIOD: Words(
        "Ny virksomhed i venteperiode: myndigheder kan ikke sende til den endnu",
        "A new company in its waiting period: authorities cannot send to it yet",
    ),
    Life.EXEMPT: Words("Fritaget for Digital Post: der kommer ingen post", "Exempt from Digital Post: no post comes"),
    Life.RECONSTRUCTION: Words("Under rekonstruktion: posten kommer stadig", "Under reconstruction: post still comes"),
    Life.BANKRUPT: Words(
        "Under konkurs: posten kommer stadig; en kurator kan have overtaget den",
        "Bankrupt: post still comes; a receiver may have taken it over",
    ),
    Life.CEASED: Words(
        "Ophørt: alle adgange til postkassen er lukket, og vi ser kun efter en gang om dagen",
        "Ceased: every access to its mailbox is closed, and we look only once a day",
    ),
}
CONSENTS: Final[Mapping[Consent, Words]] = {
    Consent.AWAITED: Words(
        "Afventer fuldmagt: vi henter intet, før virksomheden har givet os adgang i Digital Post",
        "Awaits consent: we fetch nothing before the company has let us in at Digital Post",
    ),
    Consent.DECLINED: Words(
        "Afvist: virksomheden har sagt nej til, at vi henter dens post",
        "Declined: the company has said no to our fetching its post",
    ),
}
WITHDRAWN: Final = Words(
    "Fuldmagten er trukket tilbage: vi henter ikke mere; posten ligger i Digital Post",
    "Consent was withdrawn: we fetch nothing more; the post is in Digital Post",
)


def standing_of(box: Mailbox) -> Words | None:
    """What to say of how the company stands; None where nothing stops or changes its post."""
    if box.life is Life.CEASED:
        return LIVES[Life.CEASED]
    if box.consent is Consent.AWAITED and box.listed_at is not None:
        return WITHDRAWN
    return CONSENTS.get(box.consent) or LIVES.get(box.life)


def standing_item(box: Mailbox) -> Item:
    """How the company stands, as an answer carries it; `standing` is both texts, or None."""
    said = standing_of(box)
    return {
        "consent": box.consent,
        "life": box.life,
        "curator": box.curator,
        "looked_up_at": box.looked_up_at,
        "standing": {"da": said.da, "en": said.en} if said else None,
    }
