"""The mail server at the end of a run: our fast sink, or a private Postfix; fresh for every run."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.certificates import Certificates
from bench.judge import compared, judge_imap, taken
from bench.letters import Letter
from bench.postfix import postfix
from bench.processes import python, server, wait_for_file


@dataclass(frozen=True)
class End:
    """A mail server that runs, and what judges the letters it took."""

    folder: Path
    tls: int
    starttls: int
    judge: Callable[[Sequence[Letter]], str]


Ends = Callable[[Path, Certificates], AbstractContextManager[End]]


@contextmanager
def fast_sink(folder: Path, certificates: Certificates, seconds: float = 0.0) -> Iterator[End]:
    """Takes everything, each after so many seconds, and keeps it until the block is left."""
    folder = folder / "sink"
    folder.mkdir()
    command = python("bench.sink", str(folder), str(certificates.chain), str(certificates.key), str(seconds))
    try:
        with server(command, folder, "output") as process:
            wait_for_file(folder / "ports", process)
            ports = json.loads((folder / "ports").read_text())
            yield End(folder, ports["tls"], ports["starttls"], lambda letters: judge_imap(taken(folder), letters))
    finally:
        shutil.rmtree(folder)  # as large as all the letters


@contextmanager
def real_postfix(folder: Path, certificates: Certificates) -> Iterator[End]:
    """Queues durably; it is judged by recipients and Message-IDs."""
    with postfix(folder, certificates) as running:

        def judge(letters: Sequence[Letter]) -> str:
            wanted = Counter((one.recipient, one.message_id) for one in letters)
            return compared(Counter(running.taken(len(letters))), Counter(wanted))

        yield End(running.base, running.tls, running.starttls, judge)
