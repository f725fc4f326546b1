"""The paragraphs that answer "why did I get no mail?" for a company: what stands in the way, and the next step.

Names in braces are facts of the case. explain_way_words.py goes on, explain_letter_words.py has the paragraphs of one
letter, reasons.py those of a letter's `why`. A test brings each about in a real ledger, in both languages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nemboks.desk.standing import CONSENTS, LIVES, WITHDRAWN
from nemboks.desk.words import Words
from nemboks.domain.custody import Consent, Life


@dataclass(frozen=True, slots=True)
class Paragraph:
    """What is so, what to do next, and whether post is at risk: it may be missed unless somebody acts."""

    text: Words
    step: Words
    at_risk: bool = False


NOTHING: Final = Words("I skal ikke gøre noget.", "Nothing to do.")
_GRANT: Final = Words(
    "En med ret til det i virksomheden giver fuldmagten på virk.dk under Digital Post; vi opdager det af os selv. "
    "Læs posten dér imens.",
    "Somebody in the company with the right to do so gives consent on virk.dk under Digital Post; we notice by "
    "ourselves. Meanwhile read the post there.",
)

UPSTREAM: Final[Mapping[str, Paragraph]] = {
    "not_polled": Paragraph(
        Words(
            "Ingen har kigget efter post, siden det skulle være sket {due_at}: Nemboks kører ikke. "
            "Posten ligger i Digital Post.",
            "Nobody has looked for post since it was due {due_at}: Nemboks does not run. The post is in Digital Post.",
        ),
        Words(
            "Start Nemboks (`nemboks run`), eller bed den, der driver det, om at gøre det.",
            "Start Nemboks (`nemboks run`), or ask whoever runs it to do so.",
        ),
        at_risk=True,
    ),
    "consent_awaited": Paragraph(CONSENTS[Consent.AWAITED], _GRANT, at_risk=True),
    "consent_declined": Paragraph(CONSENTS[Consent.DECLINED], _GRANT, at_risk=True),
    "consent_withdrawn": Paragraph(WITHDRAWN, _GRANT, at_risk=True),
    "parked": Paragraph(
        Words(
            "Digital Post giver os ikke længere adgang til {cvr}. Det sker, når fuldmagten er trukket tilbage, "
            "virksomheden er ophørt, eller adgangskoden er skiftet. Vi prøver igen {again_at}.",
            "Digital Post no longer gives us access to {cvr}. That happens when consent was withdrawn, the company "
            "has ceased, or the login was changed. We try again {again_at}.",
        ),
        Words(
            "Se på virk.dk, om Nemboks stadig har fuldmagt, og giv den igen. Er adgangskoden skiftet, så giv os den "
            "nye: `nemboks cvr login`, eller i indstillingsfilen, hvis den står dér. Er virksomheden ophørt, så se "
            "`nemboks estate open`.",
            "See on virk.dk whether Nemboks still has consent, and give it again. If the login was changed, give us "
            "the new one: `nemboks cvr login`, or in the settings file if it stands there. If the company has ceased, "
            "see `nemboks estate open`.",
        ),
        at_risk=True,
    ),
    "upstream_down": Paragraph(
        Words(
            "Digital Post svarer ikke; vi så sidst efter post {listed_at}. Jeres breve er der stadig.",
            "Digital Post does not answer; we last looked for post {listed_at}. Your letters are still there.",
        ),
        Words("I skal ikke gøre noget; vi prøver igen af os selv.", "Nothing to do; we try again by ourselves."),
    ),
    "unusable": Paragraph(
        Words(
            "Digital Post har siden {since} vist post, som vi ikke kan hente: {number} på listen uden brugbart nummer. "
            "Resten af posten kommer som den skal.",
            "Since {since} Digital Post has shown post that we cannot fetch: {number} on its list without a usable "
            "id. All other post comes as it should.",
        ),
        Words(
            "Læs posten på virk.dk. Den, der driver Nemboks, bør melde fejlen til Digital Post.",
            "Read that post on virk.dk. Whoever runs Nemboks should report the fault to Digital Post.",
        ),
        at_risk=True,
    ),
    "life_waiting_period": Paragraph(
        LIVES[Life.WAITING_PERIOD],
        Words(
            "Der er ingen post at vente endnu. Perioden slutter, når nogen fra virksomheden logger ind i Digital Post.",
            "No post is to be expected yet. The period ends when somebody of the company logs in to Digital Post.",
        ),
    ),
    "life_exempt": Paragraph(
        LIVES[Life.EXEMPT],
        Words("Myndighedernes breve kommer på papir.", "The authorities' letters come on paper."),
    ),
    "life_reconstruction": Paragraph(LIVES[Life.RECONSTRUCTION], NOTHING),
    "life_bankrupt": Paragraph(
        LIVES[Life.BANKRUPT],
        Words(
            "En kurator kan få posten hertil: `nemboks estate open`.",
            "A receiver can have the post sent: `nemboks estate open`.",
        ),
    ),
    "life_ceased": Paragraph(
        LIVES[Life.CEASED],
        Words(
            "Den tidligere ejer kan søge Digitaliseringsstyrelsen om adgang; indholdet gemmes i ti år.",
            "The former owner can ask the Agency for Digital Government for access; contents are kept for ten years.",
        ),
        at_risk=True,
    ),
}
STOPPED: Final[Mapping[str, Paragraph]] = {
    "plan_ended": Paragraph(
        Words(
            "Videresendelsen stoppede {ends_at}, da abonnementet sluttede. Ny post ligger i Digital Post.",
            "Forwarding stopped {ends_at}, when the plan ended. New post is in Digital Post.",
        ),
        Words(
            "Læs posten på virk.dk, eller begynd igen: `nemboks plan set`.",
            "Read the post on virk.dk, or begin again: `nemboks plan set`.",
        ),
        at_risk=True,
    ),
    "plan_ends": Paragraph(
        Words(
            "Abonnementet er opsagt: fra {ends_at} videresendes intet mere.",
            "The plan is cancelled: from {ends_at} nothing more is forwarded.",
        ),
        Words("Fortryd inden da med `nemboks plan undo`.", "Undo that before then: `nemboks plan undo`."),
    ),
    "case_pending": Paragraph(
        Words(
            "En sag om virksomheden er under behandling; imens videresendes intet. Posten ligger i Digital Post.",
            "A case about the company is being dealt with; meanwhile nothing is forwarded. Post is in Digital Post.",
        ),
        Words("Spørg den, der driver Nemboks.", "Ask whoever runs Nemboks."),
        at_risk=True,
    ),
    "estate_registered": Paragraph(
        Words(
            "En kurators sag er registreret {frozen_at} og ikke afgjort: ingen får post imens. "
            "Posten ligger i Digital Post.",
            "A receiver's case was registered {frozen_at} and is not decided: nobody gets post meanwhile. "
            "The post is in Digital Post.",
        ),
        Words("Sagen skal afgøres: `nemboks estate show`.", "The case must be decided: `nemboks estate show`."),
        at_risk=True,
    ),
    "estate": Paragraph(
        Words(
            "Boet har virkning fra {boundary_at}: breve, der kommer fra da af, går til kurator; ældre bliver i "
            "Digital Post.",
            "The estate is in effect from {boundary_at}: letters that come from then on go to the receiver; older "
            "ones stay in Digital Post.",
        ),
        Words(
            "Ældre breve læser kurator i Digital Post med udpeget adgang.",
            "The receiver reads older letters in Digital Post by designated access.",
        ),
    ),
    "estate_of_others": Paragraph(
        Words(
            "Fra {boundary_at} går ny post til virksomhedens bo og ikke til jer.",
            "From {boundary_at} new post goes to the company's estate and not to you.",
        ),
        Words("Spørg kurator.", "Ask the receiver."),
    ),
    "estate_closed": Paragraph(
        Words(
            "Boet er afsluttet {paused_at}: vi henter og sender ikke mere. Post ligger i Digital Post.",
            "The estate was closed {paused_at}: we fetch and send nothing any more. Post is in Digital Post.",
        ),
        Words(
            "Skal der igen sendes post, så spørg den, der driver Nemboks.",
            "If post is to be sent again, ask whoever runs Nemboks.",
        ),
    ),
    "paused": Paragraph(
        Words(
            "{cvr} er sat på pause {paused_at} af {paused_by}: intet hentes eller sendes. Post ligger i Digital Post.",
            "{cvr} was paused {paused_at} by {paused_by}: nothing is fetched or sent. Post is in Digital Post.",
        ),
        Words("Lad det gå i gang igen: `nemboks cvr resume`.", "Let it go on: `nemboks cvr resume`."),
        at_risk=True,
    ),
}
