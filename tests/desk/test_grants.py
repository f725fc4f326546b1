"""Rights on a real ledger: who may give which, from when until when, and never without an owner."""

from datetime import timedelta

import pytest

from nemboks.desk import grants as desk
from nemboks.desk.access import Asking
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.desk.grants import NewGrant
from nemboks.desk.letters import letter_list
from nemboks.desk.mailboxes import pause, resume
from nemboks.domain.announcements import Kind
from nemboks.domain.mailbox import Address
from nemboks.domain.people import EVERYWHERE, Grant, GrantRole, unowned_at
from tests.desk.peopled import ANNA, EMAIL, FIRM, FIRST, KEYBOARD, SECOND, by, firm, give, history, mailbox, told
from tests.helpers import builders as make
from tests.helpers.clock import START

OWNER, ADMIN, READER, ACCOUNTANT = GrantRole.OWNER, GrantRole.ADMINISTRATOR, GrantRole.READER, GrantRole.ACCOUNTANT
DAY = timedelta(days=1)


@pytest.fixture
async def bakery(store):
    """Anna's account with one mailbox."""
    await firm(store)
    await mailbox(store)
    return store


async def test_a_right_counts_between_its_dates(bakery, clock) -> None:
    """The first moment of the end is the first without it."""
    await give(bakery, "eva", ADMIN, FIRST, since=START + DAY, until=START + 2 * DAY)
    eva = by("eva")

    with pytest.raises(NotFound):
        await pause(bakery, eva, FIRST)
    clock.advance(DAY.total_seconds())
    assert "eva" in (await pause(bakery, eva, FIRST))["paused_by"]
    clock.advance(DAY.total_seconds() - 0.001)
    await resume(bakery, eva, FIRST)
    clock.advance(0.001)
    with pytest.raises(NotFound):
        await pause(bakery, eva, FIRST)


async def test_a_right_that_ends_is_gone_at_the_next_question(bakery) -> None:
    """One command revokes an administrator; the row stays, with who ended it."""
    made = await give(bakery, "eva", ADMIN)
    await pause(bakery, by("eva"), FIRST)
    ended = await desk.grant_end(bakery, ANNA, made["id"])

    with pytest.raises(NotFound):
        await resume(bakery, by("eva"), FIRST)
    assert ("ended", "anna (via root (operator))") == (ended["state"], ended["ended_by"])
    assert made["id"] in [one["id"] for one in await desk.grant_list(bakery, ANNA, every=True)]
    assert made["id"] not in [one["id"] for one in await desk.grant_list(bakery, ANNA)]
    assert ["grant_given", "mailbox_paused", "grant_ended"] == (await history(bakery))[-3:]


async def test_the_last_owner_cannot_be_ended(bakery) -> None:
    """Neither by herself nor by leaving; with another owner it works, and then that one is the last."""
    anna = (await desk.grant_list(bakery, ANNA, person="anna"))[0]["id"]
    for act in (desk.grant_end(bakery, ANNA, anna), desk.person_end(bakery, ANNA, "anna")):
        with pytest.raises(RefusedByRule, match="last owner"):
            await act
    eva = await give(bakery, "eva", OWNER)
    await desk.person_end(bakery, ANNA, "anna")

    with pytest.raises(RefusedByRule, match="last owner"):
        await desk.grant_end(bakery, by("eva"), eva["id"])


async def test_no_dates_bring_a_moment_without_an_owner(bakery) -> None:
    """An owner until tomorrow does not replace one without end; nor does one from tomorrow on."""
    anna = (await desk.grant_list(bakery, ANNA, person="anna"))[0]["id"]
    await give(bakery, "eva", OWNER, until=START + DAY)
    await give(bakery, "ida", OWNER, since=START + 2 * DAY)

    with pytest.raises(RefusedByRule, match="last owner"):
        await desk.grant_end(bakery, ANNA, anna)
    await give(bakery, "ulla", OWNER, since=START + DAY)
    assert "ended" == (await desk.grant_end(bakery, ANNA, anna))["state"]


def test_a_gap_between_owners_is_found_to_the_moment() -> None:
    """Overlapping owners leave none; ones that only touch leave none either."""

    def owner(since: int, until: int | None) -> Grant:
        end = None if until is None else START + until * DAY
        return Grant(0, 1, OWNER, START + since * DAY, "test", account=1, until=end)

    assert unowned_at([owner(0, 2), owner(2, 3), owner(1, None)], START) is None
    assert START + 3 * DAY == unowned_at([owner(0, 2), owner(2, 3), owner(4, None)], START)
    assert START == unowned_at([owner(1, None)], START) == unowned_at([], START)


async def test_a_mailbox_with_owners_of_its_own_keeps_one(bakery) -> None:
    """The client's own last owner stays, although the account has one as well."""
    own = await give(bakery, "clara", OWNER, FIRST)

    with pytest.raises(RefusedByRule, match="last owner"):
        await desk.grant_end(bakery, ANNA, own["id"])
    await give(bakery, "ida", OWNER, FIRST)
    await desk.grant_end(bakery, ANNA, own["id"])


@pytest.mark.parametrize("role", [role for role in GrantRole if role not in EVERYWHERE])
async def test_nobody_gives_more_than_they_have(bakery, role) -> None:
    """An administrator makes administrators, readers and accountants; an owner is made by owners, a kurator by none."""
    await give(bakery, "eva", ADMIN)
    wish = give(bakery, "ny", role, FIRST, by("eva"))

    if role in (ADMIN, READER, ACCOUNTANT):
        assert role is (await wish)["role"]
    else:
        with pytest.raises(NotAllowed if role is OWNER else RefusedByRule):
            await wish


async def test_a_right_for_one_mailbox_gives_none_for_the_account(bakery) -> None:
    """Who decides for one CVR gives rights for that one."""
    await mailbox(bakery, SECOND)
    await give(bakery, "clara", OWNER, FIRST, email="clara@privat.example")
    clara = by("clara")

    await give(bakery, "ny", READER, FIRST, clara)
    for cvr, error in ((SECOND, NotFound), (None, NotAllowed)):
        with pytest.raises(error):
            await desk.grant_add(bakery, clara, NewGrant("ny2", READER, cvr, "" if cvr else FIRM))


async def test_a_dated_right_gives_none_beyond_its_end(bakery) -> None:
    """A temporary administrator leaves nobody behind who stays longer."""
    await give(bakery, "eva", ADMIN, until=START + DAY)

    for until in (None, START + 2 * DAY):
        with pytest.raises(RefusedByRule, match="ends before"):
            await give(bakery, "ny", READER, FIRST, by("eva"), until=until)
    await give(bakery, "ny", READER, FIRST, by("eva"), until=START + DAY)


async def test_dates_that_cannot_be(bakery, clock) -> None:
    """No right from yesterday, none that ends first; from today's midnight means from now."""
    for dates in ({"since": START - DAY}, {"since": START + DAY, "until": START + DAY}):
        with pytest.raises(RefusedByRule):
            await give(bakery, "eva", READER, FIRST, **dates)

    made = await give(bakery, "eva", READER, FIRST, since=START - timedelta(hours=10))
    assert START == made["since"]


async def test_the_same_right_twice_is_refused(bakery) -> None:
    """A longer one is another right."""
    await give(bakery, "eva", READER, FIRST, until=START + DAY)

    with pytest.raises(RefusedByRule, match="already"):
        await give(bakery, "eva", READER, FIRST, until=START + DAY)
    await give(bakery, "eva", READER, FIRST)


async def test_those_who_run_nemboks_have_no_rights_of_a_customer(bakery) -> None:
    """Support and operations are given at the keyboard only; one person is never both."""
    with pytest.raises(NotAllowed):
        await desk.grant_add(bakery, ANNA, NewGrant("sofie", GrantRole.SUPPORT))
    with pytest.raises(RefusedByRule, match="names no"):
        await desk.grant_add(bakery, KEYBOARD, NewGrant("sofie", GrantRole.SUPPORT, FIRST))
    with pytest.raises(RefusedByRule, match="taken"):
        await give(bakery, "anna", GrantRole.SUPPORT, asking=KEYBOARD)
    made = await give(bakery, "sofie", GrantRole.SUPPORT, asking=KEYBOARD, email="sofie@nemboks.example")
    with pytest.raises(RefusedByRule, match="both"):
        await give(bakery, "sofie", READER, FIRST, email="sofie@nemboks.example")
    with pytest.raises(NotFound):
        await desk.grant_end(bakery, ANNA, made["id"])
    assert "ended" == (await desk.grant_end(bakery, KEYBOARD, made["id"]))["state"]


async def test_the_keyboard_sets_up_an_account_and_then_its_owners_decide(bakery) -> None:
    """With an owner in force the operator gives no right there, whatever the role; in mailboxes of nobody, any."""
    for role in (OWNER, ADMIN, READER, ACCOUNTANT):
        with pytest.raises(NotAllowed):
            await give(bakery, "ny", role, asking=KEYBOARD, account=FIRM)
        assert role is (await give(bakery, "egen", role, make.ANNA, KEYBOARD))["role"]


async def test_a_name_that_is_taken_is_not_somebody_else(bakery) -> None:
    """A new colleague called bo is not the accountant bo; with his own e-mail the accountant is meant."""
    await firm(bakery, "Syd", "bo", owner_email=Address("bo@syd.example"))

    for email in ({}, {"email": "bo@bageri.example"}):
        with pytest.raises(RefusedByRule, match="taken"):
            await give(bakery, "bo", ACCOUNTANT, FIRST, **email)
    await give(bakery, "bo", ACCOUNTANT, FIRST, email="bo@syd.example")
    assert [FIRST] == [one["cvr"] for one in await desk.grant_list(bakery, by("bo"), person="bo") if one["cvr"]]


async def test_an_accountant_is_let_in_by_the_client_only(bakery) -> None:
    """Neither the accountant's own firm nor another accountant of the client gives that right."""
    await firm(bakery, "Syd", "bo", owner_email=Address("bo@syd.example"))
    with pytest.raises(NotFound):
        await give(bakery, "bo", ACCOUNTANT, FIRST, by("bo"))
    await give(bakery, "bo", ACCOUNTANT, FIRST, email="bo@syd.example")
    with pytest.raises(NotAllowed):
        await give(bakery, "ib", ACCOUNTANT, FIRST, by("bo"))


async def test_a_leaving_employee_has_nothing_left_and_does_not_come_back(bakery) -> None:
    """Every right ends at once, also those at clients; the name is not used again."""
    await firm(bakery, "Syd", "bo")
    await give(bakery, "ib", ADMIN, account="Syd", asking=by("bo"), email="ib@syd.example")
    await give(bakery, "ib", ACCOUNTANT, FIRST, email="ib@syd.example")
    with pytest.raises(NotFound, match="no person"):
        await desk.person_end(bakery, ANNA, "ib")

    left = await desk.person_end(bakery, by("bo"), "ib")

    assert 2 == len(left["grants"])
    with pytest.raises(NotFound, match="no person"):
        await letter_list(bakery, by("ib"))
    with pytest.raises(RefusedByRule, match="left"):
        await give(bakery, "ib", READER, account="Syd", asking=by("bo"))
    with pytest.raises(RefusedByRule, match="left already"):
        await desk.person_end(bakery, by("bo"), "ib")


async def test_an_administrator_does_not_send_an_owner_away(bakery) -> None:
    """What one cannot give one cannot end; an own right anybody gives up."""
    await give(bakery, "ida", OWNER)
    eva = await give(bakery, "eva", ADMIN)

    with pytest.raises(NotAllowed):
        await desk.person_end(bakery, by("eva"), "ida")
    with pytest.raises(NotAllowed):
        await desk.person_end(bakery, KEYBOARD, "ida")
    assert "ended" == (await desk.grant_end(bakery, by("eva"), eva["id"]))["state"]


async def test_the_others_who_decide_are_told(bakery) -> None:
    """Every given and ended right goes to owners and administrators with an e-mail, not to who did it."""
    await give(bakery, "eva", ADMIN, email="eva@bageri.example")
    first = await told(bakery, Kind.GRANT_CHANGED)
    reader = await give(bakery, "liv", READER, FIRST, by("eva"), email="liv@bageri.example")
    await desk.grant_end(bakery, ANNA, reader["id"])

    paths = [(one.facts["who"], one.facts["change"], one.path.rpartition(":")[2]) for one in first]
    assert [("eva", "given", "eva@bageri.example")] == paths
    later = (await told(bakery, Kind.GRANT_CHANGED))[1:]
    assert [("given", EMAIL), ("ended", "eva@bageri.example")] == [
        (one.facts["change"], one.path.rpartition(":")[2]) for one in later
    ]
    assert {FIRST} == {one.facts["cvr"] for one in later}


async def test_an_ended_administrator_hears_of_it(bakery) -> None:
    """A thief who sends the others away does not do so in silence."""
    eva = await give(bakery, "eva", ADMIN, email="eva@bageri.example")
    await desk.grant_end(bakery, ANNA, eva["id"])

    last = (await told(bakery, Kind.GRANT_CHANGED))[-1]
    assert ("ended", "mail:da:eva@bageri.example", "anna") == (last.facts["change"], last.path, last.facts["by"])


async def test_a_wish_says_what_it_is_for(bakery) -> None:
    """Either a CVR or an account; and a person who exists acts."""
    for cvr, account in ((None, ""), (FIRST, FIRM)):
        with pytest.raises(RefusedByRule, match="either"):
            await desk.grant_add(bakery, ANNA, NewGrant("eva", READER, cvr, account))
    with pytest.raises(NotFound, match="no person 'ingen'"):
        await desk.grant_add(bakery, Asking("root", "ingen"), NewGrant("eva", READER, FIRST))
