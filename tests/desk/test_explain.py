"""Why did I get no mail? Each cause is brought about in a real ledger, and its paragraph is read in both languages."""

import re
import runpy
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from nemboks.content.preflight_da import DANISH
from nemboks.content.preflight_en import ENGLISH
from nemboks.desk.errors import NotFound
from nemboks.desk.explain import explain_letter
from nemboks.desk.explain_cause import cause
from nemboks.desk.explain_letter_words import OF_LETTER, WHERE
from nemboks.desk.explain_way_words import OF_BOX
from nemboks.desk.reasons import MEANINGS
from nemboks.desk.words import Lang, Words, plain
from nemboks.domain.custody import Consent, Custody, Life
from nemboks.domain.letter import Bounced, Later, Reason, Released, State
from nemboks.domain.verdict import Verdict
from tests.architecture.reading import ROOT
from tests.desk import troubles_of_box, troubles_of_letter  # noqa: F401 -- fills SCENES
from tests.desk.troubled import BO, SCENES, ask, ids
from tests.helpers import builders as make

# What says nothing of a missing letter: the answer of a server that took it, and a receipt that waits for custody.
NEVER_ALONE = {"accepted", "waits"}
# Of a Custody: what goes with another field, or tells of no letter.
OF_OTHERS = {"shadow_until", "legal_hold_by", "differences", "by_register"}
FIELDS = {"unproven": "unproven", "shadow_since": "shadow", "legal_hold_since": "legal_hold", "keep_days": "keep_days",
          "probation_until": "probation", "fuse": "fuse", "starts_at": "start_from_now"}  # fmt: skip


def paragraph(id_) -> tuple[Words, Words]:
    """Text and next step that the cause must have."""
    if id_.startswith("check_"):
        (da, da_step), (en, en_step) = DANISH[id_[6:]], ENGLISH[id_[6:]]
        return Words(da, en), Words(da_step, en_step)
    if found := OF_BOX.get(id_) or OF_LETTER.get(id_):
        return found.text, found.step
    return MEANINGS[id_].text, MEANINGS[id_].cure


def reads(text: str, written: str) -> bool:
    """Whether the text is the paragraph with its gaps filled; the number of letters may stand before it."""
    pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(written))
    return re.fullmatch(rf"([\w.]+ (breve?|letters?): )?{pattern}", text) is not None


@pytest.mark.parametrize("id_", sorted(SCENES))
async def test_each_cause_has_its_paragraph_in_both_languages(trouble, id_):
    """The situation is real, the answer names it once, says the next step, and gives nothing away."""
    about = await SCENES[id_](trouble)
    text, step = paragraph(id_)

    for lang in Lang:
        item = await ask(trouble, about, lang)
        (found,) = [one for one in item["causes"] if one["id"] == id_]
        assert reads(found["text"], text.to(lang)) and reads(found["next_step"], step.to(lang)), found
        assert item["at_risk"] is any(one["at_risk"] for one in item["causes"])
        told = str(plain(item))
        assert not re.search(r"Afgørelse|010101|[a-z]@[a-z]|Årsopgørelse", told), told


def test_no_cause_is_without_a_scene_and_none_without_words():
    """A new paragraph, reason, verdict, life, consent or custody that nothing explains fails here."""
    written = {*OF_BOX, *OF_LETTER, *MEANINGS}
    assert len(written) == len(OF_BOX) + len(OF_LETTER) + len(MEANINGS), "two causes have one id"

    assert written - NEVER_ALONE == set(SCENES) - {"check_no_starttls"}
    assert {reason.value for reason in Reason} | {verdict.value for verdict in Verdict} <= set(MEANINGS)
    assert {f"life_{life}" for life in Life} - set(OF_BOX) == {"life_unknown", "life_active"}
    assert {f"consent_{one}" for one in Consent} - set(OF_BOX) == {"consent_given"}
    assert {field.name for field in fields(Custody)} == set(FIELDS) | OF_OTHERS
    assert set(FIELDS.values()) <= set(OF_BOX)


@pytest.mark.parametrize("state", State)
async def test_every_letter_says_whether_it_is_still_in_digital_post(trouble, state):
    """The question behind the question: can I read it there?"""
    letter = await trouble.filled.way_to(state)("letter")

    item = await ask(trouble, letter.id)

    where = {State.ACKNOWLEDGED: "gone", State.VANISHED: "vanished", State.DISMISSED: "there_once"}.get(state, "there")
    assert (WHERE[where].da, state) == (item["headline"], item["state"])
    assert item["causes"] and item["reference"]


async def test_the_worst_comes_first_and_post_at_risk_before_all(trouble):
    """A wrong address stands before the waiting holiday, and that before the advice for who finds nothing wrong."""
    letter = await trouble.later("address")
    await SCENES["holiday"](trouble)
    await SCENES["unproven"](trouble)

    item = await ask(trouble, None)

    assert ids(item) == ["address", "unproven", "holiday", "only_public"]
    assert [one["at_risk"] for one in item["causes"]] == [True, False, False, False]
    assert item["causes"][0]["numbers"] == [letter.id] and item["undelivered"] == 1
    assert item["causes"][0]["technical"] == "550 5.1.1 no such user o***@bageri.example [CPR]"


async def test_when_all_is_well_the_answer_says_so_and_where_else_to_look(trouble):
    """Delivered, last look, junk folder, and that banks' post goes elsewhere."""
    await trouble.filled.acknowledged("done")
    await trouble.look()

    item = await ask(trouble, None, Lang.EN)

    assert ids(item) == ["delivered", "look_in_junk", "only_public"]
    assert "a***@bageri.example 21-11-2026 at 10:00. We last looked 21-11-2026 at 10:00." in item["causes"][0]["text"]
    assert "e-Boks or mit.dk" in item["causes"][-1]["next_step"]
    assert (False, "No post is at risk.") == (item["at_risk"], item["headline"])


async def test_a_mailbox_that_we_may_look_into_has_no_advice_about_junk(trouble):
    """Where the landing is checked we know the folder."""
    await trouble.filled.acknowledged("done")
    box = await trouble.anna()
    await trouble.box(options=replace(box.options, landing="bageri"))

    assert ids(await ask(trouble, None)) == ["delivered", "only_public"]


async def test_letters_of_one_reason_are_one_paragraph_with_their_number(trouble):
    """Seven letters for a full mailbox are not seven paragraphs; the first five are named."""
    for number in range(7):
        sending = await trouble.filled.sending(f"letter-{number}")
        await trouble.move(sending, Later(sending.fence, "full", "452 over quota", trouble.clock.now()))

    item = await ask(trouble, None)

    assert ids(item) == ["full", "only_public"]
    assert item["causes"][0]["text"] == "7 breve: Postkassen er fuld."
    assert (item["causes"][0]["letters"], item["causes"][0]["numbers"]) == (7, [1, 2, 3, 4, 5])


async def test_a_hiccup_becomes_bad_news_after_four_hours(trouble):
    """A class of trouble that passes by itself puts post at risk once it does not pass."""
    await trouble.later("temporary")

    for hours, at_risk in ((0, False), (4.1, True)):
        trouble.clock.advance(hours * 3_600)
        await trouble.look()
        found = next(one for one in (await ask(trouble, None))["causes"] if one["id"] == "temporary")
        assert at_risk is found["at_risk"]


async def test_a_pause_that_is_over_explains_nothing(trouble):
    """Only what is so now is said."""
    await SCENES["paused"](trouble)
    await trouble.store.mailboxes.resume(make.ANNA, "dorte")
    await trouble.look()

    assert ids(await ask(trouble, None)) == ["no_letters", "only_public"]


@pytest.mark.parametrize("id_", ["probation", "holiday"])
async def test_what_is_dated_ends_at_its_minute(trouble, id_):
    """At the end itself it is over."""
    await SCENES[id_](trouble)
    trouble.clock.advance(3_600)
    await trouble.look()

    assert id_ not in ids(await ask(trouble, None))


async def test_old_losses_are_not_told_for_ever(trouble):
    """A letter that vanished a month ago is not why nothing came today."""
    await SCENES["letter_vanished"](trouble)
    assert "letter_vanished" in ids(await ask(trouble, None))

    trouble.clock.advance(31 * 86_400)
    await trouble.look()
    assert "letter_vanished" not in ids(await ask(trouble, None))


async def test_a_letter_is_found_by_its_reference_however_it_is_written(trouble):
    """What a person reads out on the telephone: with or without hyphen, upper or lower case."""
    letter = await trouble.filled.waiting("letter-1")
    reference = (await ask(trouble, letter.id))["reference"]

    for written in (reference, reference.lower(), reference.replace("-", " ")):
        assert (await ask_by(trouble, written))["id"] == letter.id


async def ask_by(trouble, name):
    return await explain_letter(trouble.store, trouble.asking, name, Lang.EN)


@pytest.mark.parametrize("name", ["99", "7F3K-92QD", "", "post@bageri.dk", "1" * 40, "7F3K-92Q"])
async def test_what_names_no_letter_is_not_found(trouble, name):
    """A number of nobody's letter, a reference of none, and nonsense are answered alike."""
    with pytest.raises(NotFound):
        await ask_by(trouble, name)


@pytest.mark.parametrize(
    ("rule", "shown"),
    [("p_number:1003388394", "p_number:1003388394"), ("authority:Bo 010101-0000", "authority:Bo [CPR]")],
)
def test_a_rule_on_a_workplace_is_named_whole(rule, shown):
    """Most P-numbers have a CPR number's shape, and none is anybody's; what else stands in a rule is masked."""
    told = cause("letter_by_rule", rule=rule, address=BO.address)

    assert shown in told.text.da and shown in told.text.en


async def test_a_released_letter_is_on_its_way_again(trouble):
    """What was lifted is no cause any more."""
    held = await trouble.filled.held("held", Reason.ASKED)
    released = await trouble.move(held, Released("dorte", trouble.clock.now() + timedelta(minutes=1)))

    assert ids(await ask(trouble, released.id)) == ["letter_waiting"]


async def test_a_mail_that_came_back_is_at_risk_though_it_was_delivered(trouble):
    """The receipt waits for a person, and the letter is in Digital Post."""
    letter = await trouble.move(await trouble.filled.forwarded("back"), Bounced("5.1.1"))

    item = await ask(trouble, letter.id)

    assert ids(item)[0] == "bounced" and item["at_risk"] and WHERE["there"].da == item["headline"]
    assert BO.address not in str(item)


def test_the_page_lists_the_causes_as_they_are_told():
    """docs/explain.md holds exactly what list_causes.py makes of the paragraphs now."""
    listed = runpy.run_path(str(ROOT / "docs" / "list_causes.py"))
    text = listed["PAGE"].read_text()

    assert listed["page_with"](text, listed["listing"]()) == text
