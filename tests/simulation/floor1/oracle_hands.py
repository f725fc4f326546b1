"""Whose hands a letter may come into: route, estate, plan, pause, agreement (I5, I10, I11, I12)."""

import json
from datetime import datetime
from typing import Any

from nemboks.domain.mailbox import Address
from tests.model import desk_oracle
from tests.model.desk_town import MOVED, OUTSIDE
from tests.simulation.floor1.courier import Kept
from tests.simulation.floor1.oracle_rows import Ledger, moment

UNDECIDED = ("open", "approved")
FIRMS = ("holm.example", "lund.example")


class Hands(Ledger):
    """Asked at a claim, at the commit of dot_begun, and at the dot itself."""

    def i05_route(self, row: Any) -> None:
        """The attempt's address is the one that the newest route names for this letter now."""
        attempt = self._attempt(row["id"], 0, row["fence"])
        route = self.rows(
            "SELECT * FROM routes WHERE mailbox_id = ? ORDER BY version DESC LIMIT 1", (row["mailbox_id"],)
        )[0]
        posted = self.posted_of(row)
        if posted is None:
            return
        plain = {
            "address": route["address"], "unrouted": route["unrouted"], "rules": json.loads(route["rules"]),
            "holiday": json.loads(route["holiday"]) if route["holiday"] else None,
        }  # fmt: skip
        wanted = desk_oracle._goes(plain, posted, self.sim.clock.now())  # type: ignore[arg-type]
        if wanted != attempt["address"] or route["version"] != attempt["route_version"]:
            self.breach(
                "misdelivered",
                f"I5: letter {row['id']} goes to {attempt['address']} by version {attempt['route_version']};"
                f" version {route['version']} says {wanted}",
            )
        self.i10_estate(row, attempt["address"])

    def i10_estate(self, row: Any, address: str) -> None:
        """Nothing before a case is decided; then only later post goes, and only to the kurator of its time."""
        cases = self.rows("SELECT * FROM estates WHERE mailbox = ?", (row["mailbox_id"],))
        now, posted = self.sim.clock.now(), self.posted_of(row)
        if not cases or posted is None:
            return
        due = [x for x in cases if x["state"] == "in_effect"
               or (x["state"] == "approved" and moment(x["effective_at"]) <= now)]  # fmt: skip
        if not due:
            if any(x["state"] in UNDECIDED for x in cases):
                self.breach("misdelivered", f"I10: letter {row['id']} goes while a case is not decided")
            return
        case = max(due, key=lambda x: x["effective_at"])
        domain, first = Address(address).domain, min(moment(x["effective_at"]) for x in due)
        if domain not in FIRMS:
            self.breach("misdelivered", f"I10: letter {row['id']} goes to the people of before")
        if self.sim.clock_was_stepped or posted.left_out:
            return  # whose time a letter came by nobody can say then
        if posted.at < first:
            self.breach("misdelivered", f"I10: letter {row['id']} came before the estate took effect")
        if posted.at >= moment(case["effective_at"]) and domain != Address(case["address"]).domain:
            self.breach("misdelivered", f"I10: letter {row['id']} goes to another than its kurator")

    def i11_i12_may_go(self, row: Any, what: str) -> None:
        box = self.box(row["mailbox_id"])
        if box["paused_at"] is not None:
            self.breach("misdelivered", f"I12: a {what} of letter {row['id']} while its mailbox is paused")
        if box["serves_until"] is not None and self.sim.clock.now() >= moment(box["serves_until"]):
            self.breach("misdelivered", f"I11: a {what} of letter {row['id']} after the plan's end")

    def i05_agreed(self, kept: Kept, at: datetime) -> None:
        """Nobody outside gets anything before they typed their code."""
        if kept.recipient == OUTSIDE and not self.rows(
            "SELECT 1 FROM codes WHERE address = ? AND used_at IS NOT NULL", (str(OUTSIDE),)
        ):
            self.breach("misdelivered", f"I5: letter {kept.letter} went to an address that never agreed")
        if kept.recipient == MOVED and not self.rows("SELECT 1 FROM changes WHERE new = ? AND proven_at IS NOT NULL",
                                                     (str(MOVED),)):  # fmt: skip
            self.breach("misdelivered", f"I5: letter {kept.letter} went to an address that nobody proved")
