import pytest

from nemboks.store.store import Store
from tests.contracts.ledgers import place_of, vault
from tests.helpers.clock import PretendClock


@pytest.fixture
def clock():
    return PretendClock()


@pytest.fixture
def kind():
    """Where the ledger lies; a module whose tests look at no file says BOTH."""
    return "sqlite"


@pytest.fixture
def open_store(tmp_path, clock, kind):
    """Opens stores on one ledger, as the daemon (threaded) and the CLI (inline) do."""
    with place_of(kind, tmp_path) as place:
        yield lambda threaded=True: Store.open(place, vault(tmp_path), clock, threaded)


@pytest.fixture
async def store(open_store):
    opened = open_store()
    yield opened
    await opened.close()
