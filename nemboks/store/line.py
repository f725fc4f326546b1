"""A connection to the ledger, as the writer and the reader use it: where the two databases differ in how they begin,
end and fail.

Promises: between `begin` and `commit` nobody else writes anything in the whole ledger, whatever process or machine
they are on, and what is read there is what stands at the commit (all guards, the chain of history and the fences rest
on it); what `snapshot` shows is of one moment. `commit` returns when the transaction is durable.
`patient` is asked before every further wait for a database that is busy or away; without patience that is an error.
"""

from collections.abc import Callable
from typing import Protocol

from sqlalchemy import Connection

Patient = Callable[[], bool]


class Line(Protocol):
    """One connection; not for two threads at a time."""

    def begin(self, patient: Patient) -> Connection:
        """The open transaction, which may write. StoreBusy, StoreAway."""
        ...

    def commit(self, patient: Patient) -> None:
        """Returns when it is durable. StoreAway: nothing of it was kept; StoreUnknown: nobody can say."""
        ...

    def rollback(self) -> None:
        """Ends what is open, kept or not; never raises."""
        ...

    def snapshot(self, patient: Patient) -> Connection:
        """The open transaction, which only reads; `rollback` ends it. StoreAway."""
        ...

    def told(self, error: BaseException) -> BaseException:
        """Our word for the database's error; any other error as it is."""
        ...

    def close(self) -> None: ...


def never() -> bool:
    """No patience."""
    return False
