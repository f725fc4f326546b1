"""A second kurator takes a case over from the first (RELIABILITY T04)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.content.announcement_texts import announcement_text
from nemboks.desk import estate_approvals
from nemboks.desk.errors import RefusedByRule
from nemboks.domain.announcements import Kind
from nemboks.domain.estates import EstateState
from nemboks.domain.letter import Hold, Reason, Stale, State
from nemboks.domain.mailbox import Address, Recipient, Role
from nemboks.domain.proof import Stage
from nemboks.journey.collect import collect
from nemboks.journey.further import plan_fallbacks
from tests.desk.estating import COMPANY, CONTACT, KURATOR, MIDNIGHT, PDF, SECOND, new_letter
from tests.helpers import builders as make
from tests.helpers.fake_courier import refused

R = EstateState.REVERSED


async def second_ready(court):
    """A second case that two people approved, of the midnight after the first one's."""
    await court.opens(address=SECOND, effective_at=MIDNIGHT + timedelta(days=1))
    await court.made_ready(2, PDF + b" 2")
    await court.approves("ida", 2)
    return await court.approves("jens", 2)


async def test_a_second_case_does_not_stop_the_first_kurators_post(court):
    """While the second one is registered and approved, new letters go to the first kurator as before."""
    await court.in_effect()
    await second_ready(court)
    await new_letter(court, 1)

    assert ([KURATOR], EstateState.APPROVED) == (court.sent, (await court.estate(2)).state)


async def test_t04_the_second_kurator_replaces_the_first_in_one_transaction(court):
    """At its time the first case is ended, its right and its route with it; older letters are nobody's any more."""
    await court.in_effect()
    await second_ready(court)
    await court.looks()
    await court.later(minutes=5)
    court.courier.endings.append(refused(Stage.RCPT, 452, "4.2.2", "full"))
    await court.comes(1)
    await court.goes_on()
    await court.until(MIDNIGHT + timedelta(days=1))
    await new_letter(court, 2)

    one, two, box = await court.estate(1), await court.estate(2), await court.box()
    assert (EstateState.REPLACED, EstateState.IN_EFFECT) == (one.state, two.state)
    assert (SECOND, MIDNIGHT + timedelta(days=1)) == (box.route.address, box.boundary_at)
    assert ([SECOND], ("HELD", Reason.OLDER)) == (court.sent, await court.state(1))
    first, last = await court.grants()
    assert (box.boundary_at, None) == (first.until, last.until)
    assert [KURATOR] == await court.told(Kind.ESTATE_ENDED)
    # The people of before were told once; it is the first kurator who hears that another took over.
    assert [COMPANY, CONTACT, KURATOR, SECOND] == await court.told(Kind.ESTATE_IN_EFFECT)
    assert one.former == two.former and "elefant" == two.former.options.code_phrase


async def test_no_letter_slips_to_the_first_kurator_at_the_very_moment(court):
    """Between the second one's time and the daemon's sweep nothing is claimed, and no dot is sent."""
    await court.in_effect()
    await second_ready(court)
    await court.until(MIDNIGHT + timedelta(days=1) - timedelta(minutes=5))
    await court.looks()
    at = MIDNIGHT + timedelta(days=1)

    async def time_comes():
        court.clock.advance((at - court.clock.now()).total_seconds())

    court.once("before", time_comes)
    await court.comes(1)
    await court.goes_on()
    assert ([], "stopped") == (court.sent, (await court.letter()).why)
    await court.looks()
    court.clock.advance(1)
    letter = await court.comes(2)
    await collect(letter, await court.world.mailboxes.get(letter.mailbox), court.world)
    assert [] == await court.store.letters.due(State.WAITING, court.clock.now(), 10)
    claim = replace(make.claimed(court.clock.now()), route_version=2, address=KURATOR, server="direct")
    with pytest.raises(Stale, match="takes effect now"):
        await court.store.letters.move(await court.letter(2), claim)

    assert 1 == await court.sweeps()
    await court.goes_on()
    assert ([SECOND], ("HELD", Reason.OLDER)) == (court.sent, await court.state(1))


async def test_a_refused_second_case_leaves_the_first_one_as_it_is(court):
    """No thaw: the kurator goes on, and the company hears nothing."""
    await court.in_effect()
    await second_ready(court)
    await estate_approvals.estate_refuse(court.store, court.by("lis"), 2, "forfalsket")
    await new_letter(court, 1)

    assert ([KURATOR], MIDNIGHT) == (court.sent, (await court.box()).boundary_at)
    assert [SECOND] == await court.told(Kind.ESTATE_ENDED)


async def test_a_case_is_not_ended_while_another_is_undecided(court):
    """First the second kurator's case is decided or refused; then the first can be closed or overturned."""
    await court.in_effect()
    await court.opens(address=SECOND, effective_at=MIDNIGHT + timedelta(days=1))

    with pytest.raises(RefusedByRule, match="case 2 of this CVR is not decided"):
        await estate_approvals.estate_close(court.store, court.by("ida"), 1, R, "omgjort")


async def test_what_people_are_told_reads_well(court):
    """Every announcement of these cases is written out whole: no gap, no code but the kurator's, no full address."""
    await court.comes(1)
    await court.in_effect()
    code = await court.code()
    await second_ready(court)
    await court.until(MIDNIGHT + timedelta(days=1))
    await court.ends(R, 2)
    told = await court.announced(Kind.ESTATE_CODE, Kind.ESTATE_IN_EFFECT, Kind.ESTATE_ENDED)
    texts = [(one, "\n".join(announcement_text(one))) for one in told]

    assert {"replaced", "reversed"} == {one.facts["outcome"] for one in told if one.kind is Kind.ESTATE_ENDED}
    for one, text in texts:
        assert "Annas Bageri ApS (CVR 13 74 81 36)" in text and "K 1-26" in text and "{" not in text
        assert code not in text.replace(" ", "") and "@" not in text, one
    (kurator,) = [text for one, text in texts if one.facts.get("role") == "kurator" and KURATOR in one.path]
    assert "22-11-2026 kl. 00.00" in kurator and "1 brev" in kurator and "Kun senere post er lovet" in kurator


async def test_a_second_reversal_goes_back_to_the_company_of_its_time(court):
    """Overturned, rerouted by the company, decreed again, overturned again: the company's latest address is back."""
    await court.in_effect()
    await court.ends(R)
    newer = Address("post@bageri.example")
    await court.store.mailboxes.reroute(make.ANNA, newer, make.SERVER, "anna")
    await court.opens(address=SECOND, effective_at=MIDNIGHT + timedelta(days=1))
    await court.made_ready(2, PDF + b" 2")
    await court.approves("ida", 2)
    await court.approves("jens", 2)
    await court.until(MIDNIGHT + timedelta(days=1))
    assert SECOND == (await court.box()).route.address
    await court.ends(R, 2)

    assert newer == (await court.box()).route.address


async def test_an_older_letter_never_goes_to_a_fallback_of_the_kurators(court):
    """The kurator names a fallback; an older letter that was held for its size is not planned its way out there."""
    letter = await court.comes(1)
    await collect(letter, await court.world.mailboxes.get(letter.mailbox), court.world)
    await court.store.letters.move(await court.letter(1), Hold(Reason.TOO_LARGE))
    await court.in_effect()
    fallback = Recipient(Role.FALLBACK, Address("reserve@holm.example"), "direct")
    box = await court.box()
    await court.store.act(lambda books: books.reroute(box, replace(box.route, others=(fallback,))))
    for _ in range(3):
        await court.later(days=2)
        await plan_fallbacks(court.world)
        await court.goes_on()

    assert ([], ("HELD", Reason.TOO_LARGE)) == (court.sent, await court.state(1))
