"""What a company had stopped is stopped again when it has its post back."""

import pytest

from nemboks.desk.mailboxes import pause, resume
from nemboks.domain.estates import EstateState
from tests.desk.estating import KURATOR
from tests.helpers import builders as make
from tests.journey.town import uuid


@pytest.mark.parametrize("paused", [True, False])
async def test_a_pause_that_the_kurator_lifted_is_there_again_after_the_reversal(court, paused):
    """Anna had paused the forwarding; the kurator resumed it; the decree is overturned: she is paused."""
    if paused:
        await pause(court.store, court.by("anna"), make.ANNA)
    await court.in_effect()
    if paused:
        await resume(court.store, court.by(KURATOR), make.ANNA)
    await court.ends(EstateState.REVERSED)
    await court.comes(7)
    await court.goes_on()

    box = await court.box()
    assert ("anna (via root (operator))" if paused else "") == box.paused_by
    assert paused == (box.paused_at is not None)
    assert (0 if paused else 1) == len([one for one in court.courier.sent if uuid(7).encode() in one.letter])
