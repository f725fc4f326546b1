import pytest

from tests.store.conftest import beside, clock, home, opened

__all__ = ["beside", "clock", "home", "opened"]  # fixtures


@pytest.fixture
def share(request):
    """One worker's share of the ledger after another; each by a store of its own."""
    more = request.getfixturevalue("opened")
    return lambda wanted=lambda letter: True: more().share(60.0, wanted)
