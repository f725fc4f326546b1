import pytest

from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.helpers.clock import PretendClock


@pytest.fixture
def clock():
    return PretendClock()


@pytest.fixture
def open_store(tmp_path, clock):
    """Opens stores on one file, as the daemon (threaded) and the CLI (inline) do."""

    def opened(threaded=True):
        return Store.open(tmp_path / "nemboks.db", vault(tmp_path), clock, threaded)

    return opened


@pytest.fixture
async def store(open_store):
    opened = open_store()
    yield opened
    await opened.close()
