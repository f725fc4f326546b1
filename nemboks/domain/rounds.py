"""What is done for everybody at once and comes again, such as the morning's digests: when it is due next."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Round:
    """One thing that comes again. `name` is unique."""

    id: int  # 0: not written yet
    name: str
    due_at: datetime
