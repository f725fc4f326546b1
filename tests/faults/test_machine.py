"""RELIABILITY 4a: what may happen to the process and its machine, at each of a letter's sixteen steps.

A real daemon is held still at the step (child.py), suffers one thing, and goes on or is started again. Whatever it
was: the company has the letter, whole, a second copy only after a counted uncertain end, and then Digital Post lets
it go.
"""

import asyncio
import errno
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from nemboks.cli.demo_world import World
from nemboks.cli.errors import FAILED
from nemboks.settings import load
from nemboks.wiring import open_store
from tests.faults.child import STEPS
from tests.faults.moments import NEW, Case, Lives, case

SHIFTS = (3_600.0, -3_600.0, 86_400.0, -86_400.0)  # seconds; simulation/floor1 has every one at every step
HELD = 0.4  # seconds that the loop is blocked; the watchdog is fed each 0.04
REFUSED = "smtp-rcpt-550"  # before a notice there must be something to tell
AFTER_THE_DOT = "ZJ"  # dot_begun is committed, an outcome is not


@pytest.fixture(scope="module")
def lives() -> Iterator[Lives]:
    lives = Lives()
    yield lives
    lives.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("world"), 1, "rest", "on-receipt", 1) as world:
        world.write_config()
        yield world


@pytest.fixture(scope="module")
def template(world: World) -> Path:
    """An empty ledger, so that no case has to make one."""
    settings = load(world.config, environ={})
    asyncio.run(open_store(settings).close())
    return settings.database


@pytest.fixture
def at(world: World, lives: Lives, template: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Case]:
    """The case of the test's step."""
    tmp_path.chmod(0o700)
    fault = REFUSED if request.node.callspec.params["step"] == "N" else ""
    with case(world, lives, template, tmp_path, fault) as one:
        yield one


each = pytest.mark.parametrize("step", STEPS)


def judge(case: Case, uncertain: int = 0, to: str = "") -> None:
    """The letter arrived, as often as is allowed, each time the same; then it left Digital Post."""
    row, mails, letter = case.heal(), case.mails(), case.upstream()
    assert row["uncertain"] == uncertain
    assert 1 <= len(mails) <= 1 + uncertain
    assert len({mail["sha256"] for mail in mails}) == 1
    assert min(mail["n"] for mail in mails) < letter["removed"]
    assert {one["sha256"] for one in mails[0]["attachments"]} >= {one["sha256"] for one in letter["documents"]}
    assert not to or [mail["to"] for mail in mails] == [to]


@each
def test_killed(at: Case, step: str) -> None:
    """SIGKILL: the next start makes up for it; only between dot_begun and the outcome is the end uncertain."""
    with at.held(step) as life:
        assert life.end(signal.SIGKILL) == -signal.SIGKILL

    in_doubt = at.in_doubt()
    # Beside a notice the letter itself may be at its dot: that is another task's step, and the ledger says which.
    assert step == "N" or in_doubt == (step in AFTER_THE_DOT)
    judge(at, uncertain=int(in_doubt))


@each
def test_told_to_stop(at: Case, step: str) -> None:
    """SIGTERM: exit 0 and no uncertain end; what had sent its dot is finished, the rest is done by the next start."""
    with at.held(step) as life:
        life.signal(signal.SIGTERM)
    assert life.wait() == 0
    before = at.ledger()

    assert not before or before[0]["uncertain"] == 0
    assert step not in AFTER_THE_DOT + "KV" or before[0]["forwarded_at"]
    judge(at)


@each
def test_told_to_reload(at: Case, step: str) -> None:
    """SIGHUP after the address was changed: the new settings count at the start that follows; no letter goes astray."""
    with at.held(step) as life:
        at.readdress()
        life.signal(signal.SIGHUP)
    assert life.wait() == 0

    gone = bool((ledger := at.ledger()) and ledger[0]["forwarded_at"])
    # Beside a notice the letter itself may be at its dot: that is another task's step, and the ledger says which.
    assert step == "N" or gone == (step in AFTER_THE_DOT + "KV")
    judge(at, to="" if gone else NEW)


@each
def test_the_clock_is_set(at: Case, step: str) -> None:
    """By an hour or a day, forward or back: nothing is sent twice or given up, and nothing waits for that hour."""
    with at.held(step):
        at.fate = {"clock": SHIFTS[STEPS.index(step) % len(SHIFTS)]}

    judge(at)


@each
def test_the_loop_is_blocked(at: Case, step: str) -> None:
    """Meanwhile systemd hears nothing, and would end us after WatchdogSec; when it goes on nothing was harmed."""
    with at.held(step):
        at.fed()
        at.pause(HELD)
        assert at.fed() == 0
    at.until(lambda: at.fed() > 0)

    judge(at)


@each
def test_no_file_can_be_opened(at: Case, step: str) -> None:
    """For a while there is no file descriptor: the daemon waits or ends as failed; no letter is lost or doubled."""
    with at.held(step):
        at.fate = {"files": True}

    judge(at, uncertain=at.heal()["uncertain"])


@each
def test_a_sync_fails(at: Case, step: str) -> None:
    """EIO: nothing is told as done any more, the process ends as failed at its next commit, and the next is whole."""
    with at.held(step) as life:
        at.fate = {"disk": errno.EIO}
    assert life.wait() == FAILED

    judge(at, uncertain=int(step in AFTER_THE_DOT))


@each
def test_the_disk_is_full(at: Case, step: str) -> None:
    """ENOSPC for a while: nothing that cannot be written down is done; with room again every letter goes its way."""
    with at.held(step):
        at.fate = {"disk": errno.ENOSPC}

    judge(at, uncertain=at.heal()["uncertain"])
    assert '_failed"' in at.log(), "nobody wanted to write"


@pytest.mark.parametrize("step", "DBZJ")
def test_stopped_beyond_the_deadline(at: Case, step: str) -> None:
    """SIGSTOP: a body that is late gets no dot; a reply that is read late is a fact all the same (D10)."""
    at.config.write_text(at.config.read_text().replace("attempt_seconds = 60", "attempt_seconds = 1"))
    with at.held(step) as life:
        life.signal(signal.SIGSTOP)
        at.pause(1.3)
        life.signal(signal.SIGCONT)

    judge(at)
    assert at.ledger()[0]["attempts"] == 1 + (step in "DB")
