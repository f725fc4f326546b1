"""The board: one line per company that the asker sees, a light in words, the worst first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.desk.access import Asking
from nemboks.desk.board import board
from nemboks.desk.board_lights import REASONS, SIGNS, Light
from nemboks.desk.errors import NotFound
from nemboks.desk.explain_way_words import OF_BOX
from nemboks.desk.words import Lang, plain
from nemboks.domain.custody import Consent, Life
from nemboks.domain.incidents import Cause, Incident
from nemboks.domain.letter import Later, Reason
from nemboks.domain.mailbox import Address
from nemboks.domain.people import Account, Grant, GrantRole, Person
from tests.desk import troubles_of_box, troubles_of_letter  # noqa: F401 -- fills SCENES
from tests.desk.troubled import SCENES, Trouble
from tests.helpers import builders as make

# What brings a line's light about besides a scene of `explain` with the same name, and which light that is.
RED = {"not_polled", "bounced", "parked", "fuse"}
YELLOW = {
    "plan_ended", "plan_ends", "paused", "upstream_down", "consent_withdrawn", "consent_declined", "unproven", "shadow",
    "probation", "holiday", "life_ceased", "life_bankrupt", "life_exempt", "life_waiting_period", "life_reconstruction",
    "estate",
}  # fmt: skip
NO_LIGHT = {"legal_hold", "keep_days", "start_from_now", "rules", "change", "delivered", "no_letters", "unusable"}


@pytest.fixture
async def trouble(filled):
    """Anna's and Bo's mailboxes, looked into, each with a second contact."""
    found = Trouble(filled)
    now = found.clock.now()
    for box in await found.store.mailboxes.all():
        await found.store.letters.found(box, [], now, now + timedelta(minutes=5))
        named = replace(box.options, second_contact=Address("anden@kontakt.example"))
        await found.store.act(lambda books, box=box, named=named: books.keep(
            replace(books.mailbox(box.cvr), options=named, due_at=now + timedelta(minutes=5))
        ))  # fmt: skip
    return found


async def shown(trouble, lang=Lang.DA, **how):
    return await board(trouble.store, trouble.asking, lang=lang, **how)


async def line(trouble, cvr=make.ANNA, lang=Lang.DA):
    return next(one for one in (await shown(trouble, lang))["items"] if one["cvr"] == cvr)


async def test_a_company_whose_post_comes_is_green(trouble):
    """Its last letter and the last look stand in its line, and no reason."""
    await trouble.filled.acknowledged("done")

    found = await line(trouble)

    assert ("green", "GRØN", [], "") == tuple(found[name] for name in ("light", "light_text", "reasons", "text"))
    assert (0, 0, None, "a***@bageri.example") == tuple(
        found[name] for name in ("waiting", "held", "oldest_seconds", "address")
    )
    assert found["last_letter_at"] and found["listed_at"]


@pytest.mark.parametrize("id_", sorted(RED | YELLOW | NO_LIGHT))
async def test_what_explains_missing_post_has_a_light(trouble, id_):
    """Red needs somebody now, yellow is worth a look, and the words say why in both languages."""
    await SCENES[id_](trouble)

    found = await line(trouble)

    light = "red" if id_ in RED else "yellow" if id_ in YELLOW else "green"
    assert (light, id_ in REASONS) == (found["light"], id_ not in NO_LIGHT)
    assert found["reasons"] == ([] if id_ in NO_LIGHT else [id_])
    for lang in Lang:
        text = (await line(trouble, lang=lang))["text"]
        assert text == ("" if id_ in NO_LIGHT else REASONS[id_].to(lang).format(number=1))


def test_every_cause_of_a_company_is_on_the_board_or_named_as_none():
    """A new cause without a light fails here."""
    letters = {"on_its_way", "late", "copy_only"}  # counted in columns of their own
    words_only = {"look_in_junk", "only_public", "never_looked", "case_pending", "estate_registered",
                  "estate_of_others", "estate_closed", "consent_awaited"}  # fmt: skip
    assert set(OF_BOX) == ((RED | YELLOW | NO_LIGHT) - {"bounced"}) | letters | words_only
    assert all(f"life_{life}" in REASONS for life in Life if life not in (Life.ACTIVE, Life.UNKNOWN))


@pytest.mark.parametrize(("seconds", "light", "reason"), [
    (900, "green", None), (901, "yellow", "late"), (14_400, "yellow", "late"), (14_401, "red", "stuck"),
])  # fmt: skip
async def test_a_letter_that_waits_turns_the_light(trouble, seconds, light, reason):
    """Yellow after a quarter of an hour, red after four hours."""
    await trouble.filled.waiting("letter")
    trouble.clock.advance(seconds)
    await trouble.look()

    found = await line(trouble)

    assert (light, [reason] if reason else [], seconds) == (found["light"], found["reasons"], found["oldest_seconds"])
    assert found["waiting"] == 1


@pytest.mark.parametrize("changes", [
    {"life": Life.CEASED}, {"consent": Consent.DECLINED}, {"consent": Consent.AWAITED},
], ids=["ceased", "declined", "withdrawn"])  # fmt: skip
async def test_a_closed_door_is_red_when_there_is_post_behind_it(trouble, changes):
    """Without post it is worth a look only."""
    await trouble.box(**changes)
    assert (await line(trouble))["light"] == "yellow"

    await trouble.filled.forwarded("letter")
    assert (await line(trouble))["light"] == "red"


async def test_held_letters_are_red_and_counted_but_not_an_estates(trouble):
    """What the case holds is the case's; what a person must look at is red."""
    await trouble.filled.held("frozen", Reason.FROZEN)
    assert ("green", 0) == ((found := await line(trouble))["light"], found["held"])

    await trouble.filled.held("large")
    found = await line(trouble)
    assert ("red", ["held"], 1, "holdt tilbage: 1") == (
        found["light"], found["reasons"], found["held"], found["text"],
    )  # fmt: skip


async def test_an_open_trouble_is_yellow_until_it_is_quiet(trouble):
    """One trouble that two circles hear of is one."""
    now, box = trouble.clock.now(), await trouble.anna()
    one = Incident(0, "key", Cause.ADDRESS, "bageri", make.ADDRESS, (), now, (box.id,), (1,))
    await trouble.store.incidents.keep([one, replace(one, key="others", paths=("webhook:bo",))], [])
    assert ("yellow", "uløste problemer: 1") == ((found := await line(trouble))["light"], found["text"])

    quiet = [replace(one, quiet_since=now) for one in await trouble.store.incidents.open()]
    await trouble.store.incidents.keep(quiet, [])
    assert (await line(trouble))["light"] == "green"


async def test_nobody_else_to_tell_is_yellow(trouble):
    """A company without a second contact or webhook hears of a dead address by nobody."""
    box = await trouble.anna()
    await trouble.box(options=replace(box.options, second_contact=None))
    assert ["no_contact"] == (await line(trouble))["reasons"]

    await trouble.box(options=replace(box.options, second_contact=None, webhooks=("bo",)))
    assert [] == (await line(trouble))["reasons"]


async def test_the_worst_is_first_and_the_rest_are_counted(trouble):
    """Red before yellow before green; among equals the oldest letter; a limit cuts lines and no count."""
    bo = await trouble.store.mailboxes.find(make.BO)
    await trouble.box(custody={"shadow_since": trouble.clock.now()})
    assert [make.ANNA, make.BO] == [one["cvr"] for one in (await shown(trouble))["items"]]

    custody = replace(bo.custody, fuse="too_many")
    await trouble.store.act(lambda books: books.keep(replace(books.mailbox(make.BO), custody=custody)))
    whole = await shown(trouble, limit=1)
    assert [make.BO] == [one["cvr"] for one in whole["items"]]
    assert ({"red": 1, "yellow": 1, "green": 0}, 1) == (whole["counts"], whole["shown"])


async def test_several_reasons_are_said_worst_first_and_at_most_three(trouble):
    """All of them stand in the JSON."""
    sending = await trouble.filled.sending("letter")
    await trouble.move(sending, Later(sending.fence, "full", "452", trouble.clock.now()))
    await trouble.filled.held("held")
    now = trouble.clock.now()
    await trouble.box(custody={"shadow_since": now, "unproven": True}, serves_until=now + timedelta(days=3))

    found = await line(trouble, lang=Lang.EN)

    assert ["held", "unproven", "shadow", "plan_ends"] == found["reasons"]
    assert "on hold: 1; the address is not confirmed; on trial" == found["text"]


def test_a_light_is_a_word_and_a_sign():
    """Colour alone says nothing to whoever cannot see it."""
    assert 3 == len({words.da for words in SIGNS.values()}) == len({words.en for words in SIGNS.values()})
    assert all(any(sign.isalpha() for sign in words.da) for words in SIGNS.values())
    assert set(SIGNS) == set(Light)


# --- who sees what ---


async def _account(trouble, name="Revision Syd"):
    """An account with Bo's mailbox, and its accountant for that and Anna's."""

    def add(books):
        account = books.accounts.add(Account(0, name, Address("post@revisor.example"), books.at))
        bo, anna = books.mailbox(make.BO), books.mailbox(make.ANNA)
        books.keep(replace(bo, account=account.id))
        person = books.people.add(Person(0, "bo@revisor.example", books.at, account.id))
        books.grants.add(Grant(0, person.id, GrantRole.ACCOUNTANT, books.at, "t", account=account.id))
        books.grants.add(Grant(0, person.id, GrantRole.ACCOUNTANT, books.at, "t", mailbox=anna.id))
        books.people.add(Person(0, "egon", books.at))
        other = books.accounts.add(Account(0, "Andre", Address("post@andre.example"), books.at))
        assert other

    await trouble.store.act(add)
    return Asking("bo (operator)", "bo@revisor.example")


async def test_each_sees_their_own_companies_and_no_other(trouble):
    """The accountant sees both clients, or those of one account; who has no grant sees an empty board."""
    trouble.asking = await _account(trouble)

    assert {make.ANNA, make.BO} == {one["cvr"] for one in (await shown(trouble))["items"]}
    assert [make.BO] == [one["cvr"] for one in (await shown(trouble, account="Revision Syd"))["items"]]
    trouble.asking = Asking("bo (operator)", "egon")
    assert ({"red": 0, "yellow": 0, "green": 0}, []) == ((whole := await shown(trouble))["counts"], whole["items"])


@pytest.mark.parametrize(("person", "account"), [
    ("bo@revisor.example", "Andre"), ("bo@revisor.example", "Ingen"), ("egon", "Revision Syd"), ("nobody", ""),
])  # fmt: skip
async def test_a_foreign_account_is_as_one_that_is_not_there(trouble, person, account):
    """Nobody learns who else is a customer."""
    await _account(trouble)
    trouble.asking = Asking("bo (operator)", person)

    with pytest.raises(NotFound):
        await shown(trouble, account=account)


async def test_whom_an_estate_shuts_out_sees_no_count(trouble):
    """Before its effect a case is being dealt with; after it there is an estate, and nothing of its letters."""
    trouble.asking = await trouble.person()
    await trouble.box(frozen_at=trouble.clock.now())
    assert (["case"], 0) == ((found := await line(trouble))["reasons"], found["waiting"])

    await trouble.box(frozen_at=trouble.clock.now(), boundary_at=trouble.clock.now())
    await trouble.filled.waiting("new")
    found = await line(trouble)
    assert ["estate"] == found["reasons"]
    assert (None, None, None, None, None) == tuple(
        found[name] for name in ("waiting", "held", "oldest_seconds", "last_letter_at", "address")
    )
    trouble.asking = await trouble.person(GrantRole.KURATOR)
    assert (await line(trouble))["waiting"] == 1


async def test_the_board_gives_no_letter_away(trouble):
    """No title, no full address, no CPR shape."""
    await trouble.later("address")
    await trouble.filled.held("held")

    told = str(plain(await shown(trouble)))

    assert not {"Afgørelse", "010101", "anna@"} & {word for word in ("Afgørelse", "010101", "anna@") if word in told}
