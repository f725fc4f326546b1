"""What is announced of rules, copies and holidays, in both languages; other kinds: announcement_da.py and _en.py."""

from collections.abc import Mapping
from typing import Final

from nemboks.content.announcement_words import Announced, Key
from nemboks.domain.announcements import Kind

DANISH: Final[Mapping[Key, Announced]] = {
    (Kind.ADDRESS_CHANGED, "route"): Announced(
        "Reglerne for, hvor breve til {firm} sendes hen, er ændret.",
        (
            "{rule}.",
            "Ny adresse uden for virksomheden: {new}.",
            "Gennemført af {by}.",
            "Indtil {until} bliver brevene også liggende i Digital Post, så intet kan gå tabt.",
            "Den sædvanlige adresse er ikke ændret. Se reglerne med kommandoen `nemboks route list`.",
            "Det var ikke mig: tag det tilbage med `nemboks route rule remove`, `nemboks route copy remove` eller "
            "`nemboks route holiday --cancel`, eller bed en anden administrator hos jer om det.",
            "Er det rigtigt, skal I ikke gøre noget.",
        ),
    ),
    (Kind.ADDRESS_PROOF, "route"): Announced(
        "Her er koden, der siger ja til, at breve til {firm} sendes til denne adresse.",
        (
            "Koden er: {code}",
            "Den gælder i {minutes} minutter, til {code_until}, og kan bruges én gang.",
            "Bedt om af {who}.",
            "Giv kun koden til den hos virksomheden, I selv har aftalt det med; den skrives ved kommandoen "
            "`nemboks route confirm`.",
            "Uden koden sendes intet hertil, og ønsket udløber af sig selv efter 7 dage.",
            "Kender I ikke til det, skal I ikke gøre noget.",
        ),
    ),
    (Kind.HOLIDAY_ENDED, ""): Announced(
        "Ferien er slut for {firm}: breve sendes igen til den sædvanlige adresse.",
        (
            "Det er {address}.",
            "Breve, der kom frem i ferien, ligger hos den, der tog imod dem.",
            "I skal ikke gøre noget. Vil I holde ferie igen, så brug kommandoen `nemboks route holiday`.",
        ),
    ),
}

ENGLISH: Final[Mapping[Key, Announced]] = {
    (Kind.ADDRESS_CHANGED, "route"): Announced(
        "The rules for where letters to {firm} go have been changed.",
        (
            "{rule}.",
            "New address outside the company: {new}.",
            "Done by {by}.",
            "Until {until} the letters also stay in Digital Post, so that none can be lost.",
            "The usual address has not changed. See the rules with the command `nemboks route list`.",
            "It was not me: take it back with `nemboks route rule remove`, `nemboks route copy remove` or "
            "`nemboks route holiday --cancel`, or ask another administrator of yours to.",
            "If this is right, there is nothing to do.",
        ),
    ),
    (Kind.ADDRESS_PROOF, "route"): Announced(
        "Here is the code that agrees to letters to {firm} being sent to this address.",
        (
            "The code is: {code}",
            "It lasts {minutes} minutes, until {code_until}, and can be used once.",
            "Asked for by {who}.",
            "Give the code only to the person at the company with whom you arranged it; it is typed at the command "
            "`nemboks route confirm`.",
            "Without the code nothing is sent here, and the wish expires by itself after 7 days.",
            "If you know nothing of this, there is nothing to do.",
        ),
    ),
    (Kind.HOLIDAY_ENDED, ""): Announced(
        "The holiday of {firm} is over: letters go to the usual address again.",
        (
            "It is {address}.",
            "Letters that came in the holiday are with whoever took them.",
            "Nothing to do. For another holiday, use the command `nemboks route holiday`.",
        ),
    ),
}
