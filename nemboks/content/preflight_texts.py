"""A preflight's finding -> what people read: in everyday words, the next step, and one line for the IT supplier.

Promises: no CPR shape and no full address in what a server said; an unknown fact is left out, never an error.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nemboks.content.notice_words import DA, EN, Said
from nemboks.content.preflight_da import DANISH
from nemboks.content.preflight_en import ENGLISH
from nemboks.content.texts import masked, size_words
from nemboks.domain.redact import redact

# As they should be. What is neither among these nor a fault is a warning.
FINE: Final = frozenset({
    "mx", "mta_sts", "tls", "size", "size_unknown", "offers", "recipient_taken", "spf", "dkim", "dmarc", "smime",
})  # fmt: skip
# The notice about our own domain, which is nobody's mailbox.
OWN_DOMAIN: Final[Mapping[str, Said]] = {
    DA: Said(
        "Den daglige kontrol fandt en fejl ved vores eget domæne, så vores mails kan blive afvist.",
        "Kan et brev ikke leveres, bliver det liggende i Digital Post.",
        "Kommandoen `nemboks address own` viser fejlen.",
        "Den daglige kontrol finder ingen fejl ved vores eget domæne længere.",
    ),
    EN: Said(
        "The daily check found a fault of our own domain, so our mails may be refused.",
        "If a letter cannot be delivered, it stays in Digital Post.",
        "The command `nemboks address own` shows the fault.",
        "The daily check no longer finds a fault of our own domain.",
    ),
}
_LINE: Final = 1_200  # characters; a DKIM record of the longest key fits


@dataclass(frozen=True, slots=True)
class Told:
    """One finding in one language."""

    what: str
    step: str  # "" when there is nothing to do
    technical: str


def told(code: str, facts: tuple[tuple[str, str], ...], line: str, language: str) -> Told:
    """The finding in words; `line` is its technical one."""
    what, step = (ENGLISH if language == "en" else DANISH)[code]
    known = defaultdict(str, {name: masked(value, 300) for name, value in facts})
    if known["limit"].isdecimal():
        known["limit"] = size_words(int(known["limit"]), language)
    return Told(what.format_map(known), step, masked(redact(line), _LINE))


def step_for(line: str, language: str) -> str:
    """The next step for a finding of which only the technical line is left; "" for none that we know."""
    code = line.partition(":")[0]
    return (ENGLISH if language == "en" else DANISH).get(code, ("", ""))[1]
