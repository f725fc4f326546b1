"""The words of every notice, in Danish and English: what is wrong, what to do, and what "solved" means (UX 4, 5, 7).

Nothing here is a link, a title or a full address. `{letters}` is "1 brev" or "20 breve", `{address}` a masked address,
`{server}` a server's name. The rules of when a notice is sent stand in domain/assess.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nemboks.domain.incidents import Cause, NoticeKind


@dataclass(frozen=True, slots=True)
class Said:
    """One trouble in one language."""

    what: str  # the first line, after its label
    safe: str  # where the post is meanwhile
    step: str
    solved: str


DA, EN = "da", "en"

_SAFE: Final = {
    DA: "Jeres post er ikke væk. Den ligger i Digital Post.",
    EN: "Your post is not lost. It lies in Digital Post.",
}
_LOOK: Final = {
    DA: "Se brevene med kommandoen `nemboks letter list`.",
    EN: "See the letters with the command `nemboks letter list`.",
}

LABELS: Final[Mapping[str, Mapping[NoticeKind, str]]] = {
    DA: {
        NoticeKind.STOPPED: "Stoppet: ",
        NoticeKind.LATE: "Forsinket: ",
        NoticeKind.STILL: "Stadig ikke løst: ",
        NoticeKind.SOLVED: "Løst: ",
    },
    EN: {
        NoticeKind.STOPPED: "Blocked: ",
        NoticeKind.LATE: "Late: ",
        NoticeKind.STILL: "Still not solved: ",
        NoticeKind.SOLVED: "Solved: ",
    },
}

WORDS: Final[Mapping[str, Mapping[Cause, Said]]] = {
    DA: {
        Cause.ADDRESS: Said(
            "Adressen {address} findes ikke. {letters} venter i Digital Post.",
            _SAFE[DA],
            "Ret adressen, eller opret den på mailserveren. " + _LOOK[DA],
            "Post til {address} kommer frem igen. {letters} var ramt.",
        ),
        Cause.FULL: Said(
            "Postkassen {address} er fuld. {letters} venter i Digital Post.",
            _SAFE[DA],
            "Gør plads i postkassen; vi prøver igen af os selv. " + _LOOK[DA],
            "Der er plads i postkassen {address} igen. {letters} var ramt.",
        ),
        Cause.POLICY: Said(
            "Mailserveren {server} afviser vores mail til {address}. {letters} venter i Digital Post.",
            _SAFE[DA],
            "Vis jeres IT-leverandør serverens svar, og bed dem tillade mail fra Nemboks. " + _LOOK[DA],
            "Mailserveren {server} tager imod vores mail igen. {letters} var ramt.",
        ),
        Cause.TOO_LARGE: Said(
            "For stort til jeres mailserver: {letters} til {address}.",
            _SAFE[DA],
            "Hent brevet i Digital Post, eller lad mailserveren tage større mails, og frigiv det så med kommandoen "
            "`nemboks letter release`.",
            "Intet brev til {address} er længere for stort. {letters} var ramt.",
        ),
        Cause.LOGIN: Said(
            "Mailserveren {server} afviser vores login. {letters} venter i Digital Post.",
            _SAFE[DA],
            "Ret brugernavn eller adgangskode under [servers] i indstillingerne, og start Nemboks igen.",
            "Mailserveren {server} tager vores login igen. {letters} var ramt.",
        ),
        Cause.TLS: Said(
            "Mailserveren {server} tilbyder ikke sikker kryptering. {letters} venter i Digital Post.",
            "Vi sender ikke brevet ubeskyttet. " + _SAFE[DA],
            "Mailserveren skal have TLS 1.2 eller nyere og et gyldigt certifikat til sit navn: send dette til jeres "
            "IT-leverandør.",
            "Mailserveren {server} har sikker kryptering igen. {letters} var ramt.",
        ),
        Cause.CERTIFICATE: Said(
            "Certifikatet til {address} kan ikke bruges til kryptering. {letters} venter i Digital Post.",
            "Vi sender ikke brevet ukrypteret. " + _SAFE[DA],
            "Læg et gyldigt certifikat i indstillingerne (certificate_file), og start Nemboks igen.",
            "Certifikatet til {address} kan bruges igen. {letters} var ramt.",
        ),
        Cause.LATE: Said(
            "{letters} til {address} er ikke leveret endnu.",
            _SAFE[DA],
            "I skal ikke gøre noget, hvis mailserveren snart er i gang igen; vi prøver igen af os selv. " + _LOOK[DA],
            "Ingen breve til {address} er forsinket længere. {letters} var ramt.",
        ),
        Cause.HELD: Said(
            "{letters} er holdt tilbage og går først videre, når et menneske siger til.",
            _SAFE[DA],
            "Se årsagen med kommandoen `nemboks letter show`, eller læs brevet i Digital Post.",
            "Ingen breve er holdt tilbage længere. {letters} var ramt.",
        ),
        Cause.RETURNED: Said(
            "{letters} til {address} kom tilbage fra mellemleddet.",
            _SAFE[DA],
            "Ret adressen eller mailserveren, og frigiv så brevet med kommandoen `nemboks letter release`.",
            "Ingen breve til {address} er kommet tilbage siden. {letters} var ramt.",
        ),
        Cause.SILENT: Said(
            "Mellemleddet {server} tog {letters} til {address}, men ingen har bekræftet, at posten kom frem.",
            _SAFE[DA],
            "Se efter brevet i postkassen. Mangler det, så frigiv det med kommandoen `nemboks letter release`; "
            "det kan komme en gang til.",
            "Mellemleddet {server} skylder ingen bekræftelser længere. {letters} var ramt.",
        ),
        Cause.BOUNCED: Said(
            "{letters} til {address} kom tilbage, efter at mailserveren havde taget imod.",
            "Mailserveren har bekræftet brevet, så det er måske ikke længere i Digital Post; dets indhold kan ligge i "
            "svaret fra mailserveren.",
            "Spørg mailserverens ejer efter brevet nu, og se det med kommandoen `nemboks letter show`.",
            "{letters} til {address} er ikke kommet tilbage igen.",
        ),
        Cause.JUNK: Said(
            "{letters} ligger i mappen med uønsket mail hos {address}.",
            _SAFE[DA],
            "Flyt brevet til indbakken, og bed jeres IT-leverandør altid tillade mail fra Nemboks.",
            "Ingen breve ligger længere i mappen med uønsket mail hos {address}. {letters} var ramt.",
        ),
        Cause.COPY: Said(
            "Kopien af {letters} kan ikke leveres til {address}.",
            "Hovedmodtageren er ikke ramt: kun den ekstra kopi mangler.",
            "Ret adressen på den ekstra modtager i indstillingerne, eller gør plads i modtagerens postkasse.",
            "Kopier når frem til {address} igen. {letters} var ramt.",
        ),
        Cause.VANISHED: Said(
            "{letters} er forsvundet fra Digital Post, før vi nåede at hente.",
            "Afsenderen har trukket brevet tilbage, eller nogen har fjernet det i Digital Post.",
            "Se, om brevet ligger i Digital Posts arkiv eller papirkurv, eller spørg afsenderen.",
            "Ingen flere breve er forsvundet. {letters} var ramt.",
        ),
        Cause.REFUSED: Said(
            "Vi har ikke længere adgang til Digital Post for virksomheden.",
            _SAFE[DA],
            "Se, om fuldmagten er trukket tilbage eller virksomheden ophørt, og om adgangskoden er rigtig. "
            "Status vises med kommandoen `nemboks status`.",
            "Vi har adgang til Digital Post igen.",
        ),
        Cause.UNUSABLE: Said(
            "Digital Post har post til virksomheden, som vi ikke kan hente. Resten af posten kommer som den skal.",
            _SAFE[DA],
            "Læs posten i Digital Post. Den, der driver Nemboks, bør melde fejlen til Digital Post.",
            "Digital Post viser ikke længere post, som vi ikke kan hente.",
        ),
        Cause.PREFLIGHT: Said(
            "Den daglige kontrol fandt en fejl, der kan stoppe post til {address}.",
            "Kan et brev ikke leveres, bliver det liggende i Digital Post.",
            "Se fejlen og det næste skridt med kommandoen `nemboks address verify`.",
            "Den daglige kontrol finder ingen fejl ved {address} længere.",
        ),
    },
    EN: {
        Cause.ADDRESS: Said(
            "The address {address} does not exist. {letters} waiting in Digital Post.",
            _SAFE[EN],
            "Correct the address, or create it on the mail server. " + _LOOK[EN],
            "Post to {address} gets through again. Affected: {letters}.",
        ),
        Cause.FULL: Said(
            "The inbox {address} is full. {letters} waiting in Digital Post.",
            _SAFE[EN],
            "Make room in it; we try again by ourselves. " + _LOOK[EN],
            "The inbox {address} has room again. Affected: {letters}.",
        ),
        Cause.POLICY: Said(
            "The mail server {server} refuses our mail to {address}. {letters} waiting in Digital Post.",
            _SAFE[EN],
            "Show your IT supplier the server's reply and ask them to allow mail from Nemboks. " + _LOOK[EN],
            "The mail server {server} takes our mail again. Affected: {letters}.",
        ),
        Cause.TOO_LARGE: Said(
            "Too large for your mail server: {letters} to {address}.",
            _SAFE[EN],
            "Fetch the letter in Digital Post, or let the mail server take larger mails and then release it with the "
            "command `nemboks letter release`.",
            "No letter to {address} is too large any more. Affected: {letters}.",
        ),
        Cause.LOGIN: Said(
            "The mail server {server} refuses our login. {letters} waiting in Digital Post.",
            _SAFE[EN],
            "Correct username or password under [servers] in the settings and start Nemboks again.",
            "The mail server {server} takes our login again. Affected: {letters}.",
        ),
        Cause.TLS: Said(
            "The mail server {server} offers no secure encryption. {letters} waiting in Digital Post.",
            "We do not send the letter unprotected. " + _SAFE[EN],
            "The mail server needs TLS 1.2 or newer and a valid certificate for its name: send this to your IT "
            "supplier.",
            "The mail server {server} has secure encryption again. Affected: {letters}.",
        ),
        Cause.CERTIFICATE: Said(
            "The certificate of {address} cannot be used for encryption. {letters} waiting in Digital Post.",
            "We do not send the letter unencrypted. " + _SAFE[EN],
            "Put a valid certificate into the settings (certificate_file) and start Nemboks again.",
            "The certificate of {address} can be used again. Affected: {letters}.",
        ),
        Cause.LATE: Said(
            "{letters} to {address} not delivered yet.",
            _SAFE[EN],
            "Nothing to do if the mail server will soon run again; we try again by ourselves. " + _LOOK[EN],
            "No letter to {address} is late any more. Affected: {letters}.",
        ),
        Cause.HELD: Said(
            "{letters} on hold until a person decides.",
            _SAFE[EN],
            "See the reason with the command `nemboks letter show`, or read the letter in Digital Post.",
            "No letter is on hold any more. Affected: {letters}.",
        ),
        Cause.RETURNED: Said(
            "{letters} to {address} came back from the relay.",
            _SAFE[EN],
            "Correct the address or the server, then release the letter with the command `nemboks letter release`.",
            "No letter to {address} came back since. Affected: {letters}.",
        ),
        Cause.SILENT: Said(
            "The relay {server} took {letters} to {address}, but nobody confirmed the arrival.",
            _SAFE[EN],
            "Look for the letter in the company's inbox. If it is missing, release it with the command "
            "`nemboks letter release`; it may then come twice.",
            "The relay {server} owes no confirmation any more. Affected: {letters}.",
        ),
        Cause.BOUNCED: Said(
            "{letters} to {address} came back after the mail server had taken it.",
            "The mail server had confirmed it, so it may no longer be in Digital Post; its contents may lie in the "
            "mail server's answer.",
            "Ask the mail server's owner for the letter now, and see it with the command `nemboks letter show`.",
            "{letters} to {address} did not come back again.",
        ),
        Cause.JUNK: Said(
            "{letters} in the junk folder of {address}.",
            _SAFE[EN],
            "Move it to the inbox, and ask your IT supplier to always allow mail from Nemboks.",
            "No letter is in the junk folder of {address} any more. Affected: {letters}.",
        ),
        Cause.COPY: Said(
            "The copy of {letters} cannot be delivered to {address}.",
            "The main recipient is not affected: only the extra copy is missing.",
            "Correct the further recipient's address in the settings, or make room in its inbox.",
            "Copies reach {address} again. Affected: {letters}.",
        ),
        Cause.VANISHED: Said(
            "{letters} vanished from Digital Post before we could fetch.",
            "The sender withdrew it, or somebody removed it in Digital Post.",
            "See whether it lies in Digital Post's archive or bin, or ask the sender.",
            "No other letter vanished. Affected: {letters}.",
        ),
        Cause.REFUSED: Said(
            "We no longer have access to Digital Post for the company.",
            _SAFE[EN],
            "See whether the grant was withdrawn or the company closed, and whether the credentials are right. "
            "The command `nemboks status` shows how it stands.",
            "We have access to Digital Post again.",
        ),
        Cause.UNUSABLE: Said(
            "Digital Post has post for the company that we cannot fetch. All other post comes as it should.",
            _SAFE[EN],
            "Read that post in Digital Post. Whoever runs Nemboks should report the fault to Digital Post.",
            "Digital Post shows no post any more that we cannot fetch.",
        ),
        Cause.PREFLIGHT: Said(
            "The daily check found a fault that may stop post to {address}.",
            "A letter that cannot be delivered stays in Digital Post.",
            "See the fault and the next step with the command `nemboks address verify`.",
            "The daily check finds no fault at {address} any more.",
        ),
    },
}

# Letters that Digital Post did not give us: no mail server is to blame.
UPSTREAM: Final[Mapping[str, Said]] = {
    DA: Said(
        "Digital Post svarer ikke. {letters} er ikke hentet endnu.",
        _SAFE[DA],
        "I skal ikke gøre noget; vi prøver igen af os selv. Haster et brev, så læs det i Digital Post.",
        "Digital Post svarer igen. {letters} var ramt.",
    ),
    EN: Said(
        "Digital Post does not answer. {letters} not fetched yet.",
        _SAFE[EN],
        "Nothing to do; we try again by ourselves. If a letter is urgent, read it in Digital Post.",
        "Digital Post answers again. Affected: {letters}.",
    ),
}
