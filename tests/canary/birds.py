"""What is planted, and the few places where each may be seen; everywhere else it is a leak.

Places: `log` (the daemon's output), `db` (ledger files as they lie on disk), `spool` and `documents` (files), `other`
(whatever else lies in the state folder), `cli NAME` (what a command said), `process` (command line and environment of
the daemon), `letter header` and `letter body` (mails to the company), `notice` (all other mails).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# Commands that tell of one letter, to people who may see titles; every other command tells none.
_TITLES: Final = ("cli letter show", "cli letter show --json", "cli explain letter", "cli letter tray")
# Commands of the operator, who wrote the address down; lists of letters and the log have it masked or not at all.
_ADDRESSES: Final = ("cli cvr list", "cli cvr export", "cli route list", "cli letter show", "cli letter show --json")


@dataclass(frozen=True)
class Canary:
    """Something planted. `allowed` are the places where people may see it, each with its reason in the table."""

    name: str
    text: str
    allowed: tuple[str, ...] = ()


# CPR shapes with serials that nobody has. SECURITY.md 6: never outside the ciphertext, but in the mail as it came.
NUMBERS: Final = (
    Canary("number in the title", "010101-0000", ("letter body",)),
    Canary("number in the authority's name", "020202-0000", ("letter body",)),
    Canary("number in the text", "030303-0000", ("letter body",)),
    Canary("number in a file's name", "040404-0000"),  # masked there too: a name is a header
    Canary("number in a case", "050505-0000"),
    Canary("number in an action", "060606-0000", ("letter body",)),
    Canary("number in a NemSMS", "070707-0000"),
    Canary("number in the name of a file that is held", "080808-0000"),
    Canary("number in full-width digits", "０９０９０９００００", ("letter body",)),
)
WORDS: Final = (
    Canary("title", "kanarietitel", ("letter body", "letter header", "db", *_TITLES)),  # A4: kept for 90 days
    Canary("authority", "kanariemyndighed", ("letter body", "letter header", "db", *_TITLES)),
    Canary("text", "kanariebrødtekst", ("letter body",)),
    Canary("file's octets", "kanariebilag-i-en-fil", ("letter body",)),
    Canary("file's name", "kanariefil", ("letter body", "letter header", "db", *_TITLES)),
    Canary("action", "kanariehandling", ("letter body", "db")),  # its headline, which every attempt composes from
    Canary("case", "kanariesag", ("db",)),  # what a route's rule may go by
    Canary("NemSMS", "kanariesms", ("db", *_TITLES)),
    Canary("local part of the company's address", "kanarie.anna.bager", ("letter header", "notice", "db", *_ADDRESSES)),
)


def secrets_of(given: Mapping[str, str]) -> tuple[Canary, ...]:
    """The run's own secrets: tokens, passwords, the master key, codes. None may be seen anywhere, but a code in its
    mail."""
    return tuple(
        Canary(name, text, ("notice",) if name.startswith("code") else ()) for name, text in sorted(given.items())
    )
