"""Processes of ours: run one to its end and say what it used, or keep a server while it is needed.

Promises: every process that is started here is ended here, by its own id; nothing waits without a limit.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin"))
SAMPLE_SECONDS = 0.02
END_SECONDS = 15.0


class Missing(Exception):
    """A scenario cannot be run on this machine; the words say what it lacks."""


@dataclass(frozen=True)
class Usage:
    """What one process used, with all that it started: seconds, seconds, bytes, its exit code."""

    wall: float
    cpu: float
    peak: int
    code: int


def need(program: str) -> str:
    """The path of a program. Missing where it is not installed."""
    found = shutil.which(program, path=PATH)
    if found is None:
        raise Missing(f"{program} is not installed")
    return found


def has(*programs: str) -> bool:
    """Whether all of them are installed."""
    return all(shutil.which(program, path=PATH) for program in programs)


def init(config: Path) -> None:
    """Makes what the settings want, as a person does."""
    words = [*python("nemboks.cli.main"), "init", "--config", str(config)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=environment())  # noqa: S603


def environment(**more: str) -> dict[str, str]:
    """The environment without settings of the user's own."""
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith("NEMBOKS_")}
    return {**kept, "PATH": PATH, "PYTHONPATH": str(ROOT), **more}


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of ours."""
    return [sys.executable, "-m", module, *arguments]


def run(command: Sequence[str], folder: Path, seconds: float, **more: str) -> Usage:
    """What the command used, run in `folder` to its end; killed after so many seconds (then `code` is negative).

    The peak is the larger of the process's own high water and the sampled sum over all it started.
    """
    with (folder / "output").open("ab") as out:
        begun = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 -- our own command
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment(**more),
            start_new_session=True,
        )  # fmt: skip
    sampler = _Sampler(process.pid)
    timer = threading.Timer(seconds, lambda: _kill_group(process.pid))
    sampler.start()
    timer.start()
    try:
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        timer.cancel()
        sampler.stop()
        if process.returncode is None:
            _kill_group(process.pid)
            process.wait()
    return Usage(wall, used.ru_utime + used.ru_stime, sampler.peak, process.returncode)


@contextmanager
def server(command: Sequence[str], folder: Path, name: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs until the block is left; its output goes to NAME.log in the folder."""
    with (folder / f"{name}.log").open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 -- our own command
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment(**more),
            start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> int:
    """Its exit code, after it was asked to stop, and killed if it did not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            _kill_group(process.pid)
    return process.wait()


def wait_for_file(path: Path, process: subprocess.Popen[bytes], seconds: float = 60.0) -> None:
    """Returns when the file is there. RuntimeError if the process ended, or the time did."""
    limit = time.monotonic() + seconds
    while not path.exists():
        if process.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"{path.name} did not appear; see the logs in {path.parent}")
        time.sleep(0.02)


def wait_for_port(port: int, process: subprocess.Popen[bytes], seconds: float = 20.0) -> None:
    """Returns when somebody listens there. RuntimeError if the process ended, or the time did."""
    limit = time.monotonic() + seconds
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"nobody listens on port {port}")
        time.sleep(0.05)


def free_port() -> int:
    """A port that nobody has now, for servers that cannot be asked which one they got."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def cpu_seconds(pid: int) -> float:
    """What a running process has used up to now, all its threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, line: str = "VmRSS") -> int:
    """Bytes of memory of a running process: VmRSS now, VmHWM at its highest; 0 when it is gone."""
    with suppress(OSError):
        for row in Path(f"/proc/{pid}/status").read_text().splitlines():
            if row.startswith(line + ":"):
                return int(row.split()[1]) * 1024
    return 0


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


class _Sampler(threading.Thread):
    """The peak memory of a process and all it started, looked at often."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak = pid, 0
        self._end = threading.Event()

    def run(self) -> None:
        while not self._end.wait(SAMPLE_SECONDS):
            every = list(_tree(self.pid))
            together = sum(memory(pid) for pid in every)
            self.peak = max(self.peak, together, memory(self.pid, "VmHWM"))

    def stop(self) -> None:
        self._end.set()
        self.join()
