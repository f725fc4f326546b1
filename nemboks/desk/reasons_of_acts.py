"""What people's own acts hold a letter or its receipt for, with a text and a cure; the other reasons: reasons.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nemboks.desk.words import Words


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reason means, and what a person can do."""

    text: Words
    cure: Words


PENDING: Final = "case_pending"  # what the people of before read in place of "frozen"
UNDECIDED: Final = Meaning(
    Words(
        "En sag om virksomheden er under behandling; imens videresendes intet. Brevet ligger i Digital Post.",
        "A case about the company is being dealt with; meanwhile nothing is forwarded. The letter is in Digital Post.",
    ),
    Words("Spørg den, der driver Nemboks.", "Ask whoever runs Nemboks."),
)

OF_ACTS: Final[Mapping[str, Meaning]] = {
    "frozen": Meaning(
        Words(
            "En kurators sag er registreret og ikke afgjort: ingen får brevet endnu. Det ligger i Digital Post.",
            "A receiver's case is registered and not decided: nobody gets the letter yet. It is in Digital Post.",
        ),
        Words("Sagen skal afgøres: `nemboks estate show`.", "The case must be decided: `nemboks estate show`."),
    ),
    "older": Meaning(
        Words(
            "Brevet kom, før boet fik virkning; kuratoren er kun lovet senere post. Det ligger i Digital Post.",
            "The letter came before the estate took effect; the receiver was promised later post only. "
            "It is in Digital Post.",
        ),
        Words(
            "Kuratoren læser det i Digital Post med udpeget adgang.",
            "The receiver reads it in Digital Post by designated access.",
        ),
    ),
    "boundary": Meaning(
        Words(
            "Brevet kom omkring det tidspunkt, boet fik virkning, og ingen kan sige på hvilken side.",
            "The letter came around the time the estate took effect, and nobody can say on which side.",
        ),
        Words(
            "Se tidspunktet i Digital Post. Kom det efter, kan den, der godkender boer, frigive det.",
            "See its time in Digital Post. If it came after, whoever approves estates can release it.",
        ),
    ),
    "unrouted": Meaning(
        Words(
            "Ingen regel passer på brevet, og ruten holder sådanne breve tilbage.",
            "No rule fits, and the route holds such letters.",
        ),
        Words(
            "Lav en regel, der passer (`nemboks route rule add`): så går det videre. Eller læs det i Digital Post.",
            "Make a rule that fits (`nemboks route rule add`): then it goes on. Or read it in Digital Post.",
        ),
    ),
    "asked": Meaning(
        Words("En person har bedt om at holde brevet tilbage.", "A person asked to hold the letter."),
        Words("Frigiv det, når det skal af sted.", "Release it when it is to go on."),
    ),
    "waits": Meaning(
        Words(
            "Mailserveren har brevet; kvitteringen venter, og brevet ligger endnu i Digital Post.",
            "The mail server has the letter; the receipt waits, and the letter still is in Digital Post.",
        ),
        Words("I skal ikke gøre noget; grunden står ved brevet.", "Nothing to do; the reason stands with the letter."),
    ),
}
