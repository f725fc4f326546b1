"""The list of earlier letters: where each of them is, and proof that the list is ours."""

import csv
import io
import json
from hashlib import sha256

import pytest

from nemboks.desk.errors import NotAllowed, NotFound
from nemboks.desk.estate_inventory import MARK, estate_inventory
from nemboks.desk.words import Lang, plain
from nemboks.domain.estates import EstateState
from nemboks.domain.letter import DotBegun, Hold, Reason, State
from nemboks.journey.collect import collect
from tests.desk.estating import KURATOR, MIDNIGHT
from tests.desk.rooms import history
from tests.helpers import builders as make


async def listed(court, name="ida", lang=Lang.DA):
    return await estate_inventory(court.store, court.by(name), 1, lang)


async def test_where_every_earlier_letter_is(filled, court):
    """One letter in each state before the case: delivered, handed over, held, in Digital Post; none of the contents."""
    for state in State:
        await filled.way_to(state)(f"letter-{state.value}")
    sending = await court.store.letters.get((await court.store.letters.list(State.SENDING))[0].id)
    await court.store.letters.move(sending, DotBegun(sending.fence))
    await court.in_effect()
    await court.later(minutes=5)
    await court.looks()
    await court.later(minutes=5)
    await court.comes(1)  # the kurator's
    item, _ = await listed(court)

    assert {
        "FOUND": "digital_post", "WAITING": "held", "SENDING": "uncertain", "HANDED_OVER": "relay",
        "FORWARDED": "previous", "ACKNOWLEDGED": "previous", "HELD": "held", "DISMISSED": "digital_post",
        "VANISHED": "gone",
    } == {state.value: one["where"] for state, one in zip(State, item["items"], strict=True)}  # fmt: skip
    shown = json.dumps(plain(item), ensure_ascii=False)
    assert "010101-0000" not in shown and "Afgørelse om [CPR]" in shown
    assert "anna@bageri.example" not in shown and "a***@bageri.example" in shown


async def test_a_frozen_letter_is_listed_before_the_effect_too(court):
    """While the case waits the list goes by its time to come: what is held, and what lies in Digital Post unfetched."""
    letter = await court.comes(1)
    await collect(letter, await court.world.mailboxes.get(letter.mailbox), court.world)
    await court.comes(2)
    await court.approved()
    item, _ = await listed(court)

    assert ["held", "digital_post"] == [one["where"] for one in item["items"]]
    assert (MIDNIGHT, [State.HELD] * 2) == (item["boundary_at"], [one["state"] for one in item["items"]])


async def test_the_digests_stand_in_the_history(court):
    """Who asked, when, and the SHA-256 of both forms, which anybody can make again from what was handed out."""
    await court.comes(1)
    await court.goes_on()
    await court.in_effect()
    item, table = await listed(court)

    rows = json.dumps([plain(row) for row in item["items"]], sort_keys=True, separators=(",", ":"))
    assert sha256(rows.encode()).hexdigest() == item["sha256"]
    assert sha256(table.encode()).hexdigest() == item["csv_sha256"]
    (noted,) = await history(court.store, "estate_inventory")
    assert (1, 1, item["sha256"], item["csv_sha256"]) == (
        noted["case"], noted["letters"], noted["sha256"], noted["csv_sha256"],
    )  # fmt: skip


async def test_b13_no_cell_is_a_formula(filled, court):
    """A title that a spreadsheet would run stands behind a quote."""
    letter = await filled.found("evil")
    await court.store.letters.move(
        letter, make.collected(court.clock.now(), headline=make.headline(title='=HYPERLINK("http://x")'))
    )
    await court.in_effect()
    for lang, head in ((Lang.DA, "myndighed"), (Lang.EN, "authority")):
        _, table = await listed(court, lang=lang)
        heading, row = csv.reader(io.StringIO(table.removeprefix(MARK)), delimiter=";")
        assert table.startswith(MARK) and head in heading
        assert "'=HYPERLINK" in row[heading.index("titel" if lang is Lang.DA else "title")]


async def test_after_a_reversal_the_list_has_what_the_kurator_got(court):
    """The company learns which letters went to the kurator meanwhile; they stay there."""
    await court.in_effect()
    await court.looks()
    await court.later(minutes=5)
    await court.comes(1)
    await court.goes_on()
    assert [] == (await listed(court))[0]["items"]
    await court.ends(EstateState.REVERSED)

    (one,) = (await listed(court))[0]["items"]
    assert ("kurator", "k***@holm.example") == (one["where"], one["address"])


async def test_who_gets_the_list(court):
    """Approvers and this case's kurator; not who opened it, for titles stand there, and not the people of before."""
    await court.in_effect()

    assert 1 == (await listed(court, KURATOR))[0]["case"]
    with pytest.raises(NotAllowed):
        await listed(court, "sune")
    with pytest.raises(NotFound):
        await listed(court, "anna")


async def test_a_letter_held_for_another_reason_is_in_the_list(court):
    """What was held long before the case is an older letter like the others."""
    letter = await court.comes(1)
    await collect(letter, await court.world.mailboxes.get(letter.mailbox), court.world)
    await court.store.letters.move(await court.letter(), Hold(Reason.TOO_LARGE))
    await court.in_effect()

    (one,) = (await listed(court))[0]["items"]
    assert ("held", State.HELD) == (one["where"], one["state"])
