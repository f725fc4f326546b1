"""Announcements in Danish. The gaps are the facts of domain/announcements.py in words (announcement_facts.py)."""

from collections.abc import Mapping
from typing import Final

from nemboks.content.announcement_words import Announced, Key, Sentence
from nemboks.domain.announcements import Kind

_CODE: Final = "Koden er: {code}"
_LASTS: Final = "Den gælder i {minutes} minutter, til {code_until}, og kan bruges én gang."
_KEEP: Final = "Giv ikke koden til nogen, der ringer eller skriver efter den: det gør vi aldrig."
_ASKED_BY: Final[Sentence] = (
    "Bedt om af {who}, {at} (ændring nr. {change}).",
    "Bedt om af {who}, {at}.",
    "Bedt om af {who}.",
    "Bedt om {at}.",
)
_FROM_TO: Final[Sentence] = ("Fra {old} til {new}.", "Den nye adresse er {new}.", "Den gamle adresse er {old}.")
_SINCE: Final = "Det gælder fra {effect_at}."
_WHEN: Final[Sentence] = (
    "Siger ingen nej, sker det {effect_at}; bekræfter alle, vi har spurgt, sker det med det samme.",
    "Siger ingen nej, sker det 72 timer efter, at den nye adresse er bekræftet.",
)
_RIGHT: Final = "Er det rigtigt, skal I ikke gøre noget."
# `{code:.0}` shows nothing: it asks for a code, which those who can stop it by right are not sent.
_CONFIRM: Final[Sentence] = (
    "Er det rigtigt: skriv koden{code:.0} ved kommandoen `nemboks address confirm {change}`.", _RIGHT,
)  # fmt: skip
_NOT_ME: Final[Sentence] = (
    "Det var ikke mig: skriv koden{code:.0} ved kommandoen `nemboks address cancel {change} --code-file -`, eller bed "
    "en administrator hos jer om at stoppe det.",
    "Det var ikke mig: stop det med kommandoen `nemboks address cancel {change}`.",
)
_TAKE_BACK: Final[Sentence] = (
    "Det var ikke mig: tag det tilbage inden {cancel_until} med kommandoen `nemboks address rollback {change}`, som "
    "administrator, eller med koden fra vores første besked og `--code-file -`.",
    "Det var ikke mig: tag det tilbage med kommandoen `nemboks address rollback`, som administrator, eller med koden "
    "fra vores første besked og `--code-file -`.",
)
_CASE: Final[Sentence] = ("Sag: {case}, {kind}.", "Sag: {case}.")
_REASON: Final = "Begrundelse: {reason}"
_HERE: Final = "Ny post læser I i Digital Post på virk.dk."

TEXTS: Final[Mapping[Key, Announced]] = {
    (Kind.ADDRESS_CODE, ""): Announced(
        "Her er koden, der bekræfter denne adresse for {firm}.",
        (
            _CODE,
            _LASTS,
            ("Skriv den ved kommandoen `nemboks address confirm {change}`.",
             "Skriv den ved kommandoen `nemboks address confirm`."),
            _KEEP,
            "Den nuværende adresse har fået besked. Skiftet sker, når alle, vi har spurgt, bekræfter, ellers 72 timer "
            "senere.",
            "Kender I ikke til det, skal I ikke gøre noget: uden koden sker der ingenting.",
        ),
    ),
    (Kind.ADDRESS_ASKED, ""): Announced(
        "Nogen har bedt om at ændre {subject}.",
        (_ASKED_BY, _FROM_TO, _WHEN, _CODE, _CONFIRM, _NOT_ME, "Indtil da er alt, som det plejer."),
    ),
    (Kind.ADDRESS_CHANGED, ""): Announced(
        "{subject} er ændret.", (_FROM_TO, _SINCE, _ASKED_BY, "Gennemført af {by}.", _TAKE_BACK, _RIGHT)
    ),
    (Kind.ADDRESS_CHANGED, "forwarding"): Announced(
        "{subject} er ændret.",
        (
            _FROM_TO, _SINCE, _ASKED_BY, "Gennemført af {by}.",
            "De første 3 døgn bliver brevene også liggende i Digital Post, så intet kan gå tabt.", _TAKE_BACK, _RIGHT,
        ),
    ),
    (Kind.ADDRESS_CHANGED, "contact"): Announced(
        "{subject} er ændret.",
        (
            _FROM_TO, "Gennemført af {by}.",
            "Den anden kontakt får besked, når adressen for breve svigter, og bliver spurgt, når den skal skiftes.",
            "Det var ikke mig: bed en ejer eller administrator hos jer stille det tilbage med `nemboks cvr set`.",
            _RIGHT,
        ),
    ),
    (Kind.ADDRESS_REMINDER, ""): Announced(
        "Vi minder om, at {subject} er ændret.", (_FROM_TO, _SINCE, _ASKED_BY, _TAKE_BACK, _RIGHT)
    ),
    (Kind.ADDRESS_CANCELLED, ""): Announced(
        ("{subject} er den gamle igen: ændringen er taget tilbage{letters:.0}.",
         "{subject} bliver ikke ændret: ændringen er stoppet."),
        (
            ("Taget tilbage af {by}{letters:.0}.", "Stoppet af {by}."),
            _ASKED_BY, "Den nye adresse var {new}.", "Det er {old}, der gælder.",
            "Nåede den nye adresse, og er stadig i Digital Post: {held}. {old} får en kopi af hvert; frigiv dem så "
            "med kommandoen `nemboks letter release`.",
            "Var det ikke jer selv, der bad om ændringen, så se med kommandoen `nemboks grant list`, hvem der har "
            "adgang, og bed en administrator lukke den, der ikke skal have det.",
        ),
    ),
    (Kind.ADDRESS_PROOF, ""): Announced(
        "Her er koden, der bekræfter, at breve til {firm} kommer frem til denne adresse.",
        (
            _CODE,
            _LASTS,
            ("Skriv den ved kommandoen `nemboks address prove {typed_cvr}`.",
             "Skriv den ved kommandoen `nemboks address prove`."),
            _KEEP,
            "Vi sender allerede breve hertil. De bliver også liggende i Digital Post, til koden er skrevet.",
            "Kender I ikke virksomheden, så skriv ikke koden: så fjerner vi ingen breve.",
        ),
    ),
    (Kind.CONSENT_ASKED, ""): Announced(
        "Giv os adgang, hvis vi skal videresende Digital Post for {firm}.",
        (
            "{account} har bedt os om at videresende den.",
            ("Det gør I i Digital Post på virk.dk: opret et modtagersystem, og skriv CVR {our_cvr} som leverandør.",
             "Det gør I i Digital Post på virk.dk: opret et modtagersystem, og skriv vores CVR som leverandør."),
            "Vi ser selv, når det er gjort, og begynder så at videresende. I behøver ikke give os besked.",
            "Indtil da henter vi ingenting: posten ligger i Digital Post, som den plejer.",
            "Har I ikke aftalt det med nogen, skal I ikke gøre noget.",
        ),
    ),
    (Kind.CONTACT_MISSING, ""): Announced(
        "Kun én adresse kan få besked, hvis noget går galt for {firm}.",
        (
            "Det er {address}.",
            "Er det den adresse, der ikke virker, når vores besked ikke frem til jer. Brevene bliver i Digital Post.",
            "Næste skridt: giv os en anden kontakt, helst hos et andet domæne (anden_kontakt, når CVR-numre "
            "indlæses; second_contact i indstillingerne).",
        ),
    ),
    (Kind.ESTATE_CODE, ""): Announced(
        "Her er koden, der bekræfter jeres adresse i sagen om {firm}.",
        (
            "Sag: {case}.",
            _CODE,
            _LASTS,
            "Ring selv til den sagsbehandler hos os, I har henvendt jer til, og oplys den.",
            _KEEP,
            "Derefter ser to personer på sagen. Siger begge ja, sendes ny post til jer fra det tidspunkt, de vælger.",
            "Kender I ikke sagen, skal I ikke gøre noget: uden koden sendes intet til jer.",
        ),
    ),
    (Kind.ESTATE_IN_EFFECT, ""): Announced(
        ("Ny Digital Post til {firm} sendes nu til {trustee}.",
         "Ny Digital Post til {firm} sendes nu til den, der er udpeget."),
        (_CASE, "Det gælder fra {effective_at}.", "Ældre breve ligger i Digital Post på virk.dk."),
    ),
    (Kind.ESTATE_IN_EFFECT, "previous"): Announced(
        "Ny Digital Post til {firm} sendes ikke længere til jer.",
        (
            _CASE,
            ("Breve, der kommer {effective_at} eller senere, går til {trustee}.",
             "Breve, der kommer {effective_at} eller senere, går til den, der er udpeget."),
            "Breve, I allerede har fået, beholder I.",
            ("Spørgsmål om posten stiller I til {trustee}; er sagen selv forkert, så spørg skifteretten.",
             "Er sagen forkert, så spørg skifteretten."),
            "Vi kan ikke selv ændre det: det kræver en ny afgørelse, som to personer hos os har set.",
        ),
    ),
    (Kind.ESTATE_IN_EFFECT, "kurator"): Announced(
        "Ny Digital Post til {firm} sendes nu til jer.",
        (
            _CASE,
            "Det gælder breve, der er kommet {effective_at} eller senere.",
            "Kun senere post er lovet. Ældre breve ligger i Digital Post: søg om udpeget adgang på virk.dk.",
            "Holdt tilbage hos os, fordi de er ældre eller usikre: {held}.",
            "Leveret til den tidligere adresse før da: {delivered_before}.",
            "Listen over tidligere breve, uden indhold, får I hos den sagsbehandler, I har talt med.",
        ),
    ),
    (Kind.ESTATE_ENDED, ""): Announced(
        "Sagen om {firm} er slut.",
        (_CASE, _REASON, "Spørg den sagsbehandler hos os, I har talt med, hvis I er i tvivl om posten."),
    ),
    (Kind.ESTATE_ENDED, "refused"): Announced(
        "Sagen om {firm} er afvist: posten sendes til virksomheden som før.",
        (
            _CASE, _REASON,
            "Breve, der ventede på sagen, bliver sendt til virksomhedens egen adresse.",
            "Er det en fejl, kan sagen registreres igen med de rigtige dokumenter.",
        ),
    ),
    (Kind.ESTATE_ENDED, "reversed"): Announced(
        "Sagen om {firm} er omgjort: ny post sendes igen til virksomheden.",
        (
            _CASE, _REASON,
            "Breve, der er leveret imens, ligger hos den, der fik dem: bed om dem dér.",
            "Er det en fejl, så henvend jer til os med den seneste afgørelse.",
        ),
    ),
    (Kind.ESTATE_ENDED, "closed"): Announced(
        "Sagen om {firm} er afsluttet: ny post sendes ikke længere efter den.",
        (_CASE, _REASON, "Breve, der allerede er leveret, beholder modtageren.", _HERE),
    ),
    (Kind.ESTATE_ENDED, "replaced"): Announced(
        "Sagen om {firm} er overtaget af en anden: ny post sendes til den nye modtager.",
        (
            _CASE, _REASON,
            "Breve, der allerede er leveret, beholder modtageren.",
            "Er det en fejl, så henvend jer til os med den seneste afgørelse.",
        ),
    ),
    (Kind.FUSE_TRIPPED, ""): Announced(
        "Sikringen er sprunget for alle CVR-numre: intet fjernes fra Digital Post.",
        (
            "Årsag: {why}",
            "Siden: {at}",
            "Breve sendes fortsat. Fra nu af bliver de også liggende i Digital Post.",
            "Næste skridt: find årsagen med kommandoerne `nemboks fuse show` og `nemboks audit export`, og slå så til "
            "igen med `nemboks fuse reset`.",
        ),
    ),
    (Kind.FUSE_TRIPPED, "one"): Announced(
        "Sikringen er sprunget for {firm}: intet fjernes fra Digital Post.",
        (
            "Årsag: {why}",
            "Siden: {at}",
            "Breve sendes fortsat. Fra nu af bliver de også liggende i Digital Post.",
            "Næste skridt: find årsagen med kommandoen `nemboks fuse show`, og slå så til igen med "
            "`nemboks fuse reset`.",
        ),
    ),
    (Kind.GOLIVE_REPORT, ""): Announced(
        "Prøvetiden for {firm} er slut: nu fjernes leverede breve fra Digital Post.",
        (
            "I prøvetiden: {letters}, heraf {forwarded} leveret.",
            "Halvdelen var fremme inden for {median_seconds}, 95 % inden for {p95_seconds}.",
            "Ikke leveret endnu: {undelivered}. Det, der ikke er leveret, bliver i Digital Post.",
            "Sat i gang af {by}.",
            "Vil I alligevel beholde brevene i Digital Post, så brug kommandoen `nemboks mailbox shadow`.",
        ),
    ),
    (Kind.GOLIVE_REPORT, "reminder"): Announced(
        "Prøvetiden for {firm} er gået: breve bliver stadig liggende i Digital Post.",
        (
            "Den var sat til {days} dage. Intet sker af sig selv, og breve sendes som før.",
            ("Næste skridt: se rapporten med kommandoen `nemboks mailbox golive {typed_cvr} --dry-run`, og sæt så i "
             "drift med `nemboks mailbox golive {typed_cvr}`.",
             "Næste skridt: se rapporten med kommandoen `nemboks mailbox golive --dry-run`, og sæt så i drift med "
             "`nemboks mailbox golive`."),
        ),
    ),
    (Kind.GRANT_CHANGED, ""): Announced(
        "En adgang til {firm} er ændret.",
        ("Det gælder {who} ({role}).", "Ændret af {by}.", "Se alle adgange med kommandoen `nemboks grant list`."),
    ),
    (Kind.GRANT_CHANGED, "given"): Announced(
        ("Ny adgang til {firm}: {who} er nu {role}.", "Nogen har fået adgang til {firm}."),
        (
            "Givet af {by}.", "Adgangen gælder til {until}.", _RIGHT,
            "Ellers: luk adgangen med kommandoen `nemboks grant end`, og se alle med `nemboks grant list`.",
        ),
    ),
    (Kind.GRANT_CHANGED, "ended"): Announced(
        ("Adgang til {firm} er lukket: {who} er ikke længere {role}.", "Nogen har ikke længere adgang til {firm}."),
        (
            "Lukket af {by}.", "Adgangen slutter {until}.", _RIGHT,
            "Ellers: giv adgangen igen med kommandoen `nemboks grant add`, og se alle med `nemboks grant list`.",
        ),
    ),
    (Kind.PLAN_CANCELLED, ""): Announced(
        ("Abonnementet {plan} for {account} er opsagt og slutter {ends_at}.",
         "Abonnementet for {account} er opsagt og slutter {ends_at}.", "Abonnementet er opsagt."),
        (
            "CVR: {cvrs}",
            "Til da videresender vi, som vi plejer.",
            "Derefter sender vi intet nyt: ny post læser I i Digital Post på virk.dk. Breve, der allerede er leveret, "
            "gør vi færdige.",
            "Fortryd inden da med kommandoen `nemboks plan undo`.",
        ),
    ),
    (Kind.PLAN_ENDED, ""): Announced(
        ("Videresendelsen for {account} stoppede {ended_at}.", "Videresendelsen er stoppet."),
        (
            "CVR: {cvrs}",
            "Ingen post er væk. " + _HERE,
            "Breve, der nåede frem før da, ligger i jeres egen mail.",
            "Vil I begynde igen, så brug kommandoen `nemboks plan set`.",
        ),
    ),
    (Kind.RECONCILIATION, ""): Announced(
        ("Afstemningen {day} stemmer ikke for {firm}.", "Afstemningen stemmer ikke for {firm}."),
        (
            "{items}",
            "Afstemningen sammenholder Digital Post, vores journal og mailserverens bekræftelser.",
            "Næste skridt: se brevene med kommandoen `nemboks letter list` og forklaringen med `nemboks explain`.",
        ),
    ),
    (Kind.UNROUTED, ""): Announced(
        ("{number} til {firm} venter: ingen regel siger, hvor post skal hen.",
         "Breve til {firm} venter: ingen regel siger, hvor de skal hen."),
        (
            "Ældste brev: {oldest_at}",
            "Ansvarlig: {owner}",
            "Posten er ikke væk. Den ligger i Digital Post.",
            "Næste skridt: se dem med kommandoen `nemboks letter tray`, og sæt en regel, der passer, med "
            "`nemboks route rule add`: så går de videre af sig selv.",
        ),
    ),
}  # fmt: skip
