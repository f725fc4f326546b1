"""The whole job over IMAP: fetch over verified TLS, send, delete upstream after the mail server's 250.

Contenders empty the same filled mailboxes in turn in each round. Before each run the same command runs over one empty
mailbox: that is its start-up, shown apart and taken off, and its memory is what `over idle` means.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.contenders import ALL, Contender, Job
from bench.dovecot import Dovecot, dovecot
from bench.ends import Ends, fast_sink, real_postfix
from bench.judge import OK
from bench.letters import LARGE, MIX, Letter, cvrs, make
from bench.processes import Usage, run
from bench.runs import Ground, Run

SECONDS = 300.0
SMALL_MIX = ((3_000, 1),)


@dataclass(frozen=True)
class Filling:
    """So many mailboxes, so many letters in each, of these sizes; and where they go."""

    mailboxes: int
    each: int
    mix: tuple[tuple[int, int], ...] = MIX
    end: Ends = fast_sink


FILLINGS = {
    "imap": Filling(100, 10),
    "imap-one": Filling(1, 400),
    "imap-each": Filling(500, 1),
    "imap-empty": Filling(1000, 0),
    "imap-large": Filling(1, 1, LARGE),
    "imap-postfix": Filling(40, 5, end=real_postfix),
}


def measure(name: str, ground: Ground) -> Iterator[Run]:
    """A run of each contender in each round. Missing where there is no Dovecot (or no Postfix that is asked for)."""
    filling = FILLINGS[name]
    if ground.small:
        filling = Filling(2, min(2, filling.each), SMALL_MIX, filling.end)
    room, users = ground.room(name), cvrs(filling.mailboxes)
    letters = make(room / "letters", users, filling.each, filling.mix)
    try:
        with dovecot(room, ground.certificates, pop=True) as upstream:
            chosen = [one for one in ALL if one.here(bool(upstream.pop3)) and ground.wants(one.name)]
            if not ground.small:
                _warm(upstream, users, ground, filling)
            for number in range(ground.rounds):
                for contender in (one for one in chosen if number == 0 or not one.slow):
                    start, _ = _one(contender, upstream, users[:1], [], ground, filling.end)
                    used, verdict = _one(contender, upstream, users, letters, ground, filling.end)
                    yield Run(name, contender.name, number, verdict, _figures(used, start, users, letters))
    finally:
        shutil.rmtree(room)


def _warm(upstream: Dovecot, users: Sequence[str], ground: Ground, filling: Filling) -> None:
    """Every mailbox has been opened before: in life it is not its first day."""
    _one(ALL[0], upstream, users, [], ground, filling.end)


def _one(
    contender: Contender, upstream: Dovecot, users: Sequence[str], letters: Sequence[Letter], ground: Ground, end: Ends
) -> tuple[Usage, str]:
    upstream.prepare(users)
    upstream.deliver(letters)
    folder = ground.room("run")
    try:
        with end(folder, ground.certificates) as server:
            job = Job(
                folder, users, ground.certificates.ca, upstream.imap, upstream.pop3, server.tls, server.starttls,
                ground.program,
            )  # fmt: skip
            used = run(contender.command(job), folder, SECONDS, FETCHMAILHOME=str(folder), HOME=str(folder))
            verdict = server.judge(letters)
        left = upstream.left()
        if verdict == OK and left:
            verdict = f"{left} left upstream"
        if used.code < 0 or (used.code and contender is ALL[0]):  # fetchmail's 1 means "no mail"
            verdict = f"ended with {used.code}"
        return used, verdict
    finally:
        shutil.rmtree(folder)


def _figures(used: Usage, start: Usage, users: Sequence[str], letters: Sequence[Letter]) -> dict[str, float]:
    seconds, cpu = max(used.wall - start.wall, 1e-3), max(used.cpu - start.cpu, 0.0)
    figures = {
        "seconds": seconds, "startup_s": start.wall, "peak_mb": used.peak / 1e6,
        "over_idle_mb": max(0, used.peak - start.peak) / 1e6,
    }  # fmt: skip
    if letters:
        size = sum(one.size for one in letters)
        figures |= {"letters_per_s": len(letters) / seconds, "mb_per_s": size / seconds / 1e6,
                    "cpu_ms_per_letter": cpu / len(letters) * 1e3}  # fmt: skip
    else:
        figures |= {"polls_per_s": len(users) / seconds, "cpu_ms_per_poll": cpu / len(users) * 1e3}
    return figures
