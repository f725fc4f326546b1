import pytest

from nemboks.store.store import Store
from tests.contracts.ledgers import place_of, vault
from tests.helpers.clock import PretendClock


@pytest.fixture
def clock():
    return PretendClock()


@pytest.fixture
def kind():
    """Where the ledger lies; a module whose tests look at no file names both."""
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


@pytest.fixture
def home(tmp_path):
    """A server with an empty ledger."""
    with place_of("postgresql", tmp_path) as place:
        yield place


@pytest.fixture
async def opened(home, tmp_path, clock):
    """Opens stores on one database; all are closed in the end."""
    stores = []

    def more(threaded=True, place=home, time=clock):
        stores.append(Store.open(place, vault(tmp_path), time, threaded))
        return stores[-1]

    yield more
    for store in stores:
        await store.close()


@pytest.fixture
def beside(home):
    """A connection of somebody else's to the same database."""
    driver = home.place.bare()
    yield driver
    driver.close()
