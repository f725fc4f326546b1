"""`./x test`: every check of the project, the same here and in CI.

Each step tells its name and its seconds. All of them run, pytest last, so that one look shows everything that is
wrong; the exit code is that of the first step that failed. Arguments go to pytest: `./x test tests/domain -k verdict`.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

BIN = Path(sys.executable).parent
PYTHON = (sys.executable, "-m")

STEPS: dict[str, tuple[str, ...]] = {
    "lint": (*PYTHON, "ruff", "check", "--quiet", "."),
    "format": (*PYTHON, "ruff", "format", "--quiet", "--check", "."),
    "types": (*PYTHON, "mypy", "--no-error-summary"),
    "contracts": (str(BIN / "lint-imports"), "--no-logo", "--no-cache"),
    # Three processes for the two cores of a small machine: a good part of the tests waits for real neighbours.
    "tests": (*PYTHON, "pytest", "-n", "3", "--dist", "worksteal"),
}


def run(name: str, command: Sequence[str]) -> int:
    """The step's exit code; its output is shown as it comes."""
    print(f"── {name}", flush=True)
    began = time.monotonic()
    code = subprocess.run(command).returncode
    if name != "tests":  # pytest's own last line tells its seconds, and stays the last
        print(f"   {'ok' if code == 0 else f'FAILED ({code})'} after {time.monotonic() - began:.1f} s", flush=True)
    return code


def main(arguments: Sequence[str]) -> int:
    """The first failing step's exit code, 0 when all is well."""
    codes: dict[str, int] = {}
    for name, command in STEPS.items():
        if name == "tests":
            command = (*command, *arguments)
            if failed := [step for step, code in codes.items() if code]:
                print(f"   FAILED so far: {', '.join(failed)}", flush=True)
        codes[name] = run(name, command)
    return next((code for code in codes.values() if code), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
