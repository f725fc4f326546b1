"""Entry point of `nemboks-simulator`: a sentence, not a traceback, where the simulator's packages are not installed."""

import sys
from typing import Final

EXTRA: Final = frozenset({"aiosmtpd", "pymap", "starlette", "uvicorn"})  # the extra `sim`


def main() -> None:
    """The command. Ends with 78 where the extra `sim` is missing."""
    try:
        from nemboks.simulator.app import main as program
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRA:
            raise
        print(f"{package} is missing. Install the simulator's packages: pip install 'nemboks[sim]'", file=sys.stderr)
        sys.exit(78)
    program()
