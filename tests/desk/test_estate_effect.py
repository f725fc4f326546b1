"""What an estate's effect changes: the route, who is told, who still reads, and what stands over from before."""

from datetime import timedelta

import pytest

from nemboks.desk import estate_effect
from nemboks.desk.custody import shadow
from nemboks.desk.golive import go_live
from nemboks.desk.letters import letter_list, letter_show
from nemboks.desk.mailboxes import pause, resume
from nemboks.domain.announcements import Kind
from nemboks.domain.estates import EstateState
from nemboks.domain.letter import Reason, State
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.desk.estating import COMPANY, CONTACT, KURATOR, MIDNIGHT, Court
from tests.helpers import builders as make


async def test_the_effect_gives_the_kurator_a_route_of_his_own(court):
    """No rule, copy, holiday, contact, phrase or digest of the people of before is left; a legal hold is."""
    await court.store.act(court.legal_hold)
    await court.in_effect()

    box = await court.box()
    route, chosen, custody = box.route, box.options, box.custody
    assert ((), (), None, "", False) == (
        route.others, route.rules, route.holiday, route.unrouted, route.fallback_decides,
    )  # fmt: skip
    assert (None, "", None, (), "", "") == (
        chosen.second_contact, chosen.code_phrase, chosen.digest, chosen.webhooks, chosen.landing, chosen.certificate,
    )  # fmt: skip
    assert (None, False, MIDNIGHT - timedelta(hours=14)) == (
        custody.probation_until, custody.unproven, custody.legal_hold_since,
    )  # fmt: skip


async def test_both_sides_are_told_at_the_effect(court):
    """The previous address and its second contact, and the kurator with the counts; nobody before."""
    await court.comes(1)
    await court.goes_on()
    await court.comes(2)
    await court.approved()
    assert [] == await court.told(Kind.ESTATE_IN_EFFECT)
    await court.until(MIDNIGHT)

    told = await court.announced(Kind.ESTATE_IN_EFFECT)
    assert [(COMPANY, "previous"), (CONTACT, "previous"), (KURATOR, "kurator")] == [
        (one.path.rpartition(":")[2], one.facts["role"]) for one in told
    ]
    assert (1, 1) == (told[-1].facts["held"], told[-1].facts["delivered_before"])
    assert "held" not in told[0].facts


async def test_security_5_former_management_reads_no_further(court):
    """From the effective time on the owner sees no new letter; the old log stays with whom the rules leave it."""
    await court.comes(1)
    await court.goes_on()
    await court.in_effect()
    await court.looks()
    await court.later(minutes=5)
    new = await court.comes(2)
    await court.goes_on()

    assert [1] == [one["id"] for one in await letter_list(court.store, court.by("anna"))]
    assert [2, 1] == [one["id"] for one in await letter_list(court.store, court.by(KURATOR))]
    with pytest.raises(Exception, match="no letter number 2"):
        await letter_show(court.store, court.by("anna"), new.id)


async def test_a_letter_that_a_clock_put_back_held_as_frozen_goes_on(court):
    """Before the boundary for a while, and past it again: the kurator's letter is not left to lie."""
    await court.in_effect()
    await court.looks()
    await court.later(minutes=5)
    letter = await court.comes(1)

    async def put_back():
        court.clock.advance(-3600)

    court.once("before", put_back)
    for _ in range(2):
        await court.goes_on()
    held = await court.store.letters.get(letter.id)
    assert (State.HELD, Reason.FROZEN, 0) == (held.state, held.why, await court.sweeps())

    await court.later(hours=2)
    await court.goes_on()

    after = await court.store.letters.get(letter.id)
    assert after.confirmation is not None and after.confirmation.address == KURATOR
    assert 0 == await court.sweeps()


async def test_a_letter_from_around_the_boundary_stays_held_after_such_a_clock(court):
    """It is held as what it is, for a person to look at."""
    await court.looks()
    await court.in_effect()
    letter = await court.comes(1)
    court.clock.advance(-3600)
    await court.goes_on()
    await court.later(hours=2)
    await court.goes_on()

    after = await court.store.letters.get(letter.id)
    assert (State.HELD, Reason.BOUNDARY) == (after.state, after.why)


async def test_a_paused_mailbox_stays_paused(court):
    """An estate takes effect in a mailbox that is paused, and nothing is sent before it goes on."""
    await court.store.mailboxes.pause(make.ANNA, "driften")
    await court.in_effect()
    await court.looks()
    await court.later(minutes=1)
    await court.comes()
    await court.goes_on()

    assert ([], "driften") == (court.sent, (await court.box()).paused_by)


async def test_a_kurator_can_end_a_pause_and_a_shadow_mode_of_before(court):
    """Nobody else could: the owner's rights sleep, and those who run Nemboks have none. Who is reminded is she, too."""
    await shadow(court.store, court.by("anna"), make.ANNA)
    await pause(court.store, court.by("anna"), make.ANNA)
    await court.in_effect()
    await court.looks()
    await court.later(minutes=5)
    await court.comes()
    await court.goes_on()
    reminded = [one.path for one in await court.announced(Kind.GOLIVE_REPORT) if one.due_at]
    assert ([], [f"mail:da:{KURATOR}"]) == (court.sent, reminded)

    await resume(court.store, court.by(KURATOR), make.ANNA)
    await court.goes_on()
    await go_live(court.store, court.by(KURATOR), make.ANNA, anyway=True, reason="boet går i drift")
    await court.later(minutes=1)
    await court.goes_on()
    assert ([KURATOR], 1) == (court.sent, len(court.receipts))


@pytest.mark.parametrize("step", ["opened", "approved", "in effect"])
async def test_a_kill_between_the_acts_is_safe(court, tmp_path, step):
    """After each committed act the process dies; the next one goes on to the same end."""
    await court.comes(1)
    await court.opens()
    if step != "opened":
        await court.made_ready()
        await court.approves("ida")
    await _killed(court, tmp_path)
    if step == "opened":
        await court.made_ready()
        await court.approves("ida")
    await court.approves("jens")
    court.clock.advance((MIDNIGHT - court.clock.now()).total_seconds())
    if step == "in effect":
        await court.sweeps()
    await _killed(court, tmp_path)
    await court.sweeps()
    await court.goes_on()

    assert (EstateState.IN_EFFECT, ("HELD", Reason.OLDER), []) == (
        (await court.estate()).state, await court.state(1), court.sent,
    )  # fmt: skip
    assert (1, 2) == (len(await court.grants()), (await court.box()).route.version)
    assert 0 == await court.store.act(estate_effect.take_effect)
    await court.store.close()


async def _killed(court: Court, tmp_path) -> None:
    await court.store.close()
    court.store = Store.open(tmp_path / "nemboks.db", vault(tmp_path), court.clock, threaded=False)
