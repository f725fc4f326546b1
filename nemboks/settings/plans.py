"""Plans as the operator sells them."""

from typing import Literal

from pydantic import Field

from nemboks.domain.plans import Plan
from nemboks.settings.group import Group


class SoldPlan(Group):
    """One plan; the name behind the dot is what `nemboks plan set` is given. Without any, everybody may use all."""

    cvrs: int = Field(1, ge=0, description="CVRs that an account may have; 0: as many as wanted.")
    features: tuple[Literal["copies", "rules", "holiday", "digest", "import", "webhooks"], ...] = Field(
        (), description="What it has besides forwarding: copies, rules, holiday, digest, import, webhooks."
    )

    def named(self, name: str) -> Plan:
        """The plan, as accounts have it."""
        return Plan(name, self.cvrs, frozenset(self.features))
