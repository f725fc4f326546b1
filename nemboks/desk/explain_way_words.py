"""The paragraphs about a company whose post comes: what stays in Digital Post too, where else post is, what is well."""

from collections.abc import Mapping
from typing import Final

from nemboks.desk.explain_words import NOTHING, STOPPED, UPSTREAM, Paragraph
from nemboks.desk.words import Words

CUSTODY: Final[Mapping[str, Paragraph]] = {
    "fuse": Paragraph(
        Words(
            "Sikringen er sprunget: breve leveres, men intet fjernes fra Digital Post. {why}",
            "The delete fuse has tripped: letters are delivered, but nothing leaves Digital Post. {why}",
        ),
        Words("Se hvorfor, og sæt den i igen: `nemboks fuse show`.", "See why, and reset it: `nemboks fuse show`."),
    ),
    "legal_hold": Paragraph(
        Words(
            "{by} har {since} bestemt, at intet må forsvinde: breve leveres og bliver i Digital Post.",
            "{by} decided {since} that nothing may go: letters are delivered and stay in Digital Post.",
        ),
        Words(
            "Ophæv det, når det må: `nemboks mailbox legal-hold CVR off`.",
            "End that when it may end: `nemboks mailbox legal-hold CVR off`.",
        ),
    ),
    "unproven": Paragraph(
        Words(
            "Ingen har bekræftet, at {address} er den rigtige adresse: breve sendes dertil og bliver i Digital Post.",
            "Nobody has confirmed that {address} is the right address: letters go there and stay in Digital Post.",
        ),
        Words(
            "Få en kode sendt dertil med `nemboks address prove CVR --send`, og skriv den. Kommer den ikke, er "
            "adressen nok forkert.",
            "Have a code sent there by `nemboks address prove CVR --send`, and type it. If none comes, the address may "
            "be wrong.",
        ),
    ),
    "shadow": Paragraph(
        Words(
            "På prøve siden {since}: breve videresendes og bliver i Digital Post, til en person siger til.",
            "On trial since {since}: letters are forwarded and stay in Digital Post until a person says go.",
        ),
        Words("Sig til, når det virker: `nemboks mailbox golive`.", "Say go when it works: `nemboks mailbox golive`."),
    ),
    "probation": Paragraph(
        Words(
            "Adressen er ny: til {until} bliver breve også i Digital Post.",
            "The address is new: until {until} letters stay in Digital Post too.",
        ),
        NOTHING,
    ),
    "keep_days": Paragraph(
        Words(
            "Breve bliver i Digital Post i {days} dage, efter at de er leveret, som I har valgt.",
            "Letters stay in Digital Post for {days} days after they were delivered, as you chose.",
        ),
        NOTHING,
    ),
    "start_from_now": Paragraph(
        Words(
            "Vi begyndte {since}: hvad der lå i Digital Post før, er ladt ligge dér.",
            "We began {since}: what lay in Digital Post before was left there.",
        ),
        Words("Læs de ældre breve på virk.dk.", "Read the older letters on virk.dk."),
    ),
}
WAYS: Final[Mapping[str, Paragraph]] = {
    "holiday": Paragraph(
        Words("Indtil {until} går alle breve til {address}.", "Until {until} all letters go to {address}."),
        Words(
            "Se dér, eller stop det: `nemboks route holiday CVR --cancel`.",
            "Look there, or stop that: `nemboks route holiday CVR --cancel`.",
        ),
    ),
    "rules": Paragraph(
        Words("Regler sender nogle breve til {addresses}.", "Rules send some letters to {addresses}."),
        Words("Se dér; reglerne vises af `nemboks route list`.", "Look there; `nemboks route list` shows the rules."),
    ),
    "change": Paragraph(
        Words(
            "{who} har {asked_at} bedt om, at breve skal gå til {new} i stedet for {old}; det er ikke sket endnu.",
            "{who} asked {asked_at} that letters go to {new} instead of {old}; that has not happened yet.",
        ),
        Words(
            "Var det ikke jer, så stop det: `nemboks address cancel`.",
            "If that was not you, stop it: `nemboks address cancel`.",
        ),
    ),
    "copy_only": Paragraph(
        Words(
            "{letters} nåede kun en kopimodtager; den egentlige adresse har intet fået.",
            "{letters} reached only a further recipient; the address proper got nothing.",
        ),
        Words(
            "Få brevet af kopimodtageren, eller læs det i Digital Post.",
            "Get it from that recipient, or read it in Digital Post.",
        ),
        at_risk=True,
    ),
}
FINE: Final[Mapping[str, Paragraph]] = {
    "on_its_way": Paragraph(
        Words("{letters} er på vej.", "{letters} on the way."),
        Words("Vent nogle minutter.", "Wait a few minutes."),
    ),
    "late": Paragraph(
        Words("{letters} har ventet siden {oldest_at}.", "{letters} waiting since {oldest_at}."),
        Words(
            "Se brevet med `nemboks explain NUMMER`; læs det i Digital Post, hvis det haster.",
            "See it with `nemboks explain NUMBER`; read it in Digital Post if it is urgent.",
        ),
        at_risk=True,
    ),
    "delivered": Paragraph(
        Words(
            "Alt, hvad Digital Post har vist os, er leveret. Det sidste brev kom {came_at} og blev modtaget af "
            "{server} til {address} {taken_at}. Vi kiggede sidst {listed_at}.",
            "All that Digital Post has shown us is delivered. The last letter came {came_at} and was taken by "
            "{server} for {address} {taken_at}. We last looked {listed_at}.",
        ),
        NOTHING,
    ),
    "look_in_junk": Paragraph(
        Words(
            "Jeres mailserver tog imod, men vi kan ikke se, i hvilken mappe mailen endte.",
            "Your mail server took it, but we cannot see in which folder the mail ended.",
        ),
        Words(
            "Se i uønsket post og i IT-leverandørens karantæne, og tillad mail fra Nemboks.",
            "Look in junk mail and in your IT supplier's quarantine, and allow mail from Nemboks.",
        ),
    ),
    "no_letters": Paragraph(
        Words(
            "Digital Post har ikke vist os noget brev endnu. Vi kiggede sidst {listed_at}.",
            "Digital Post has not shown us any letter yet. We last looked {listed_at}.",
        ),
        Words(
            "Nye virksomheder får ingen Digital Post de første dage (karensperiode).",
            "New companies get no Digital Post for the first days (waiting period).",
        ),
    ),
    "never_looked": Paragraph(
        Words("Vi har ikke kigget i postkassen endnu.", "We have not looked into the mailbox yet."),
        Words("Vent nogle minutter.", "Wait a few minutes."),
    ),
    "only_public": Paragraph(
        Words(
            "Vi videresender kun post fra offentlige myndigheder.",
            "We forward only post from public authorities.",
        ),
        Words(
            "Post fra banker, forsikring og andre firmaer ligger i e-Boks eller mit.dk.",
            "Post from banks, insurers and other firms is in e-Boks or mit.dk.",
        ),
    ),
}
OF_BOX: Final[Mapping[str, Paragraph]] = {**UPSTREAM, **STOPPED, **CUSTODY, **WAYS, **FINE}
