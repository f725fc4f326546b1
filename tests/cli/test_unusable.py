"""`nemboks status` and `nemboks explain` of a company with post that cannot be fetched."""

import asyncio
from datetime import timedelta

from nemboks.clock import RealClock
from tests.helpers import builders as make


def test_post_that_cannot_be_fetched_is_said_in_words(place) -> None:
    """Danish first; with the place where the post can be read."""

    async def listed() -> None:
        opened, now = place.store(), RealClock().now()
        box = await opened.mailboxes.find(make.ANNA)
        await opened.letters.found(box, [], now, now + timedelta(minutes=5), 2)
        await opened.close()

    asyncio.run(listed())

    done = place.run("status")
    assert done.exit_code == 5 and "har post i Digital Post, som vi ikke kan hente" in done.stdout
    told = " ".join(place.run("explain", make.ANNA).stdout.split())
    assert "vist post, som vi ikke kan hente: 2 på listen uden brugbart nummer" in told
    assert "Læs posten på virk.dk." in told
