"""What a preflight found, in Danish: in everyday words, and what to do next. Names in braces are a finding's facts."""

from collections.abc import Mapping
from typing import Final

_IT: Final = "Send linjen med den tekniske besked til jeres IT-leverandør"
_it: Final = _IT.replace("Send", "send")

DANISH: Final[Mapping[str, tuple[str, str]]] = {
    "server_unknown": (
        "Mailserveren {server} står ikke i indstillingerne.",
        "Skriv den under [servers] i indstillingerne, eller giv adressen en anden mailserver.",
    ),
    "look_alike": (
        "Adressens domæne har tegn, der ligner andre bogstaver.",
        "Sammenlign adressen tegn for tegn med den, virksomheden selv har skrevet, før I bruger den.",
    ),
    "dns_failed": (
        "Navneopslaget (DNS) for {server} svarer ikke lige nu.",
        f"Prøv igen om en time. Sker det stadig, så {_it}.",
    ),
    "no_domain": (
        "Domænet {server} findes ikke.",
        "Se, om adressen er stavet rigtigt, og om domænet er betalt; ret ellers adressen.",
    ),
    "null_mx": (
        "Domænet {server} siger selv, at det ikke modtager mail.",
        "Brug en adresse på et andet domæne, eller få domænets ejer til at sætte mail op.",
    ),
    "mx_is_us": (
        "Mail til {server} ville komme tilbage til os selv.",
        f"Domænets MX-post skal pege på virksomhedens mailserver, ikke på Nemboks. {_IT}.",
    ),
    "no_mail_server": (
        "Domænet {server} har ingen mailserver.",
        "Se, om adressen er stavet rigtigt; ellers skal domænets ejer sætte mail op.",
    ),
    "no_address": (
        "Mailserveren {server} har et navn, men ingen adresse på nettet.",
        f"Domænets MX-post peger forkert. {_IT}.",
    ),
    "private_address": (
        "Mailserveren {server} peger ind i et privat netværk, og dertil sender vi ikke.",
        f"Serverens navn skal have en offentlig adresse. {_IT}.",
    ),
    "mx": ("Mail til {domain} går til {servers}.", ""),
    "mx_changed": (
        "Mail til {domain} går nu til {servers}; før gik den til {was}.",
        f"Er det ikke jer selv, der har skiftet mailserver, så {_it} med det samme.",
    ),
    "mx_implicit": (
        "Domænet {domain} nævner ingen mailserver, så mail går til domænet selv.",
        f"Bed om en MX-post, så ingen er i tvivl om, hvem der modtager. {_IT}.",
    ),
    "mta_sts": ("Domænet {domain} kræver sikker levering af mail (MTA-STS).", ""),
    "mta_sts_unfetched": (
        "Domænet {domain} har regler for sikker mail (MTA-STS), men de kan ikke hentes.",
        f"Post leveres stadig, men svagere beskyttet. {_IT}.",
    ),
    "mta_sts_unnamed": (
        "Domænets egne regler for sikker mail (MTA-STS) nævner ikke mailserveren {server}, så vi må ikke sende dertil.",
        f"Domænets MTA-STS-regler og MX-post skal nævne de samme servere. {_IT}.",
    ),
    "level_fell": (
        "Mailserveren {server} beviser mindre om sig selv end før, og så sender vi ikke.",
        "Spørg virksomhedens IT-leverandør, om det er med vilje. Kun i så fald: `nemboks address relax`.",
    ),
    "unreachable": (
        "Mailserveren {server} kan ikke nås.",
        f"Er den nede, prøver vi igen af os selv. Varer det ved, så {_it}.",
    ),
    "greeting_refused": (
        "Mailserveren {server} vil ikke tale med os.",
        f"Serveren skal tillade mail fra Nemboks. {_IT}.",
    ),
    "no_starttls": (
        "Mailserveren {server} tilbyder ikke sikker kryptering. Vi sender ikke breve ubeskyttet.",
        f"Serveren skal tilbyde STARTTLS. {_IT}.",
    ),
    "tls_old": (
        "Mailserveren {server} kan kun gammel kryptering, som ikke længere er sikker.",
        f"Serveren skal kunne TLS 1.2 eller nyere. {_IT}.",
    ),
    "tls_failed": (
        "Der kan ikke laves en sikker forbindelse til mailserveren {server}.",
        f"Serverens TLS skal sættes i stand. {_IT}.",
    ),
    "tls": ("Forbindelsen til {server} er sikker ({version}).", ""),
    "certificate_name": (
        "Mailserverens certifikat er udstedt til et andet navn end {server}.",
        f"Certifikatet skal gælde for serverens navn, eller indstillingerne skal bruge certifikatets navn. {_IT}.",
    ),
    "certificate_expired": (
        "Certifikatet på mailserveren {server} er udløbet.",
        f"Certifikatet skal fornyes. {_IT}.",
    ),
    "certificate_unknown": (
        "Certifikatet på mailserveren {server} er udstedt af nogen, vi ikke kender.",
        f"Brug et certifikat fra en offentlig udsteder, eller nævn jeres egen med ca_file. {_IT}.",
    ),
    "certificate_refused": (
        "Certifikatet på mailserveren {server} kan ikke godkendes.",
        f"Certifikatet skal være gyldigt i dag og til serverens navn. {_IT}.",
    ),
    "smime": ("Mails til {address} krypteres; certifikatet gælder {days} dage endnu.", ""),
    "smime_ends": (
        "Certifikatet, som mails til {address} krypteres til, udløber om {days} dage.",
        "Skaf et nyt, og skriv det under certificate_file i indstillingerne; efter udløbet sendes intet ukrypteret.",
    ),
    "smime_unusable": (
        "Mails til {address} kan ikke krypteres, så de bliver ikke sendt.",
        "Skaf et gyldigt certifikat til mail (RSA), og skriv det under certificate_file i indstillingerne.",
    ),
    "certificate_ends": (
        "Certifikatet på mailserveren {server} udløber om {days} dage.",
        f"Certifikatet skal fornyes inden da. {_IT}.",
    ),
    "dane_mismatch": (
        "Mailserveren {server} viser et andet certifikat end det, domænet har offentliggjort (DANE).",
        f"TLSA-posten og certifikatet skal passe sammen. {_IT}.",
    ),
    "login_refused": (
        "Mailserveren {server} afviser vores brugernavn eller adgangskode.",
        "Ret dem under [servers] i indstillingerne, og start Nemboks igen.",
    ),
    "login_failed": (
        "Mailserveren {server} kan ikke logge os ind lige nu.",
        f"Prøv igen om en time. Sker det stadig, så {_it}.",
    ),
    "size": ("Mailserveren {server} tager mails på op til {limit}.", ""),
    "size_small": (
        "Mailserveren {server} tager kun mails på op til {limit}. Større breve deles eller bliver i Digital Post.",
        f"Sæt grænsen op til mindst 25 MB, hvis det kan lade sig gøre. {_IT}.",
    ),
    "size_unknown": ("Mailserveren {server} siger ikke, hvor store mails den tager.", ""),
    "offers": ("Mailserveren {server} har sagt, hvad den kan.", ""),
    "relay_trusted": (
        "Mellemleddet {server} bliver troet på sit ord: et brev, det taber, er tabt.",
        "Slet relay_trusted_by i indstillingerne, hvis brevene hellere skal bekræftes af virksomhedens egen side.",
    ),
    "no_dsn": (
        "Mellemleddet {server} kan ikke melde tilbage, om et brev kom frem.",
        "Giv os et sted at se efter brevet ([landings]), eller brug virksomhedens egen mailserver.",
    ),
    "sender_refused": (
        "Mailserveren {server} vil ikke have mail fra vores adresse.",
        f"Serveren skal tillade mail fra Nemboks. {_IT}.",
    ),
    "recipient_taken": ("Mailserveren {server} tager imod mail til {address}.", ""),
    "recipient_later": (
        "Mailserveren {server} bad os spørge om {address} igen senere. Det gør mange servere første gang.",
        "Prøv igen om et kvarter.",
    ),
    "recipient_full": (
        "Postkassen {address} er fuld.",
        "Gør plads i postkassen.",
    ),
    "recipient_unknown": (
        "Mailserveren {server} kender ikke {address}.",
        "Se, om adressen er stavet rigtigt, eller opret den på mailserveren.",
    ),
    "recipient_refused": (
        "Mailserveren {server} afviser vores mail til {address}.",
        f"Serveren skal tillade mail fra Nemboks til adressen. {_IT}.",
    ),
    "own_dns_failed": (
        "Navneopslaget (DNS) for vores eget domæne {domain} svarer ikke lige nu.",
        "Prøv igen om en time.",
    ),
    "spf_missing": (
        "Domænet {domain} siger ikke, hvem der må sende dets mail (SPF), så vores mails kan ende som uønskede.",
        "Offentliggør en SPF-post; `nemboks address own` viser den.",
    ),
    "spf_several": (
        "Domænet {domain} har flere SPF-poster, og så gælder ingen af dem.",
        "Saml dem i én.",
    ),
    "spf_open": (
        "Domænets SPF-post lader alle sende mail i navnet {domain}.",
        "Lad posten ende med -all.",
    ),
    "spf": ("Domænet {domain} siger, hvem der må sende dets mail (SPF).", ""),
    "dkim_off": (
        "Vores mails bliver ikke underskrevet (DKIM) af os.",
        "Sæt sender.dkim_selector og sender.dkim_key_file, medmindre mailserveren selv underskriver.",
    ),
    "dkim_missing": (
        "Nøglen til vores underskrift (DKIM) er ikke offentliggjort ved {name}.",
        "Offentliggør den post, som `nemboks address own` viser.",
    ),
    "dkim_other": (
        "Ved {name} ligger en anden nøgle end den, vi skriver under med (DKIM).",
        "Lad den post, som `nemboks address own` viser, være den eneste.",
    ),
    "dkim": ("Nøglen til vores underskrift (DKIM) er offentliggjort ved {name}.", ""),
    "dmarc_missing": (
        "Der står ikke ved {name}, hvad der skal ske med falsk mail i vores navn (DMARC).",
        "Offentliggør den post, som `nemboks address own` viser.",
    ),
    "dmarc_none": (
        "Posten ved {name} lader falsk mail i vores navn slippe igennem (DMARC).",
        "Skift til p=quarantine eller p=reject, når jeres egne mails består prøven.",
    ),
    "dmarc": ("Falsk mail i vores navn bliver standset (DMARC ved {name}).", ""),
    "returns_no_mx": (
        "Domænet {domain} modtager ikke mail, så breve, der kommer tilbage, når os ikke.",
        "Giv domænet en MX-post, der peger på serveren under [returns].",
    ),
}
