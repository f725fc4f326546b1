"""How long a letter is under way: from the moment it lies in the mailbox to the mail server's 250, in a daemon at work.

Letters come one after the other to a daemon that has time for them. Over IMAP Dovecot tells of them (IDLE) and the
settings are production's. Over REST nobody tells: the wait for the next look is part of the way, so the same is
measured with the demo's looks every 0.8 s; with production's 300 s it would be that wait and little else.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.dovecot import PASSWORD, Dovecot, dovecot
from bench.ends import End, fast_sink
from bench.judge import Taken, imap_key, taken
from bench.letters import cvrs, make, recipient
from bench.processes import Missing, has, init, python, server
from bench.runs import Ground, Run
from bench.simulator import simulator

LETTERS, GAP_SECONDS, LIMIT_SECONDS, BOXES = 100, 0.1, 60.0, 10
MIX = ((60_000, 1),)


def measure(name: str, ground: Ground) -> Iterator[Run]:
    """Both faces in each round. Missing where there is no Dovecot, after the rounds of REST."""
    letters = 3 if ground.small else LETTERS
    for number in range(ground.rounds):
        yield _rest(name, ground, number, letters)
    if not has("dovecot"):
        raise Missing("dovecot is not installed")
    for number in range(ground.rounds):
        yield _imap(name, ground, number, letters)


def _rest(name: str, ground: Ground, number: int, letters: int) -> Run:
    room = ground.room(name)
    try:
        with simulator(room, BOXES) as upstream, fast_sink(room, ground.certificates) as end:
            demo = 'environment = "demo"'  # for its short waits
            settings = upstream.settings(room / "state", ground.certificates.ca, end.tls, demo)
            put: dict[str, float] = {}

            def one(index: int) -> None:
                at = time.time()
                cvr = upstream.cvrs[index % BOXES]
                put[str(upstream.put(cvr, number, index)["id"])] = at

            with running(settings, room):
                _send(one, letters, end)
            memos = upstream.memos(0)
            mails = taken(end.folder)
            arrived = {memos.key(mail)[1]: mail for mail in mails}
            verdict = memos.judge(mails)
            return Run(name, "REST, looks every 0.8 s", number, verdict, _figures(put, arrived))
    finally:
        shutil.rmtree(room)


def _imap(name: str, ground: Ground, number: int, letters: int) -> Run:
    room, users = ground.room(name), cvrs(BOXES)
    posted = make(room / "letters", users, (letters + BOXES) // BOXES + 1, MIX)
    posted = [one for turn in range(len(posted) // BOXES) for one in posted[turn :: len(posted) // BOXES]]
    try:
        with dovecot(room, ground.certificates) as upstream, fast_sink(room, ground.certificates) as end:
            upstream.prepare(users)
            put: dict[str, float] = {}

            def one(index: int) -> None:
                put[posted[index].message_id] = time.time()
                upstream.deliver([posted[index]])

            with running(_imap_settings(room / "state", users, upstream, end, ground.certificates.ca), room):
                _send(one, letters, end)
            mails = taken(end.folder)
            arrived = {imap_key(mail)[1]: mail for mail in mails}
            verdict = end.judge([one for one in posted if one.message_id in put])
            return Run(name, "IMAP, IDLE", number, verdict, _figures(put, arrived))
    finally:
        shutil.rmtree(room)


def _imap_settings(folder: Path, users: Sequence[str], upstream: Dovecot, end: End, ca: Path) -> Path:
    """A settings file of production's; its folder is made."""
    folder.mkdir()
    lines = [
        f'state_dir = "{folder}"', f'master_key_file = "{folder}/master.key"', "[upstream]", 'imap_host = "localhost"',
        f"imap_port = {upstream.imap}", f'imap_ca_file = "{ca}"', "[servers.sink]", 'host = "localhost"',
        f"port = {end.tls}", f'ca_file = "{ca}"', "internal = true", "[notices]", 'server = "sink"',
    ]  # fmt: skip
    for user in users:
        lines += ["[[mailboxes]]", f'cvr = "{user}"', 'inbox = "imap"', f'user = "{user}"', f'password = "{PASSWORD}"',
                  f'address = "{recipient(user)}"', 'server = "sink"']  # fmt: skip
    path = folder / "nemboks.toml"
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o600)
    init(path)
    return path


@contextmanager
def running(settings: Path, room: Path) -> Iterator[None]:
    """The daemon at work."""
    with server(python("nemboks.cli.main", "run", "--config", str(settings)), room, "daemon") as process:
        _until(lambda: "daemon_ready" in (room / "daemon.log").read_text(), "the daemon did not start")
        yield
        assert process.poll() is None, "the daemon ended by itself"


def _send(put: Callable[[int], None], letters: int, end: End) -> None:
    """First one letter for each mailbox, until all have come: then every connection is there. The rest at a pace."""
    for index in range(BOXES + letters):
        put(index)
        if index == BOXES - 1:
            _until(lambda: len(taken(end.folder)) >= BOXES, "the first letters did not come")
        elif index >= BOXES:
            time.sleep(GAP_SECONDS)
    _until(lambda: len(taken(end.folder)) >= BOXES + letters, "not all letters came")


def _until(true: Callable[[], bool], words: str) -> None:
    limit = time.monotonic() + LIMIT_SECONDS
    while not true():
        if time.monotonic() > limit:
            raise RuntimeError(words)
        time.sleep(0.05)


def _figures(put: Mapping[str, float], arrived: Mapping[str, Taken]) -> dict[str, float]:
    """Of the letters after each mailbox's first."""
    seconds = sorted(arrived[key].at - at for key, at in list(put.items())[BOXES:] if key in arrived)
    return {"p50_s": seconds[len(seconds) // 2], "p95_s": seconds[int(len(seconds) * 0.95)]}
