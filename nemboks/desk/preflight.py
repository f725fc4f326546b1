"""What a look at an address found, as people and scripts read it."""

from collections.abc import Mapping, Sequence
from typing import Final

from nemboks.content.preflight_texts import FINE, told
from nemboks.content.texts import masked
from nemboks.desk.words import Item, Lang, Words
from nemboks.domain.redact import redact
from nemboks.ports import Check, Finding

OK, WARNING, FAULT = "fine", "warning", "fault"
RESULTS: Final[Mapping[str, Words]] = {
    OK: Words("I orden", "Fine"),
    WARNING: Words("Advarsel", "Warning"),
    FAULT: Words("Fejl", "Fault"),
}


def result_of(finding: Finding) -> str:
    """Fine, a warning or a fault."""
    return FAULT if finding.fault else OK if finding.code in FINE else WARNING


def worst(items: Sequence[Item]) -> str:
    """The worst result among these; fine for none."""
    return max((str(item["result"]) for item in items), key=list(RESULTS).index, default=OK)


def check_item(check: Check, lang: Lang) -> Item:
    """One look, its faults first. The address stands in full: who asks already knows it."""
    found = [_finding_item(finding, lang) for finding in check.findings]
    found.sort(key=lambda item: -list(RESULTS).index(item["result"]))
    return {
        "address": check.address,
        "server": check.server,
        "checked_at": check.at,
        "wrong_since": check.since,
        "result": worst(found),
        "findings": found,
    }


def _finding_item(finding: Finding, lang: Lang) -> Item:
    words = told(finding.code, finding.facts, finding.line, lang.value)
    return {
        "code": finding.code,
        "result": result_of(finding),
        "text": words.what,
        "next_step": words.step or None,
        "technical": words.technical,
        "facts": {name: masked(redact(value), 1_000) for name, value in finding.facts},
    }
