import pytest

from nemboks.clock import RealClock
from nemboks.domain.pace import Pace
from nemboks.intake.imap import ImapInbox
from tests.intake.imap_peer import LETTER, OTHER, imap_peer
from tests.intake.rest_peer import MEMO, ONE, TWO, MemoShelf, rest_peer


@pytest.fixture
def pace() -> Pace:
    """Waits short enough for a test and long enough for a busy machine."""
    return Pace.demo().model_copy(update={"request_seconds": 5.0})


@pytest.fixture
async def imap(tmp_path):
    """The scripted IMAP server."""
    async with imap_peer(tmp_path) as peer:
        yield peer


@pytest.fixture
async def open_inbox(imap, pace):
    """Opens inboxes on the scripted server; all are closed at the end."""
    inboxes = []

    def opened(user="anna", password="hemmelig", access=None, **waits):
        inbox = ImapInbox(access or imap.access, user, password, pace.model_copy(update=waits), RealClock())
        inboxes.append(inbox)
        return inbox

    yield opened
    for inbox in inboxes:
        await inbox.close()


@pytest.fixture
async def inbox(imap, open_inbox):
    """An inbox that has listed two letters."""
    imap.letters = {3: LETTER, 9: OTHER}
    inbox = open_inbox()
    await inbox.list()
    return inbox


@pytest.fixture
async def shelf(tmp_path):
    """The scripted Digital Post, with two letters."""
    async with rest_peer(tmp_path, MemoShelf({ONE: MEMO, TWO: b"<m/>"})) as peer:
        yield peer
