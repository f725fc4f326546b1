"""The delete fuse's ceilings."""

from typing import Final

from pydantic import Field

from nemboks.settings.group import Group

DEMO: Final = {"per_cvr_per_hour": 1_000_000, "all_per_hour": 10_000_000}  # a demo's letters all come in one minute


class Fuse(Group):
    """How many letters may leave Digital Post in an hour before we stop, and ask a person.

    A company gets some letters a day, a large one some hundred; at a great mailing of the authorities an accountant's
    thousand clients get a few each. After a shadow fortnight, and after every other wait that a person ends, what is
    owed goes out at 240 an hour for each CVR, so a backlog alone never reaches the ceiling. Not below 300 for that
    reason.
    """

    per_cvr_per_hour: int = Field(500, ge=300, description="Letters of one CVR; more trips its fuse.")
    all_per_hour: int = Field(20_000, ge=300, description="Letters of all CVRs; more trips the fuse of all.")
