"""The services as wired: what one mailbox's damage may stop."""

import pytest
from sqlalchemy import text

from nemboks.clock import RealClock
from nemboks.ports import Refused
from nemboks.store.store import Store
from nemboks.wiring import _credentials
from tests.contracts.ledgers import vault
from tests.helpers.builders import declared


async def test_altered_credentials_park_their_mailbox_and_stop_nothing_else(tmp_path) -> None:
    """One row that was tampered with, or rotted, is that CVR's refusal, not the end of the daemon at every start."""
    store = Store.open(tmp_path / "nemboks.db", vault(tmp_path), RealClock())
    anna = await store.mailboxes.add(declared(), "anna")
    assert await _credentials(store, anna)
    rot = text("UPDATE mailboxes SET credentials = (SELECT zeroblob(90))")
    await store._writer.unit(lambda tx: tx.execute(rot).rowcount)

    with pytest.raises(Refused, match="credentials again") as refused:
        await _credentials(store, anna)
    assert refused.value.mailbox
    await store.close()
