"""A town for each scene."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenes.town import Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """The simulator and its mail server run; the program is set up and not started."""
    with Town(tmp_path) as running:
        yield running
