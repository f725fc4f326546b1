"""Certificates for the whole room: making them takes longer than most of its tests."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.helpers.smtp_server import Certificates


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority that the courier trusts, and its certificate for localhost."""
    return Certificates.make(Path(tmp_path_factory.mktemp("certificates")))


@pytest.fixture(autouse=True)
async def no_leftovers() -> AsyncIterator[None]:
    """After each test no task is left but the test's own."""
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left
