import asyncio
import shutil

import pytest

from nemboks.store.spool import Spool
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.desk.estating import Court
from tests.desk.filled import Filled
from tests.desk.troubled import Trouble
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    """A ledger with Anna's and Bo's mailboxes and no letters, to be copied: migrations take longer than a test."""
    folder = tmp_path_factory.mktemp("fresh")

    async def fill() -> None:
        store = Store.open(folder / "nemboks.db", vault(folder), PretendClock(), threaded=False)
        await store.mailboxes.add(make.declared(), "settings")
        await store.mailboxes.add(make.declared(make.BO, name="Bos Bogholderi"), "settings")
        await store.close()

    asyncio.run(fill())
    return folder


@pytest.fixture
def clock():
    return PretendClock()


@pytest.fixture
async def store(fresh, tmp_path, clock):
    """A real ledger as the CLI opens it, with Anna's and Bo's mailboxes."""
    shutil.copytree(fresh, tmp_path, dirs_exist_ok=True)
    opened = Store.open(tmp_path / "nemboks.db", vault(tmp_path), clock, threaded=False)
    yield opened
    await opened.close()


@pytest.fixture
def filled(store, clock):
    return Filled(store, clock)


@pytest.fixture
async def trouble(filled):
    """A ledger to be asked about, with Anna's mailbox looked into a moment ago."""
    found = Trouble(filled)
    await found.look()
    return found


@pytest.fixture
async def court(store, clock, tmp_path):
    """Those who run Nemboks, and Anna's company that goes bankrupt."""
    return await Court(store, clock, Spool(tmp_path / "documents", vault(tmp_path), threaded=False)).sits()
