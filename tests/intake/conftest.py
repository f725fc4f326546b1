import pytest

from nemboks.domain.pace import Pace


@pytest.fixture
def pace() -> Pace:
    """Waits short enough for a test and long enough for a busy machine."""
    return Pace.demo().model_copy(update={"request_seconds": 5.0})
