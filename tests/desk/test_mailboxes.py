"""What people may ask about mailboxes, on a real ledger."""

import pytest

from nemboks.desk import mailboxes as desk
from nemboks.desk.access import Asking
from nemboks.desk.errors import NotFound, RefusedByRule
from nemboks.domain.mailbox import Cvr, Face
from tests.helpers import builders as make

CLARA = Cvr("25313763")
ANNA, BO = Asking("anna (operator)"), Asking("bo (operator)")


def new(cvr: Cvr = CLARA, **more) -> desk.NewMailbox:
    return desk.NewMailbox(cvr, "Claras Bo", Face.REST, make.ADDRESS, make.SERVER, {"token": "hemmelig"}, **more)


async def test_a_new_mailbox_names_who_vouches_for_its_address(store) -> None:
    """The person who adds it answers for the address, and its credentials are never shown."""
    item = await desk.add(store, Asking("clara (operator)"), new())

    assert (item["vouched_by"], item["address"], item["route_version"]) == ("clara (operator)", make.ADDRESS, 1)
    assert "hemmelig" not in str(await desk.mailbox_list(store, ANNA))
    assert item in await desk.mailbox_list(store, ANNA)


async def test_a_cvr_has_one_mailbox(store) -> None:
    """A CVR that has a mailbox, here or in the settings file, gets no second one."""
    with pytest.raises(RefusedByRule, match="already"):
        await desk.add(store, BO, new(make.ANNA))
    with pytest.raises(RefusedByRule, match="settings file"):
        await desk.add(store, BO, new(), declared=[CLARA])


async def test_a_pause_names_who_paused_and_ends_by_resume(store, clock) -> None:
    """Pausing twice keeps the first pause; resuming lifts it."""
    first = await desk.pause(store, ANNA, make.ANNA)
    clock.advance(60)
    again = await desk.pause(store, BO, make.ANNA)
    after = await desk.resume(store, BO, make.ANNA)

    assert first["paused_by"] == "anna (operator)"
    assert first == again
    assert (after["paused_at"], after["paused_by"]) == (None, None)


async def test_a_mailbox_that_left_the_settings_file_goes_on_only_through_it(store) -> None:
    """A pause by the settings cannot be lifted at the desk: the next start would set it again."""
    await store.mailboxes.declare([make.declared(CLARA)])
    await store.mailboxes.declare([])

    with pytest.raises(RefusedByRule, match="settings file"):
        await desk.resume(store, ANNA, CLARA)


async def test_an_unknown_cvr_is_not_found(store) -> None:
    """There is nothing to pause or resume."""
    for wish in (desk.pause, desk.resume):
        with pytest.raises(NotFound, match="no mailbox"):
            await wish(store, ANNA, CLARA)
