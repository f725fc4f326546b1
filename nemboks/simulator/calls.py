"""How often each company's mailbox was asked for what, so that "it was never polled" can be seen.

Promises: a call is counted before it is answered, refused ones too; a call without a valid login is nobody's.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Literal, get_args

Kind = Literal["list", "fetch", "receipt", "delete", "lookup", "systems"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class Calls:
    """The counts by CVR: `list` … `delete` are calls of its own system, the last two ask the register about it.

    On the IMAP face a login is a `list`, a letter read a `fetch` and an expunge a `delete`.
    """

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, Kind]] = Counter()

    def count(self, cvr: str, kind: Kind) -> None:
        """Nothing; there was one more."""
        self._counts[cvr, kind] += 1

    def as_item(self, cvrs: Iterable[str]) -> dict[str, dict[str, int]]:
        """The counts of these companies as JSON shows them."""
        return {cvr: {kind: self._counts[cvr, kind] for kind in KINDS} for cvr in cvrs}
