"""A digest that people ask for: looked at, sent now, switched off and on, and who may."""

import pytest

from nemboks.desk.access import Asking
from nemboks.desk.digests import digest_preview, digest_send, digest_set
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.desk.words import Lang
from nemboks.domain.mailbox import Cvr
from nemboks.domain.people import GrantRole
from tests.desk.digesting import SEVEN, sweep, to, told, trouble
from tests.helpers import builders as make

__all__ = ["trouble"]  # a fixture


async def test_a_preview_says_what_would_be_mailed_and_mails_nothing(trouble):
    """In the asker's language, with the address masked."""
    await trouble.filled.acknowledged("done")

    item = await digest_preview(trouble.store, trouble.asking, "Revision Syd", lang=Lang.EN)

    assert item["to"] == "p***@revisor.example" and "1 letter, 1 delivered" in item["text"]
    assert await told(trouble) == []
    quiet = await digest_preview(trouble.store, trouble.asking, cvr=make.BO)
    assert (None, None) == (quiet["text"], quiet["to"])


async def test_sent_now_it_comes_besides_the_mornings(trouble):
    """One more, noted with who asked; the morning's is as ever."""
    await trouble.filled.acknowledged("done")
    await digest_send(trouble.store, trouble.asking, "Revision Syd")
    to(trouble, SEVEN)
    await sweep(trouble)

    assert [1, 1] == [facts["totals"]["letters"] for _, facts in await told(trouble)]


@pytest.mark.parametrize(("how", "error"), [
    ({}, RefusedByRule), ({"account": "Revision Syd", "cvr": make.BO}, RefusedByRule),
    ({"account": "Revision Syd"}, RefusedByRule), ({"cvr": make.ANNA}, RefusedByRule), ({"account": "Andre"}, NotFound),
    ({"cvr": Cvr("10150817")}, NotFound),
], ids=["neither", "both", "nothing to tell", "nobody gets it", "no account", "no company"])  # fmt: skip
async def test_what_cannot_be_sent_is_refused_with_words(trouble, how, error):
    """And nothing is queued."""
    with pytest.raises(error) as refused:
        await digest_send(trouble.store, trouble.asking, **how)

    assert refused.value.words.da and await told(trouble) == []


async def test_strangers_neither_see_nor_send_nor_switch(trouble):
    """Egon has no rights and must see nothing; support looks and sends nothing."""
    egon = Asking("bo (operator)", "egon")
    for wish in (
        digest_preview(trouble.store, egon, "Revision Syd"), digest_preview(trouble.store, egon, cvr=make.ANNA),
        digest_send(trouble.store, egon, "Revision Syd"), digest_set(trouble.store, egon, "Revision Syd", on=False),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            await wish
    support = await trouble.person(GrantRole.SUPPORT)
    assert await digest_preview(trouble.store, support, "Revision Syd")
    with pytest.raises(NotAllowed):
        await digest_send(trouble.store, support, "Revision Syd")


async def test_people_of_before_preview_nothing_of_an_estate(trouble):
    """The owner asks after the effect: there is nothing to tell."""
    owner = await trouble.person()
    await trouble.box(frozen_at=trouble.clock.now(), boundary_at=trouble.clock.now())
    await trouble.filled.waiting("new")
    trouble.clock.advance(1)

    assert (await digest_preview(trouble.store, owner, cvr=make.ANNA))["text"] is None
    assert (await digest_preview(trouble.store, await trouble.person(GrantRole.KURATOR), cvr=make.ANNA))["text"]


async def test_an_account_is_switched_off_and_on(trouble):
    """Off: no digest in the morning; the answer masks the address."""
    item = await digest_set(trouble.store, trouble.asking, "Revision Syd", on=False)
    assert {"account": "Revision Syd", "digest": False, "to": "p***@revisor.example"} == item
    await trouble.filled.acknowledged("done")
    to(trouble, SEVEN)
    assert await sweep(trouble) == 0

    assert (await digest_set(trouble.store, trouble.asking, "Revision Syd", on=True))["digest"]
