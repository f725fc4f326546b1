"""What people read about an estate: its kinds, states, checklist, and why something is refused, in both languages."""

from collections.abc import Mapping
from typing import Final

from nemboks.desk.words import Words
from nemboks.domain.estates import EstateKind, EstateState, Item

KINDS: Final[Mapping[EstateKind, Words]] = {
    EstateKind.KONKURS: Words("konkurs", "bankruptcy"),
    EstateKind.REKONSTRUKTION: Words("rekonstruktion", "reconstruction"),
    EstateKind.LIKVIDATION: Words("likvidation", "liquidation"),
    EstateKind.DOEDSBO: Words("dødsbo", "estate of a deceased person"),
}
STATES: Final[Mapping[EstateState, Words]] = {
    EstateState.OPEN: Words("Registreret: posten er holdt tilbage", "Registered: post is on hold"),
    EstateState.APPROVED: Words("Godkendt: venter på sit tidspunkt", "Approved: waits for its time"),
    EstateState.IN_EFFECT: Words("I kraft: ny post går til kurator", "In effect: new post goes to the kurator"),
    EstateState.REFUSED: Words("Afvist", "Refused"),
    EstateState.CLOSED: Words("Afsluttet: intet sendes mere", "Closed: nothing is sent any more"),
    EstateState.REVERSED: Words("Omgjort: virksomheden har sin post igen", "Reversed: the company has its post again"),
    EstateState.REPLACED: Words("Overtaget af en ny sag", "Replaced by a new case"),
}
ITEMS: Final[Mapping[Item, Words]] = {
    Item.CURATOR_ACCESS: Words("Digital Post: udpeget adgang er aktiv", "Digital Post: designated access is active"),
    Item.REGISTER: Words("CVR-registret: virksomhedens status passer", "CVR register: the company's status fits"),
    Item.GAZETTE: Words("Statstidende: bekendtgørelsen er fundet", "Statstidende: the notice was found"),
    Item.BAR_LISTING: Words("Advokatnøglen: kurator står der", "The bar's list: the kurator stands there"),
    Item.CALL_BACK: Words("Ringet op på et selvfundet nummer", "Called at a number that was found independently"),
}
WHY_NOT: Final[Mapping[str, Words]] = {
    "opener": Words("gælder ikke: har selv åbnet sagen", "does not count: opened the case"),
    "changed": Words("gælder ikke: sagen er ændret siden", "does not count: the case has changed since"),
    "expired": Words("gælder ikke: er over 7 dage gammel", "does not count: is over 7 days old"),
    "no right": Words("gælder ikke: har ikke retten mere", "does not count: has no right to this any more"),
}
SCOPE: Final = Words(
    "Kun post til dette CVR-nummer, der kommer fra det tidspunkt, går til kurator. Ældre post bliver i Digital Post: "
    "søg om udpeget adgang på virk.dk.",
    "Only post to this CVR that comes from that time on goes to the kurator. Older post stays in Digital Post: "
    "apply for designated access at virk.dk.",
)

UNKNOWN: Final = Words("Der er ingen sag nummer {0}", "there is no case number {0}")
NO_PERSON: Final = Words("En sag handles der kun på ved navn: brug --as", "who acts on a case has a name: use --as")
PENDING: Final = Words(
    "Sag {0} om dette CVR er ikke afgjort endnu; afgør eller afvis den først: `nemboks estate show {0}`",
    "case {0} of this CVR is not decided yet; decide or refuse it first: `nemboks estate show {0}`",
)
BACKDATED: Final = Words(
    "Tidspunktet er passeret; en sag kan aldrig gælde bagud. Tidligst nu, eller fra næste midnat: {0}",
    "that time has passed; a case never takes effect backwards. The earliest is now, or the next midnight: {0}",
)
DECREE_AHEAD: Final = Words("Dekretet kan ikke være fra en dag i fremtiden", "the decree cannot be of a future day")
EMPTY: Final = Words("Skriv skifteret, sagsnummer, kurator og firma", "give court, case number, kurator and firm")
FREE_MAIL: Final = Words(
    "Enhver kan have en adresse hos {0}; brug kurators adresse hos firmaets eget domæne",
    "anybody can have an address at {0}; use the kurator's address at the firm's own domain",
)
OWN_DOMAIN: Final = Words(
    "{0} er virksomhedens eget domæne; brug kurators adresse hos firmaet",
    "{0} is the company's own domain; use the kurator's address at the firm",
)
TAKEN: Final = Words(
    "Personen {0} findes med en anden e-mail; vælg et andet navn med --person",
    "there is a person {0} with another e-mail; choose another name with --person",
)
NO_NAME: Final = Words(
    "Giv kurators person et navn med --person: bogstaver, tal, . - _ og @",
    "name the kurator's person with --person: letters, digits, . - _ and @",
)
DECIDED: Final = Words("Sagen er allerede afgjort: {0}", "the case is already decided: {0}")
NOT_IN_EFFECT: Final = Words("Kun en sag, der er i kraft, kan afsluttes", "only a case in effect can be ended")
PROVEN: Final = Words("Adressen er allerede bekræftet", "the address is confirmed already")
WRONG_CODE: Final = Words("Koden passer ikke", "that is not the code")
DEAD_CODE: Final = Words(
    "Koden gælder ikke mere; send en ny med `nemboks estate confirm {0} --again`",
    "the code is dead; send a new one with `nemboks estate confirm {0} --again`",
)
MANY_CODES: Final = Words("Fem koder på et døgn er nok; vent til i morgen", "five codes a day are enough; wait")
NOT_PDF: Final = Words("Kun PDF-filer tages imod", "only PDF files are taken")
TOO_LARGE: Final = Words("Filen må højst fylde 10 MiB", "the file may have 10 MiB at most")
MANY_FILES: Final = Words("En sag har højst 20 dokumenter", "a case has 20 documents at most")
KNOWN_FILE: Final = Words("Dokumentet er der allerede, som nummer {0}", "the document is there already, as number {0}")
NO_DOCUMENT: Final = Words("Sagen har intet dokument nummer {0}", "the case has no document number {0}")
ALTERED: Final = Words(
    "Dokument {0} er ikke det, der blev lagt på sagen. Godkend intet: læg det på igen, og sig det til driften",
    "document {0} is not what was added to the case. Approve nothing: add it again, and tell operations",
)
BY_REGISTER: Final = Words(
    "Det svarer opslaget selv på; ingen kan krydse det af", "the look-up answers this itself; nobody can tick it"
)
NO_NOTE: Final = Words("Skriv med --note, hvad du fandt", "say with --note what you found")
OPENER: Final = Words(
    "Den, der har åbnet sagen, kan ikke selv godkende den", "whoever opened the case cannot approve it"
)
KURATORS_OWN: Final = Words(
    "Den, der får posten, kan ikke selv godkende sagen", "whoever gets the post cannot approve the case"
)
TWICE: Final = Words(
    "{0} har allerede godkendt; den anden skal være en anden person",
    "{0} has approved already; the second must be another person",
)
SAME_PERSON: Final = Words(
    "{0} har samme e-mail som den, der allerede har godkendt", "{0} has the same e-mail as who approved already"
)
OTHER_DIGEST: Final = Words(
    "Det er ikke sagens fingeraftryk nu: noget er ændret. Se den igen: `nemboks estate show {0}`",
    "that is not the case's digest now: facts or documents have changed. Look again: `nemboks estate show {0}`",
)
TOO_LATE: Final = Words(
    "Tidspunktet er passeret, før sagen blev godkendt; sæt et nyt med `nemboks estate effective {0} HVORNÅR`",
    "its time passed before it was approved; set a new one with `nemboks estate effective {0} WHEN`",
)
TAKES_EFFECT: Final = Words("Sagen træder i kraft nu", "the case takes effect now")
NO_REASON: Final = Words("Skriv hvorfor med --reason", "say why with --reason")
OTHER_END: Final = Words(
    "Det er ikke det, der er bedt om nu; se sagen, og skriv samme udfald og begrundelse, eller dens fingeraftryk",
    "that is not what is asked for now; look at the case, and give the same outcome and reason, or their digest",
)
MISSING_CODE: Final = Words("kurators adresse er ikke bekræftet", "the kurator's address is not confirmed")
MISSING_FILE: Final = Words("der er intet dokument", "there is no document")


def said(words: Words, *values: Words | str | int) -> Words:
    """The words with these values in their gaps, each in its language."""
    da = [one.da if isinstance(one, Words) else one for one in values]
    en = [one.en if isinstance(one, Words) else one for one in values]
    return Words(words.da.format(*da), words.en.format(*en))
