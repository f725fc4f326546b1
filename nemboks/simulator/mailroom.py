"""The mails that the pretend mail server has taken, in the order in which it took them.

Promises: a mail is stamped after its file is complete and parsed, right before its 250 is written; one that was kept
although its client never got the 250 is marked `kept_only`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nemboks.simulator.deposit import Deposit
from nemboks.simulator.inboxes import Counter
from nemboks.simulator.mail_facts import MailFacts

OWN_HEADERS = "Nemboks-"


@dataclass(frozen=True)
class Handover:
    """How a mail came: envelope and connection."""

    mail_from: str
    recipients: tuple[str, ...]
    tls_version: str | None
    server: str


class Mailroom:
    """All accepted mails of the run."""

    def __init__(self, counter: Counter, incoming: Path, accepted: Path) -> None:
        self._counter = counter
        self._incoming = incoming
        self._accepted = accepted
        self._count = 0
        self._items: list[dict[str, Any]] = []

    def new_deposit(self) -> Deposit:
        """A file for a mail on its way in; it goes away unless `accept` follows."""
        self._count += 1
        return Deposit(self._incoming / f"{self._count:05}.part")

    def accept(self, deposit: Deposit, handover: Handover, facts: MailFacts, *, kept_only: bool = False) -> None:
        """Nothing; the mail is in the accepted folder, stamped and listed. Does not wait, so a reply can follow."""
        stored = deposit.keep()
        act = self._counter.stamp("accepted")
        path = stored.path.replace(self._accepted / f"{act['n']:04}.eml")
        item = {
            **act,
            "to": ", ".join(handover.recipients),
            "mail_from": handover.mail_from,
            "file": str(path),
            "size": stored.size,
            "sha256": stored.sha256,
            "subject": facts.text("Subject"),
            "message_id": facts.text("Message-ID"),
            "from": facts.text("From"),
            "headers": facts.fields(OWN_HEADERS),
            "attachments": [
                {"name": part.name, "sha256": part.sha256, "size": part.size} for part in facts.documents()
            ],
            "server": handover.server,
            "tls": {"version": handover.tls_version},
        }
        self._items.append(item | {"kept_only": True} if kept_only else item)

    def items(self) -> list[dict[str, Any]]:
        """The mails as JSON shows them, oldest first."""
        return self._items
