"""What people read of acts and dates: every kind has words, in both languages, that are short and give nothing away."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemboks.content.announcement_texts import TEXTS, announcement_text, first_line
from nemboks.content.announcement_words import VARIANT
from nemboks.domain.announcements import CODED, Kind
from tests.content.announced import CODE, FACTS, WAYS, announcement, every

LANGUAGES = ("da", "en")
TEXT = announcement_text


def lines_of(kind: Kind, language: str = "da", /, **more) -> list[str]:
    return TEXT(announcement(kind, language, **more), CODE)[1].splitlines()


def has(lines: list[str], words: str) -> bool:
    return any(words in line for line in lines)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_missing(language):
    """Every kind has its words, filled in, short, and without a link, a full address or a CPR number."""
    for one in every(language):
        subject, text = TEXT(one, CODE)
        lines, whole = text.splitlines(), subject + text

        assert len(lines) <= (40 if one.kind is Kind.DIGEST else 20), one.kind
        assert 20 < len(subject) <= 150, subject
        assert subject.startswith(f"Nemboks: {lines[0][:20]}")
        assert "" == lines[1]
        assert not re.search(r"[{}]|://|www\.|[a-z]{2}@|010101|None", whole), whole
        assert max(map(len, lines)) < 200, one.kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_only_where_one_belongs(language):
    """The code stands in the text of a coded kind, and neither in a subject nor in any other text."""
    for one in every(language):
        subject, text = TEXT(one, CODE)

        assert (one.kind in CODED) is ("1234 5678" in text), one.kind
        assert not re.search("1234 ?5678", subject)
        assert "1234" not in first_line(one, language)


def test_both_languages_say_the_same():
    """Danish and English have the same texts, with the same gaps in the same places."""

    def gaps(language):
        found = {}
        for key, said in TEXTS[language].items():
            found[key] = [sorted(re.findall(r"{(\w+)}", str(line))) for line in (said.first, *said.lines)]
        return found

    assert gaps("da") == gaps("en")
    assert {kind for kind, _ in TEXTS["da"]} == set(Kind) - {Kind.DIGEST}
    assert {(kind, way) for kind, way in TEXTS["da"] if kind in VARIANT and way} >= {
        (Kind.ADDRESS_CHANGED, "forwarding"), *((Kind.ESTATE_ENDED, way) for way in WAYS["outcome"]),
        *((Kind.ESTATE_IN_EFFECT, way) for way in WAYS["role"]), *((Kind.GRANT_CHANGED, way) for way in WAYS["change"]),
    }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_facts(language):
    """A sentence whose facts are missing is left out; what remains still says what it is about and what to do."""
    for kind in Kind:
        subject, text = TEXT(announcement(kind, language, facts={}))

        assert len(text.splitlines()) >= 5, kind
        assert len(subject) > 20
        assert not re.search(r"[{}]|None|\(\)|  |: \.", text), text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(FACTS)), inner, max_size=4),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(Kind)), st.sampled_from(LANGUAGES), st.dictionaries(st.sampled_from(sorted(FACTS)), JSON))
def test_whatever_was_stored_can_be_told(kind, language, facts):
    """No fact, however odd, keeps an announcement from being composed, or makes it long."""
    subject, text = TEXT(announcement(kind, language, facts=facts), CODE)

    assert len(text.splitlines()) <= (40 if kind is Kind.DIGEST else 20)
    assert "\n" not in subject
    assert "://" not in text


def test_a_strangers_words_stay_words():
    """A name that somebody chose brings no link, no line of its own and nobody's address."""
    name = "A\r\nLog ind: https://evil.example/x www.evil.example thief@evil.example 010101-0000 {code}"
    lines = lines_of(Kind.ADDRESS_ASKED, who=name, company=name)
    whole = "\n".join(lines)

    assert len(lines) == len(lines_of(Kind.ADDRESS_ASKED))
    assert not re.search("https|www|thief@|010101", whole)
    assert "{code}" in whole, "braces in a fact are only braces"


@pytest.mark.parametrize("kind", [Kind.ADDRESS_ASKED, Kind.ADDRESS_CHANGED, Kind.ADDRESS_REMINDER])
def test_that_was_not_me(kind):
    """Whoever hears of a change of address is told how to stop it: by code, or by another administrator."""
    for subject in ("forwarding", "account"):
        (way_out,) = [line for line in lines_of(kind, subject=subject) if line.startswith("Det var ikke mig: ")]

        command = "cancel" if kind is Kind.ADDRESS_ASKED else "rollback"
        assert f"`nemboks address {command} 12" in way_out
        assert "--code-file -`" in way_out
        assert "kode" in way_out
        assert "administrator" in way_out


def test_who_was_sent_no_code_is_told_of_none():
    """Another administrator stops a change by right; the command is whole, and nothing of the text asks for a code."""
    text = TEXT(announcement(Kind.ADDRESS_ASKED))[1]

    assert "Det var ikke mig: stop det med kommandoen `nemboks address cancel 12`." in text.splitlines()
    assert "Er det rigtigt, skal I ikke gøre noget." in text.splitlines()
    assert "kode" not in text


def test_taken_back_and_stopped_are_two_things():
    """A change that never was is stopped; one that was in force is taken back, with what went out and what to do."""
    stopped = lines_of(Kind.ADDRESS_CANCELLED, letters=None, held=None)
    back = lines_of(Kind.ADDRESS_CANCELLED, letters=2, held=2)

    assert "bliver ikke ændret" in stopped[0]
    assert "ændringen er taget tilbage." in back[0]
    assert has(back, "Taget tilbage af ") and has(stopped, "Stoppet af ")
    assert has(back, "2 breve") and has(back, "`nemboks letter release`")
    assert not has(stopped, "letter release")


def test_a_person_acts_and_not_a_keyboard():
    """People read who it was; that the operator typed it for them stands in the history."""
    assert has(lines_of(Kind.ADDRESS_ASKED, who="jytte (via root (operator))"), "Bedt om af jytte, ")


def test_asked_for_another_address():
    """The old address reads who asked for what, when it happens, its code, and that nothing has changed yet."""
    lines = lines_of(Kind.ADDRESS_ASKED)

    assert "Nogen har bedt om at ændre adressen for breve til Bageri Anna ApS (CVR 13 74 81 36)." == lines[0]
    assert "Bedt om af jytte, 21-11-2026 kl. 14.05 (ændring nr. 12)." in lines
    assert "Fra j***@bageri.example til t***@evil.example." in lines
    assert has(lines, "24-11-2026 kl. 14.05")
    assert "Koden er: 1234 5678" in lines
    assert has(lines_of(Kind.ADDRESS_ASKED, subject="account"), "kontoens egen e-mail")


def test_how_long_a_code_lasts():
    """A code is told with its minutes and the time of its end."""
    for kind in (Kind.ADDRESS_CODE, Kind.ADDRESS_PROOF, Kind.ESTATE_CODE):
        assert has(lines_of(kind), "i 10 minutter, til 21-11-2026 kl. 10.10")
        assert has(lines_of(kind, "en"), "10 minutes, until 21-11-2026 at 10:10")


def test_only_later_post_is_promised():
    """The kurator reads from when on, what is not promised, and what became of the rest; the company whom to ask."""
    kurator = lines_of(Kind.ESTATE_IN_EFFECT, role="kurator")
    previous = lines_of(Kind.ESTATE_IN_EFFECT, role="previous")

    assert has(kurator, "22-11-2026 kl. 00.00 eller senere")
    assert has(kurator, "Kun senere post er lovet.")
    assert has(kurator, "udpeget adgang")
    assert has(kurator, "3 breve.")
    assert has(kurator, "Leveret til den tidligere adresse før da: ingen breve.")
    assert has(previous, "til kurator")
    assert "Ny Digital Post til Bageri Anna ApS (CVR 13 74 81 36) sendes ikke længere til jer." == previous[0]


@pytest.mark.parametrize(("kind", "danish", "english"), [
    ("konkurs", "kurator", "the kurator"), ("rekonstruktion", "rekonstruktøren", "the reconstructor"),
    ("likvidation", "likvidator", "the liquidator"), ("doedsbo", "bobestyreren", "the executor"),
    ("dødsbo", "bobestyreren", "the executor"), ("andet", "den, der er udpeget", "the appointed person"),
])  # fmt: skip
def test_each_kind_of_estate_has_its_person(kind, danish, english):
    """Who gets the post is called by the kind of the case."""
    assert has(lines_of(Kind.ESTATE_IN_EFFECT, role="previous", kind=kind), f"går til {danish}.")
    assert has(lines_of(Kind.ESTATE_IN_EFFECT, "en", role="previous", kind=kind), f"go to {english}.")


def test_the_fuse_of_one_and_of_all():
    """A fuse tells whose it is."""
    assert "Sikringen er sprunget for Bageri" in lines_of(Kind.FUSE_TRIPPED)[0]
    assert "for alle CVR-numre" in lines_of(Kind.FUSE_TRIPPED, cvr=None, company=None)[0]


def test_the_end_of_a_plan():
    """The end is told to the minute, with where post is read then and how to undo."""
    lines = lines_of(Kind.PLAN_CANCELLED)

    assert "Abonnementet Pro for Revision Syd er opsagt og slutter 30-11-2026 kl. 23.59." == lines[0]
    assert has(lines, "Digital Post på virk.dk")
    assert has(lines, "`nemboks plan undo`")
    assert has(lines, "og 4 flere")
    assert has(lines_of(Kind.PLAN_ENDED), "Digital Post på virk.dk")


def test_what_does_not_agree():
    """A reconciliation names each kind of disagreement with its count, also one that has no words here."""
    lines = lines_of(Kind.RECONCILIATION)

    assert "Afstemningen 21-11-2026 stemmer ikke for Bageri Anna ApS (CVR 13 74 81 36)." == lines[0]
    assert "- kvitteret, men ligger stadig i Digital Post: 2" in lines
    assert "- odd thing: 1" in lines


def test_numbers_as_people_write_them():
    """Counts, durations and roles are in words; a letter is one letter."""
    report = lines_of(Kind.GOLIVE_REPORT, letters=1234)

    assert has(report, "1.234 breve, heraf 126 leveret")
    assert has(report, "inden for 41 sekunder, 95 % inden for 7 minutter")
    assert has(report, "Ikke leveret endnu: 1 brev.")
    assert has(lines_of(Kind.GOLIVE_REPORT, median_seconds=1), "inden for 1 sekund,")
    assert has(lines_of(Kind.GOLIVE_REPORT, "en", letters=1234, p95_seconds=9_000), "within 2 hours")
    assert "jytte er nu læser." in lines_of(Kind.GRANT_CHANGED, change="given", role="laeser")[0]
    assert "jytte is no longer accountant." in lines_of(Kind.GRANT_CHANGED, "en", change="ended", role="revisor")[0]
