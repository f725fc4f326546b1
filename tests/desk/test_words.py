"""No state, event or reason without words in both languages."""

from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest

from nemboks.desk.access import not_allowed
from nemboks.desk.reasons import MEANINGS, meaning
from nemboks.desk.words import DELIVERIES, EVENTS, EVIDENCE, ROLES, STATES, Lang, by_words, plain
from nemboks.domain.delivery import DeliveryEvent, DeliveryState
from nemboks.domain.letter import Reason, State
from nemboks.domain.mailbox import Role
from nemboks.domain.people import Action, Actor, Person
from nemboks.domain.proof import Evidence, Stage
from nemboks.domain.verdict import Verdict
from nemboks.store.events import NAMES
from tests.helpers import builders as make

CLASSES = ["unavailable", "refused", "gone", "unreadable", "cut", "uncertain", "stopped", "contents_lost"]
BY_PEOPLE = ["letter_held", "letter_dismissed"]
CLASSES += ["certificate", "handed_over", "junk", "bounced"]
FORBIDDEN = ["bounce", "defer", "queue", "sync", "alias", "kø"]


@pytest.mark.parametrize(
    ("by", "da", "en"),
    [
        ("root (operator)", "root (operatør)", "root (operator)"),
        ("bo (via root (operator))", "bo (via root)", "bo (via root)"),
        ("change 7", "ændring nr. 7", "change 7"),
        ("change 7 taken back", "ændring nr. 7, taget tilbage", "change 7 taken back"),
        ("estate 3 (dorte, erik)", "sag 3 (dorte, erik)", "case 3 (dorte, erik)"),
        ("estate 3 reversed", "sag 3, omgjort", "case 3 reversed"),
        ("settings", "indstillingsfilen", "the settings file"),
        ("Nemboks", "Nemboks", "Nemboks"),
    ],
)
def test_who_stands_behind_an_act_is_said_in_the_readers_language(by, da, en) -> None:
    """What a row says of its maker becomes words."""
    assert (da, en) == (by_words(by).da, by_words(by).en)


@pytest.mark.parametrize("why", [*Reason, *Verdict, *CLASSES])
def test_every_reason_has_a_text_and_a_cure_in_both_languages(why) -> None:
    """Whatever stands on a letter can be explained, with what to do about it."""
    told = meaning(why)

    assert why in MEANINGS
    for words in (told.text, told.cure):
        assert words.da and words.en and words.da != words.en


def test_a_reason_that_we_do_not_know_is_shown_as_it_is() -> None:
    """A ledger written by a newer program can still be read."""
    assert meaning("eclipse").text.to(Lang.DA) == "Årsag: eclipse"


def test_every_state_and_event_has_words() -> None:
    """Each state and each event of the table, and those added by the store and by a look, can be shown."""
    assert set(State) == set(STATES)
    copies = {"copy_planned", *(f"copy_{NAMES[kind]}" for kind in get_args(DeliveryEvent))}
    assert {*NAMES.values(), *copies, "found", "listed_again", "rebound", "contents_seen", *BY_PEOPLE} == set(EVENTS)
    assert (set(DeliveryState), set(Role), set(Evidence)) == (set(DELIVERIES), set(ROLES), set(EVIDENCE))
    tables = (STATES, EVENTS, DELIVERIES, ROLES, EVIDENCE)
    assert all(words.da and words.en for table in tables for words in table.values())


@pytest.mark.parametrize("word", FORBIDDEN)
def test_words_that_mean_too_much_are_not_used(word) -> None:
    """One word, one meaning (UX.md 4)."""
    texts = [x for m in MEANINGS.values() for x in (m.text.da, m.text.en, m.cure.da, m.cure.en)]

    assert [text for text in texts if f" {word} " in f" {text.lower()} "] == []


def test_values_are_told_plainly() -> None:
    """Times in UTC with Z, enumerations as words, values of the domain as objects."""
    at = datetime(2026, 11, 21, 15, 5, tzinfo=timezone(timedelta(hours=1)))

    assert plain({"at": at, "stage": Stage.DOT, "state": State.HELD, "none": None, "n": (1, 2.5, True)}) == {
        "at": "2026-11-21T14:05:00.000Z",
        "stage": "dot",
        "state": "HELD",
        "none": None,
        "n": [1, 2.5, True],
    }
    assert plain(make.reply()) == {"code": 250, "enhanced": "2.0.0", "text": "queued as 4711"}
    assert plain(at.astimezone(UTC)) == "2026-11-21T14:05:00.000Z"


@pytest.mark.parametrize("action", Action)
def test_a_refusal_says_what_was_not_allowed_and_who_can(action) -> None:
    """In words of the language, by the person's own name, with the roles that have the right."""
    person = Person(1, "egon", make.START)
    words = not_allowed(Actor("egon (via root (operator))", person), action).words

    for text in words.da, words.en:
        assert "egon" in text and "via" not in text
        assert any(role in text for role in ("drift", "ejer", "support"))
