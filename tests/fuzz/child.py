"""One parser under the fuzzer, in a process of its own: `python -m tests.fuzz.child NAME LIBFUZZER-ARGUMENTS`.

An input that takes more than a second of processor time ends the run as a crash does: by the wall it would be the
machine's other work that decides. Memory is the fuzzer's own limit, on the whole process.
"""

import sys
import time

import atheris

from tests.fuzz.child_limits import SECONDS
from tests.fuzz.parsers import parser


class TooSlow(Exception):
    """One input took longer than SECONDS of processor time."""


def main() -> None:
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=["nemboks"]):
        harness = parser(name)

    def one(octets: bytes) -> None:
        begun = time.process_time()
        harness.check(octets)
        if (taken := time.process_time() - begun) > SECONDS:
            raise TooSlow(f"{taken:.1f} s for {len(octets)} octets")

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
