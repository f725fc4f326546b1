"""Where the program's CPU goes: `python -m bench.sampler FILE MODULE WORDS…` runs the module and looks at its stacks.

Every 20 ms each thread's stack is weighed with the CPU that the kernel says the thread has used since the last look,
so that waiting counts for nothing and every thread counts. The shares of the threads are exact; of the functions, those
that let go of the interpreter (a write, a wait, the database) are met somewhat too often. FILE gets a section for each
run, start-up among them: the threads, the functions themselves, and the functions with all they call.
"""

import atexit
import runpy
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType

LOOK_SECONDS, SHOWN = 0.02, 30


class Sampler(threading.Thread):
    """Weighs stacks until the program ends."""

    def __init__(self, file: Path) -> None:
        super().__init__(daemon=True)
        self._file = file
        self._last: dict[int, float] = {}
        self._end = threading.Event()
        self.threads: dict[str, float] = defaultdict(float)
        self.own: dict[str, float] = defaultdict(float)
        self.whole: dict[str, float] = defaultdict(float)

    def run(self) -> None:
        while not self._end.wait(LOOK_SECONDS):
            stacks = sys._current_frames()
            for thread in threading.enumerate():
                if thread is not self and thread.native_id and thread.ident in stacks:
                    self._weigh(thread.name, thread.native_id, stacks[thread.ident])

    def _weigh(self, name: str, thread: int, stack: FrameType) -> None:
        spent = _cpu(thread)
        weight = spent - self._last.get(thread, 0.0)
        self._last[thread] = spent
        functions = list(_functions(stack))
        self.threads[name] += weight
        self.own[functions[0]] += weight
        for function in set(functions):
            self.whole[function] += weight

    def tell(self) -> None:
        """Writes what was seen behind what the file has."""
        self._end.set()
        self.join(1)
        total = sum(self.threads.values()) or 1e-9
        with self._file.open("a") as out:
            print(f"== {' '.join(sys.argv[1:])}: {total:.2f} CPU s at {time.strftime('%H:%M:%S')}", file=out)
            for words, counted in (("threads", self.threads), ("own", self.own), ("with all they call", self.whole)):
                print(f"-- {words}", file=out)
                for name, weight in sorted(counted.items(), key=lambda item: -item[1])[:SHOWN]:
                    print(f"{weight:8.3f} s {weight / total:6.1%}  {name}", file=out)


def _cpu(thread: int) -> float:
    with suppress(OSError):
        return int(Path(f"/proc/self/task/{thread}/schedstat").read_text().split()[0]) / 1e9
    return 0.0


def _functions(stack: FrameType | None) -> Iterator[str]:
    while stack is not None:
        code = stack.f_code
        yield f"{'/'.join(Path(code.co_filename).parts[-2:])}:{code.co_name}"
        stack = stack.f_back


def main() -> None:
    file, module, *words = sys.argv[1:]
    sampler = Sampler(Path(file))
    sys.argv = [module, *words]
    sampler.start()
    atexit.register(sampler.tell)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
