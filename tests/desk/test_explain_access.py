"""Who may ask why there is no mail, and what each of them learns: support, strangers, both sides of an estate."""

import re
from dataclasses import replace

import pytest

from nemboks.content.envelope import reference_for
from nemboks.desk.access import Asking
from nemboks.desk.errors import NotAllowed, NotFound
from nemboks.desk.explain import explain_cvr, explain_letter
from nemboks.desk.words import Lang, plain
from nemboks.domain.letter import Reason
from nemboks.domain.mailbox import Address
from nemboks.domain.people import Grant, GrantRole, Person
from tests.desk import troubles_of_box  # noqa: F401 -- fills SCENES
from tests.desk.troubled import OPERATOR, SCENES, ask, ids
from tests.helpers import builders as make


async def test_support_explains_without_reading(trouble):
    """Support sees why and which letters; operations, who may see no letter, sees how many."""
    await trouble.later("full")

    trouble.asking = await trouble.person(GrantRole.SUPPORT)
    assert (await ask(trouble, None))["causes"][0]["numbers"] == [1]
    trouble.asking = await trouble.person(GrantRole.OPERATIONS)
    assert (await ask(trouble, None))["causes"][0]["numbers"] == []
    with pytest.raises(NotAllowed):
        await ask(trouble, 1)


async def test_a_foreign_company_and_letter_are_not_there(trouble):
    """Bo's accountant learns nothing of Anna, by CVR, by number or by reference."""
    letter = await trouble.filled.waiting("letter-1")
    reference = (await ask(trouble, letter.id))["reference"]
    stranger = replace(await trouble.person(), person="stranger@bageri.example")

    for wish in (
        explain_cvr(trouble.store, await _bos(trouble), make.ANNA, Lang.EN),
        explain_letter(trouble.store, await _bos(trouble, "two"), str(letter.id), Lang.EN),
        explain_letter(trouble.store, await _bos(trouble, "three"), reference, Lang.EN),
        explain_cvr(trouble.store, stranger, make.ANNA, Lang.EN),
    ):
        with pytest.raises(NotFound):
            await wish


async def _bos(trouble, name="one"):
    """Somebody with a right for Bo's mailbox only."""
    bo = await trouble.store.mailboxes.find(make.BO)

    def add(books):
        person = books.people.add(Person(0, name, books.at))
        books.grants.add(Grant(0, person.id, GrantRole.OWNER, books.at, "test", mailbox=bo.id))

    await trouble.store.act(add)
    return Asking("bo (operator)", name)


async def test_people_of_before_learn_nothing_of_an_undecided_estate(trouble):
    """Before its effect: a case is being dealt with, in the company's answer and in each letter's."""
    held = await trouble.filled.held("held", Reason.FROZEN)
    await SCENES["case_pending"](trouble)

    for lang in Lang:
        company, letter = await ask(trouble, None, lang), await ask(trouble, held.id, lang)
        assert ids(company) == ["case_pending", "only_public"] and ids(letter) == ["case_pending"]
        assert not re.search(r"kurator|konkurs|receiver|estate|bo\b", str(plain([company, letter])), re.IGNORECASE)
    trouble.asking = OPERATOR
    assert ids(await ask(trouble, None))[0] == "estate_registered"


async def test_after_an_estates_effect_people_of_before_see_no_new_letter(trouble):
    """Nor the receiver's address; their old letters they may still ask about."""
    old = await trouble.filled.acknowledged("old")
    trouble.asking = await trouble.person()
    await trouble.box(frozen_at=trouble.clock.now(), boundary_at=trouble.clock.advance(1))
    await trouble.route(address=Address("clara@kurator.example"))
    new = await trouble.filled.waiting("new")

    company = await ask(trouble, None)

    assert ids(company) == ["estate_of_others", "only_public"]
    assert "clara" not in str(plain(company)) and "c***" not in str(plain(company)) and company["undelivered"] == 0
    assert (await ask(trouble, old.id))["id"] == old.id
    with pytest.raises(NotFound):
        await ask(trouble, new.id)


async def test_a_letter_that_an_estate_hides_has_no_reference(trouble):
    """People of before are answered as for a reference of none: that it is there, and its number, is not theirs."""
    trouble.asking = await trouble.person()
    await trouble.box(frozen_at=trouble.clock.now(), boundary_at=trouble.clock.advance(1))
    new = await trouble.filled.found("new")
    reference = reference_for(make.ANNA, new.upstream_id)

    with pytest.raises(NotFound, match=re.escape(f"there is no letter '{reference}'")):
        await explain_letter(trouble.store, trouble.asking, reference, Lang.EN)
    trouble.asking = OPERATOR
    assert (await explain_letter(trouble.store, OPERATOR, reference, Lang.EN))["id"] == new.id


async def test_a_kurator_sees_what_is_theirs(trouble):
    """The receiver has the whole answer."""
    trouble.asking = await trouble.person(GrantRole.KURATOR)
    await trouble.box(frozen_at=trouble.clock.now(), boundary_at=trouble.clock.now())
    new = await trouble.filled.waiting("new")

    assert ids(await ask(trouble, None)) == ["estate", "on_its_way", "only_public"]
    assert (await ask(trouble, new.id))["id"] == new.id
