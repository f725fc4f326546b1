import pytest

from tests.contracts.ledgers import KINDS, ledger_of


@pytest.fixture(params=KINDS)
async def ledger(request, tmp_path):
    """Each ledger in turn."""
    async with ledger_of(request.param, tmp_path) as opened:
        yield opened
