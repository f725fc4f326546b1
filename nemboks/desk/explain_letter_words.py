"""The paragraphs of one letter besides those of its `why` (reasons.py): how far it came, where, and what waits.

And the answer to "is it still in Digital Post?", which every letter has.
"""

from collections.abc import Mapping
from typing import Final

from nemboks.desk.explain_words import NOTHING, Paragraph
from nemboks.desk.words import Words

_TRY: Final = Words("Prøv nu: `nemboks letter retry`.", "Try now: `nemboks letter retry`.")

OF_LETTER: Final[Mapping[str, Paragraph]] = {
    "letter_found": Paragraph(
        Words("Brevet er set i Digital Post og ikke hentet endnu.", "It was seen in Digital Post and not fetched yet."),
        _TRY,
    ),
    "letter_waiting": Paragraph(
        Words("Brevet er hentet; næste forsøg er {due_at}.", "It was fetched; the next try is {due_at}."), _TRY
    ),
    "letter_sending": Paragraph(
        Words("Brevet sendes lige nu.", "It is being sent right now."),
        Words("Vent nogle minutter.", "Wait a few minutes."),
    ),
    "letter_vanished": Paragraph(
        Words(
            "Brevet forsvandt fra Digital Post, før vi nåede det: myndigheden trak det tilbage, eller nogen slettede "
            "eller flyttede det.",
            "It went from Digital Post before we got it: the authority withdrew it, or somebody deleted or moved it.",
        ),
        Words(
            "Se i Digital Posts øvrige mapper, eller spørg myndigheden.",
            "Look in the other folders of Digital Post, or ask the authority.",
        ),
        at_risk=True,
    ),
    "letter_dismissed": Paragraph(
        Words(
            "En person har ladet brevet ligge i Digital Post; det videresendes ikke.",
            "A person left it in Digital Post; it is not forwarded.",
        ),
        Words("Læs det på virk.dk under Digital Post.", "Read it on virk.dk under Digital Post."),
    ),
    "letter_before_start": Paragraph(
        Words(
            "Brevet lå i Digital Post, før vi begyndte {since}, og er ladt ligge dér.",
            "It lay in Digital Post before we began {since}, and was left there.",
        ),
        Words("Læs det på virk.dk under Digital Post.", "Read it on virk.dk under Digital Post."),
    ),
    "letter_delivered": Paragraph(
        Words(
            "Brevet blev modtaget af {server} til {address} {at}. Serveren svarede: {reply}",
            "It was taken by {server} for {address} {at}. The server said: {reply}",
        ),
        Words(
            "Er det ikke i indbakken, så vis IT-leverandøren serverens svar.",
            "If it is not in the inbox, show your IT supplier the server's reply.",
        ),
    ),
    "letter_landed": Paragraph(
        Words("Brevet blev set i postkassen hos {address} {at}.", "It was seen in the mailbox of {address} {at}."),
        NOTHING,
    ),
    "letter_by_fallback": Paragraph(
        Words(
            "Brevet blev leveret til en reservemodtager, {address}, {at}; den egentlige adresse har det ikke.",
            "It was delivered to a fallback, {address}, {at}; the address proper does not have it.",
        ),
        Words("Få det dér.", "Get it there."),
    ),
    "letter_by_rule": Paragraph(
        Words(
            "Reglen {rule} sendte det til {address} og ikke til den sædvanlige adresse.",
            "The rule {rule} sent it to {address} and not to the usual address.",
        ),
        Words("Se dér; reglerne vises af `nemboks route list`.", "Look there; `nemboks route list` shows the rules."),
    ),
    "letter_on_holiday": Paragraph(
        Words("En ferieomstilling sendte det til {address}.", "A holiday redirect sent it to {address}."),
        Words("Se dér.", "Look there."),
    ),
    "letter_to_other": Paragraph(
        Words(
            "Det gik til {address}; siden er adressen ændret.", "It went to {address}; the address was changed since."
        ),
        Words("Se i den gamle postkasse.", "Look in the old mailbox."),
    ),
    "letter_uncertain": Paragraph(
        Words(
            "{times} forsøg endte uden svar; brevet kan være kommet mere end én gang.",
            "{times} attempts ended without an answer; it may have come more than once.",
        ),
        Words("Kopierne er ens; slet de overskydende.", "The copies are the same; delete those too many."),
    ),
    "receipt_due": Paragraph(
        Words("Kvitteringen til Digital Post er på vej.", "The receipt to Digital Post is on its way."),
        NOTHING,
    ),
    "receipt_of_estate": Paragraph(
        Words(
            "Brevet blev leveret, før boet fik virkning, og bliver i Digital Post, så kurator kan læse det dér.",
            "It was delivered before the estate took effect, and stays in Digital Post for the receiver to read there.",
        ),
        NOTHING,
    ),
}

WHERE: Final[Mapping[str, Words]] = {
    "there": Words("Brevet ligger stadig i Digital Post.", "The letter still is in Digital Post."),
    "there_once": Words(
        "Brevet ligger i Digital Post, medmindre nogen har flyttet eller slettet det dér.",
        "The letter is in Digital Post unless somebody moved or deleted it there.",
    ),
    "leaving": Words(
        "Kvitteringen er sendt uden svar endnu: brevet er måske fjernet fra Digital Post.",
        "The receipt was sent and not answered yet: the letter may have left Digital Post.",
    ),
    "gone": Words(
        "Brevet er ikke i Digital Post mere; jeres indbakke har det eneste eksemplar.",
        "The letter is no longer in Digital Post; your inbox has the only copy.",
    ),
    "vanished": Words("Brevet er ikke i Digital Post mere.", "The letter is no longer in Digital Post."),
}
