"""The words of a preflight: every finding has them in both languages, with the next step."""

import string

import pytest

from nemboks.content.preflight_da import DANISH
from nemboks.content.preflight_en import ENGLISH
from nemboks.content.preflight_texts import FINE, step_for, told
from nemboks.delivery.probe import CODES as PROBED
from nemboks.ports import Finding

CODES = (*PROBED, "smime", "smime_ends", "smime_unusable")  # these come from journey/preflight.py
LANGUAGES = {"da": DANISH, "en": ENGLISH}
# The facts that the Prober gives with a code; all others come with a server.
FACTS = {
    "look_alike": set(), "mx": {"domain", "servers"}, "own_dns_failed": {"domain"}, "tls": {"server", "version"},
    "certificate_ends": {"server", "days"}, "size": {"server", "limit"}, "size_small": {"server", "limit"},
    **{code: {"domain"} for code in CODES if code.startswith(("mx_implicit", "mta_sts", "spf", "dkim_off"))},
    **{code: {"name"} for code in CODES if code.startswith(("dkim", "dmarc")) and code != "dkim_off"},
    **{code: {"server", "address"} for code in CODES if code.startswith("recipient")},
    "mx_changed": {"domain", "was", "servers"}, "smime_unusable": {"address"},
    **{code: {"address", "days"} for code in ("smime", "smime_ends")}, "mta_sts_unnamed": {"server"},
    "returns_no_mx": {"domain"},
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_has_words_and_no_words_are_left_over(language):
    """None is missing, none is unused, and only what is as it should be has no next step."""
    texts = LANGUAGES[language]

    assert set(CODES) == set(texts)
    assert set(FINE) == {code for code, (_, step) in texts.items() if not step}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_words_use_only_what_the_finding_knows(language, code):
    """A name in braces is a fact that comes with the finding; words are sentences without a link."""
    what, step = LANGUAGES[language][code]
    used = {name for _, name, _, _ in string.Formatter().parse(what) if name}

    assert used <= FACTS.get(code, {"server"})
    assert "{" not in step
    assert what.endswith(".") and (step.endswith(".") or not step)
    assert "://" not in what + step


def test_both_languages_tell_the_same_facts():
    """What one language names the other names too."""
    for code in CODES:
        used = [
            {name for _, name, _, _ in string.Formatter().parse(texts[code][0]) if name} for texts in LANGUAGES.values()
        ]
        assert used[0] == used[1], code


def test_a_finding_in_words():
    """A size is one that people read, and a server's words stand masked in the technical line."""
    finding = Finding("size_small", False, (("server", "mx:25"), ("limit", "10240000")))
    refused = Finding("recipient_unknown", True, (("server", "mx:25"), ("words", "550 no anna@bageri.example")))

    assert "op til 10,2 MB." in told(finding.code, finding.facts, finding.line, "da").what
    assert "up to 10.2 MB." in told(finding.code, finding.facts, finding.line, "en").what
    technical = told(refused.code, refused.facts, refused.line, "da").technical
    assert "recipient_unknown: server=mx:25; words=550 no a***@bageri.example" == technical


def test_a_fact_that_is_missing_is_left_out():
    """A look that an older program kept may know less."""
    assert "The certificate of the mail server  has expired." == told("certificate_expired", (), "", "en").what


def test_the_step_of_a_line():
    """A notice has only the technical line of what was found."""
    assert "must be renewed" in step_for("certificate_expired: server=mx", "en")
    assert "" == step_for("550 5.1.1", "da")
