"""Why a letter is held or waits, for people: each reason and each class of trouble with a text and a cure.

The keys are the values of `Reason`, of `Verdict` and of the classes that the journey writes; a test proves that none
is missing. Never shown: what a letter says.
"""

from collections.abc import Mapping
from typing import Final

from nemboks.desk.reasons_of_acts import OF_ACTS, PENDING, UNDECIDED, Meaning
from nemboks.desk.words import Words


def meaning(why: str) -> Meaning:
    """The meaning of a letter's `why`; for a word that we do not know, the word itself."""
    if why == PENDING:
        return UNDECIDED
    return MEANINGS.get(why) or Meaning(Words(f"Årsag: {why}", f"Reason: {why}"), _AGAIN)


_AGAIN: Final = Words("I skal ikke gøre noget; vi prøver igen af os selv.", "Nothing to do; we try again by ourselves.")
_IN_DIGITAL_POST: Final = Words(
    "Læs brevet i Digital Post; det bliver liggende dér.", "Read it in Digital Post; it stays there."
)

_HELD: Final[Mapping[str, Meaning]] = {
    "three_uncertain": Meaning(
        Words(
            "Tre forsøg endte uden svar. Vi ved ikke, om mailserveren tog imod. "
            "Brevet er ikke væk: det ligger i Digital Post.",
            "Three attempts ended without an answer. We do not know whether the mail server took it. "
            "The letter is not lost: it is in Digital Post.",
        ),
        Words(
            "Se efter brevet i postkassen. Mangler det, så frigiv det; det kan komme en gang til.",
            "Look for the letter in the company's inbox. If it is missing, release it; it may then come twice.",
        ),
    ),
    "other_contents": Meaning(
        Words(
            "Digital Post gav et andet indhold, end brevets nummer lover.",
            "Digital Post brought other contents than the letter's number promises.",
        ),
        Words(
            "Se brevet i Digital Post. Er det rigtigt dér, så frigiv det; det hentes igen.",
            "Look at the letter in Digital Post. If it is right there, release it; it is fetched again.",
        ),
    ),
    "unreadable": Meaning(
        Words(
            "Brevet kan ikke læses: det følger ikke Digital Posts format.",
            "The letter cannot be read: it does not follow Digital Post's format.",
        ),
        Words(
            "Læs brevet i Digital Post; det bliver liggende dér. Frigiv det for at hente det igen.",
            "Read it in Digital Post; it stays there. Release it to have it fetched again.",
        ),
    ),
    "wrong_recipient": Meaning(
        Words(
            "Brevet er stilet til en anden end denne postkasse og videresendes derfor aldrig.",
            "The letter names another recipient than this mailbox, so it is never forwarded.",
        ),
        _IN_DIGITAL_POST,
    ),
    "nemsms": Meaning(
        Words(
            "En NemSMS er en kort besked til en telefon; den videresendes ikke som mail, og vi kvitterer ikke for den.",
            "A NemSMS is a short message for a phone; it is not forwarded as a mail, and gets no receipt from us.",
        ),
        _IN_DIGITAL_POST,
    ),
    "too_large": Meaning(
        Words("Brevet er for stort til jeres mailserver.", "The letter is too large for the company's mail server."),
        Words(
            "Hent det i Digital Post, eller lad mailserveren tage større mails, og frigiv det så.",
            "Fetch it in Digital Post, or let the mail server take larger mails and then release it.",
        ),
    ),
    "returned": Meaning(
        Words("Mellemleddet sendte brevet tilbage.", "The relay sent the letter back."),
        Words(
            "Ret adressen eller mailserveren, og frigiv så brevet.",
            "Correct the address or the server, then release the letter.",
        ),
    ),
    "relay_silent": Meaning(
        Words(
            "Mellemleddet tog brevet, men ingen har bekræftet, at det kom frem.",
            "The relay took the letter, but nobody confirmed that it arrived.",
        ),
        Words(
            "Se efter brevet i postkassen. Mangler det, så frigiv det; det kan komme en gang til.",
            "Look for the letter in the company's inbox. If it is missing, release it; it may then come twice.",
        ),
    ),
    "copy_late": Meaning(
        Words(
            "Kopien kunne ikke leveres i fem dage og er opgivet. Selve brevet berøres ikke.",
            "The copy could not be delivered for five days and was given up. The letter itself is not affected.",
        ),
        Words(
            "Ret kopimodtagerens adresse, og send selv brevet videre denne gang.",
            "Correct the recipient's address, and pass the letter on yourselves this time.",
        ),
    ),
    "no_certificate": Meaning(
        Words(
            "Jeres mails krypteres, og denne modtager har intet certifikat. Kopien er ikke sendt.",
            "Your mails are encrypted, and this recipient has no certificate. The copy was not sent.",
        ),
        Words(
            "Læg modtagerens certifikat ind i indstillingerne.", "Put the recipient's certificate into the settings."
        ),
    ),
}

_RELAY: Final[Mapping[str, Meaning]] = {
    "handed_over": Meaning(
        Words(
            "Et mellemled har brevet. Ingen har endnu bekræftet, at det kom frem.",
            "A relay has the letter. Nobody has confirmed yet that it arrived.",
        ),
        _AGAIN,
    ),
    "junk": Meaning(
        Words(
            "Brevet ligger i postkassens mappe for uønsket mail eller i papirkurven.",
            "The letter lies in the mailbox's junk folder or in its bin.",
        ),
        Words(
            "Flyt det til indbakken, og tillad mail fra Nemboks. Så kvitterer vi.",
            "Move it to the inbox and allow mail from Nemboks. Then we give the receipt.",
        ),
    ),
    "bounced": Meaning(
        Words(
            "Mailen kom tilbage, efter at mailserveren havde taget imod den.",
            "The mail came back after the mail server had accepted it.",
        ),
        Words(
            "Se efter brevet i postkassen. Mangler det, så læs det i Digital Post.",
            "Look for the letter in the company's inbox. If it is missing, read it in Digital Post.",
        ),
    ),
}

_MAIL_SERVER: Final[Mapping[str, Meaning]] = {
    "accepted": Meaning(Words("Mailserveren har taget imod.", "The mail server has taken it."), _AGAIN),
    "temporary": Meaning(
        Words("Mailserveren kan ikke tage imod lige nu.", "The mail server cannot take it right now."), _AGAIN
    ),
    "full": Meaning(
        Words("Postkassen er fuld.", "The company's inbox is full."),
        Words("Gør plads i postkassen; vi prøver igen af os selv.", "Make room in it; we try again by ourselves."),
    ),
    "address": Meaning(
        Words("Adressen findes ikke.", "The address does not exist."),
        Words(
            "Ret adressen, eller opret den på mailserveren. Brevene venter i Digital Post.",
            "Correct the address, or create it on the mail server. The letters wait in Digital Post.",
        ),
    ),
    "policy": Meaning(
        Words("Mailserveren afviser vores mail.", "The mail server refuses our mail."),
        Words(
            "Vis jeres IT-leverandør serverens svar, og bed dem tillade mail fra Nemboks.",
            "Show your IT supplier the server's reply and ask them to allow mail from Nemboks.",
        ),
    ),
    "conversion": Meaning(
        Words(
            "Mailserveren tager ikke 8-bit-mail; brevet sendes i en anden form.",
            "The mail server takes no 8-bit mail; the letter goes in another form.",
        ),
        _AGAIN,
    ),
    "login": Meaning(
        Words("Mailserveren afviser vores login.", "The mail server refuses our login."),
        Words(
            "Ret brugernavn eller adgangskode under [servers] i indstillingerne, og start Nemboks igen.",
            "Correct username or password under [servers] in the settings and start Nemboks again.",
        ),
    ),
    "tls": Meaning(
        Words(
            "Jeres mailserver tilbyder ikke sikker kryptering. Vi sender ikke brevet ubeskyttet.",
            "The mail server offers no secure encryption. We do not send the letter unprotected.",
        ),
        Words(
            "Mailserveren skal have TLS 1.2 eller nyere og et gyldigt certifikat til sit navn.",
            "The mail server needs TLS 1.2 or newer and a valid certificate for its name.",
        ),
    ),
    "certificate": Meaning(
        Words(
            "Certifikatet til kryptering kan ikke bruges eller er udløbet. Vi sender ikke brevet ukrypteret.",
            "The certificate for encryption cannot be used or has expired. We do not send the letter unencrypted.",
        ),
        Words("Læg et nyt certifikat ind i indstillingerne.", "Put a new certificate into the settings."),
    ),
    "uncertain": Meaning(
        Words(
            "Vi ved ikke, om mailserveren nåede at tage imod. Vi sender igen; I kan få brevet to gange.",
            "We do not know whether the mail server took it. We send it again; you may get it twice.",
        ),
        _AGAIN,
    ),
    "cut": Meaning(
        Words(
            "Forsøget blev afbrudt, før brevet var afleveret.",
            "The attempt was cut off before the letter was delivered.",
        ),
        _AGAIN,
    ),
    "stopped": Meaning(
        Words(
            "Forsøget blev standset før afleveringen: Nemboks stoppede, eller en pause eller ny adresse kom imellem.",
            "The attempt was stopped before delivery: Nemboks stopped, or a pause or a new address came between.",
        ),
        _AGAIN,
    ),
}

_DIGITAL_POST: Final[Mapping[str, Meaning]] = {
    "unavailable": Meaning(
        Words(
            "Digital Post svarer ikke. Brevet er der stadig.",
            "Digital Post does not answer. The letter is still there.",
        ),
        _AGAIN,
    ),
    "refused": Meaning(
        Words("Digital Post afviser os.", "Digital Post refuses us."),
        Words(
            "Se, om fuldmagten er trukket tilbage eller virksomheden ophørt, og om adgangskoden er rigtig.",
            "See whether the grant was withdrawn or the company closed, and whether the credentials are right.",
        ),
    ),
    "gone": Meaning(
        Words("Digital Post siger, at brevet ikke er der.", "Digital Post says that the letter is not there."), _AGAIN
    ),
    "still_listed": Meaning(
        Words(
            "Digital Post vil ikke tage kvitteringen, men viser stadig brevet.",
            "Digital Post does not take the receipt, but still shows the letter.",
        ),
        _AGAIN,
    ),
    "contents_lost": Meaning(
        Words(
            "Det forseglede indhold kunne ikke åbnes; brevet hentes igen.",
            "The sealed contents could not be opened; the letter is fetched again.",
        ),
        _AGAIN,
    ),
}

MEANINGS: Final[Mapping[str, Meaning]] = {**OF_ACTS, **_HELD, **_RELAY, **_MAIL_SERVER, **_DIGITAL_POST}
