"""How cases end: refused, closed or overturned."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.desk import estate_approvals, estate_ends
from nemboks.desk.access import Asking
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.desk.letters import release
from nemboks.desk.mailboxes import resume
from nemboks.domain.announcements import Kind
from nemboks.domain.assess import assess
from nemboks.domain.circles import address_of
from nemboks.domain.estates import CLOSED_BY, EstateState
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Address, Recipient, Role
from nemboks.domain.pace import Pace
from nemboks.ports import Unavailable
from tests.desk.estating import COMPANY, CONTACT, KURATOR, MIDNIGHT, PDF, SECOND, new_letter
from tests.helpers import builders as make

C, R = EstateState.CLOSED, EstateState.REVERSED


# --- refused ---


async def test_a_refused_case_gives_everything_back(court):
    """What was frozen goes to the company, the owner runs the mailbox again, and people are told why."""
    await court.comes(1)
    await court.opens()
    await court.later(hours=2)
    for reason in ("", " \n"):
        with pytest.raises(RefusedByRule, match="say why"):
            await estate_approvals.estate_refuse(court.store, court.by("ida"), 1, reason)
    shown = await estate_approvals.estate_refuse(court.store, court.by("ida"), 1, "dekretet findes ikke")
    await court.goes_on()

    assert (EstateState.REFUSED, "ida", "dekretet findes ikke") == (shown["state"], shown["ended_by"], shown["reason"])
    assert ([COMPANY], 1, None) == (court.sent, len(court.receipts), (await court.box()).frozen_at)
    # The kurator's address was never proven: nobody there hears of it.
    assert [COMPANY, CONTACT] == await court.told(Kind.ESTATE_ENDED)
    with pytest.raises(RefusedByRule, match="decided"):
        await court.document()


async def test_support_cannot_refuse(court):
    """Who opens cases does not decide them."""
    await court.opens()

    with pytest.raises(NotAllowed):
        await estate_approvals.estate_refuse(court.store, court.by("sune"), 1, "nej")


async def test_a_refusal_after_the_decision_and_before_the_time(court):
    """Two people approved, one looks again: nothing takes effect, the kurator who typed a code is told."""
    await court.approved()
    await estate_approvals.estate_refuse(court.store, court.by("lis"), 1, "forkert CVR")
    await court.until(MIDNIGHT)

    assert (EstateState.REFUSED, COMPANY) == ((await court.estate()).state, (await court.box()).route.address)
    assert [COMPANY, CONTACT, KURATOR] == await court.told(Kind.ESTATE_ENDED)


# --- overturned ---


async def test_a_decree_that_is_overturned_gives_the_company_its_post_back(court):
    """Two approve; the route, the contacts and the held letters are the company's again; the kurator's right ends."""
    accountant = Recipient(Role.COPY, Address("bo@bogholderi.example"), "direct")
    await court.store.mailboxes.reroute(make.ANNA, COMPANY, make.SERVER, "anna", others=(accountant,))
    before = await court.box()
    await court.comes(1)
    await court.in_effect()
    await new_letter(court, 2)
    assert [KURATOR] == court.sent
    shown = await court.ends(R)
    await court.goes_on()

    box = await court.box()
    assert (R, "ida, jens", before.options, before.custody) == (
        shown["state"], shown["ended_by"], box.options, box.custody,
    )  # fmt: skip
    assert (COMPANY, (accountant,), None, None) == (
        box.route.address, box.route.others, box.frozen_at, box.boundary_at,
    )  # fmt: skip
    assert {COMPANY, accountant.address} == set(court.sent[1:])
    assert ("ACKNOWLEDGED", "") == await court.state(1)
    (grant,) = await court.grants()
    assert court.clock.now() == grant.until
    assert [KURATOR, COMPANY, CONTACT] == await court.told(Kind.ESTATE_ENDED)
    with pytest.raises(NotFound):
        await court.page(name=KURATOR)


async def test_what_the_kurator_got_and_nobody_acknowledged_stays_in_digital_post(court):
    """The company never had that letter: no receipt goes after the reversal, until a person says so."""
    await court.in_effect()
    court.inbox.plant("acknowledge", Unavailable("outage"))
    await new_letter(court, 1)
    assert State.FORWARDED == (await court.letter()).state
    await court.ends(R)
    for _ in range(3):
        await court.later(days=2)
        await court.goes_on()

    assert ([], estate_ends.AT_KURATOR) == (court.receipts, (await court.letter()).bounced)


async def test_a_receipt_of_before_goes_after_the_reversal(court):
    """What the company got before the estate is the company's after all: the receipt that waited goes."""
    court.inbox.plant("acknowledge", Unavailable("outage"))
    await court.comes()
    await court.goes_on()
    await court.in_effect()
    await court.later(days=2)
    await court.goes_on()
    assert [] == court.receipts
    await court.ends(R)
    await court.later(days=2)
    await court.goes_on()

    assert 1 == len(court.receipts)


async def test_ending_takes_two_who_did_not_open_the_case(court):
    """One twice, the opener, support, another outcome or reason: none of these ends it."""
    await court.in_effect()
    close = estate_approvals.estate_close
    shown = await close(court.store, court.by("ida"), 1, R, "kendelse af 1. december")
    asked = shown["closing"]
    assert (R, ["ida"], "kendelse af 1. december") == (asked["outcome"], asked["by"], asked["reason"])

    with pytest.raises(RefusedByRule, match="second must be another"):
        await close(court.store, court.by("ida"), 1, R, "kendelse af 1. december")
    with pytest.raises(NotAllowed):
        await close(court.store, court.by("sune"), 1, R, "kendelse af 1. december")
    with pytest.raises(RefusedByRule, match="not what is asked for"):
        await close(court.store, court.by("jens"), 1, C, digest=asked["digest"])
    with pytest.raises(RefusedByRule, match="say why"):
        await close(court.store, court.by("jens"), 1, R)
    shown = await close(court.store, court.by("jens"), 1, R, "noget andet")
    assert (EstateState.IN_EFFECT, ["jens"]) == (shown["state"], shown["closing"]["by"])
    shown = await close(court.store, court.by("ida"), 1, R, digest=shown["closing"]["digest"])
    assert (R, "noget andet") == (shown["state"], shown["reason"])
    with pytest.raises(RefusedByRule, match="only a case in effect"):
        await close(court.store, court.by("lis"), 1, R, "igen")


async def test_the_opener_ends_nothing_either(court):
    """Lis opened it and could approve others: not this one's end."""
    await court.opens("lis")
    await court.made_ready()
    await court.approves("ida")
    await court.approves("jens")
    await court.until(MIDNIGHT)

    with pytest.raises(RefusedByRule, match="opened the case"):
        await estate_approvals.estate_close(court.store, court.by("lis"), 1, C, "slut")


async def test_an_end_asked_for_last_week_is_asked_for_anew(court):
    """The first approval of an end counts for seven days too."""
    await court.in_effect()
    await estate_approvals.estate_close(court.store, court.by("ida"), 1, C, "slut")
    await court.later(days=7)

    shown = await estate_approvals.estate_close(court.store, court.by("jens"), 1, C, "slut")
    assert (EstateState.IN_EFFECT, ["jens"]) == (shown["state"], shown["closing"]["by"])


# --- closed ---


async def test_a_closed_case_sends_nothing_to_anybody(court):
    """The company is gone: nothing is fetched or sent; neither the kurator nor the people of before have a right."""
    await court.in_effect()
    await new_letter(court, 1)
    shown = await court.ends(C, reason="boet er sluttet")
    await new_letter(court, 2)

    box = await court.box()
    assert (C, CLOSED_BY, [KURATOR]) == (shown["state"], box.paused_by, court.sent)
    assert box.frozen_at is not None
    assert [KURATOR] == await court.told(Kind.ESTATE_ENDED)
    with pytest.raises(NotFound):
        await court.page(name=KURATOR)
    await court.store.act(lambda books: books.keep(replace(books.mailbox_of(1), account=None)))
    with pytest.raises(RefusedByRule, match="estate was closed"):
        await resume(court.store, Asking("root (operator)"), make.ANNA)


async def test_a_closed_estate_is_taken_up_again(court):
    """A new case after the end: its kurator gets what comes from then on, and a reversal still leads to the company."""
    await court.in_effect()
    await court.ends(C, reason="boet er sluttet")
    await court.opens(address=SECOND, effective_at=court.clock.now() + timedelta(hours=1))
    await court.made_ready(2, PDF + b" 2")
    await court.approves("ida", 2)
    await court.approves("jens", 2)
    await court.later(hours=1)
    await new_letter(court, 1)

    assert ([SECOND], "") == (court.sent, (await court.box()).paused_by)
    await court.ends(R, 2)
    box = await court.box()
    assert (COMPANY, "elefant", None) == (box.route.address, box.options.code_phrase, box.frozen_at)


# --- on the way to the kurator when the decree is overturned ---


async def test_a_letter_on_its_way_to_the_kurator_does_not_leave_digital_post_after_the_reversal(court):
    """The kurator has it and the company not: it waits for a person, and the company gets a copy."""
    await court.in_effect()
    await court.looks()
    await court.later(minutes=5)

    async def overturned() -> None:
        await court.ends(R)

    court.once("after", overturned)
    await court.comes(1)
    await court.goes_on()
    for _ in range(3):
        await court.later(days=2)
        await court.goes_on()

    assert ([KURATOR, COMPANY], []) == (court.sent, court.receipts)
    assert estate_ends.AT_KURATOR == (await court.letter()).bounced
    await release(court.store, court.by("anna"), (await court.letter()).id)
    await court.later(minutes=1)
    await court.goes_on()
    assert 1 == len(court.receipts)


async def test_a_case_that_everybody_forgot_is_told_of_after_a_week(court):
    """Its letters go to nobody: those who run Nemboks hear of them, and the company, who may not know, does not."""
    await court.comes()
    await court.opens()
    operator = Address("drift@nemboks.example")

    async def heard_by() -> list[str]:
        now = court.clock.now()
        sick = await court.store.incidents.sick(now, now)
        incidents, _ = assess(sick, [], [await court.box()], now, Pace(), operator, "direct", set())
        return [address_of(path) for one in incidents for path in one.paths]

    await court.later(days=6, hours=23)
    assert [] == await heard_by()
    await court.later(hours=1)
    assert [operator] == await heard_by()
    await estate_approvals.estate_refuse(court.store, court.by("ida"), 1, "glemt")
    await court.goes_on()
    assert [] == await heard_by()
