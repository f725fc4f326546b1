"""The ledger's tables. A row says what is durably true; contents are never here (D2).

Changed only together with a new revision under migrations/; a test compares the two.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from nemboks.domain.custody import Consent, Custody, Life
from nemboks.domain.delivery import DeliveryState
from nemboks.domain.headline import Copy, Headline
from nemboks.domain.incidents import Cause, NoticeKind
from nemboks.domain.mailbox import Face, Role
from nemboks.domain.proof import Confirmation, Report
from nemboks.domain.states import Elsewhere, State
from nemboks.ports import Finding
from nemboks.store.chosen import holiday_of, options_of, others_of, rules_of
from nemboks.store.columns import Details, Made, UtcTime, Value, Word

PROOFS = Value(tuple[Confirmation, ...])
NUMBERS = Value(tuple[int, ...])
NAMES = Value(tuple[str, ...])
FINDINGS = Value(tuple[Finding, ...])

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("cvr", String(8), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("face", Word(Face), nullable=False),
    Column("credentials", LargeBinary, nullable=False),  # sealed by the vault
    Column("due_at", UtcTime, nullable=False, index=True),
    Column("listed_at", UtcTime),
    Column("paused_at", UtcTime),
    Column("paused_by", Text, nullable=False),
    Column("parked_until", UtcTime),
    Column("trouble", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("unusable", Integer, nullable=False, server_default="0"),
    Column("unusable_since", UtcTime),
    Column("declared", Boolean, nullable=False),  # it came from the settings file
    Column("options", Made(options_of), nullable=False, server_default="{}"),
    Column("destination", Text, nullable=False, server_default=""),  # of the current route
    Column("account", Integer, index=True),
    Column("reference", Text, nullable=False, server_default=""),
    Column("consent", Word(Consent), nullable=False, server_default="given"),
    Column("life", Word(Life), nullable=False, server_default="unknown"),
    Column("looked_up_at", UtcTime),
    Column("curator", Boolean, nullable=False, server_default="0"),
    Column("custody", Value(Custody), nullable=False, server_default="{}"),
    Column("frozen_at", UtcTime),
    Column("boundary_at", UtcTime),
    Column("serves_until", UtcTime),
    Column("receipts_held", Boolean, nullable=False, server_default="0"),  # until a person says go: none is due
)

routes = Table(  # never changed, only added to: the current one is the highest version
    "routes",
    metadata,
    Column("mailbox_id", ForeignKey("mailboxes.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("address", Text, nullable=False, index=True),
    Column("server", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("vouched_by", Text, nullable=False),
    Column("others", Made(others_of), nullable=False, server_default="[]"),
    Column("fallback_decides", Boolean, nullable=False, server_default="0"),
    Column("rules", Made(rules_of), nullable=False, server_default="[]"),
    Column("holiday", Made(holiday_of)),
    Column("unrouted", Text, nullable=False, server_default=""),
)

letters = Table(
    "letters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mailbox_id", ForeignKey("mailboxes.id"), nullable=False),
    Column("upstream_id", Text, nullable=False),
    Column("state", Word(State), nullable=False),
    Column("found_at", UtcTime, nullable=False),
    Column("available_at", UtcTime, nullable=False),
    Column("not_before", UtcTime),
    Column("due_at", UtcTime),
    Column("why", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("uncertain", Integer, nullable=False),
    Column("deadline_at", UtcTime),
    Column("dot_begun_at", UtcTime),
    Column("headline", Value(Headline)),
    Column("sha256", String(64)),  # of the headline, for the search of twins
    Column("contents_file", String(64), index=True),
    Column("contents_key", Text),
    Column("copy", Value(Copy)),
    Column("confirmation", Value(Confirmation)),
    Column("transmission_id", Text),
    Column("receipt_begun_at", UtcTime),
    Column("acknowledged_at", UtcTime),
    Column("composed_file", String(64), index=True),
    Column("composed_key", Text),
    Column("proofs", PROOFS, nullable=False, server_default="[]"),
    Column("elsewhere", Value(tuple[Elsewhere, ...]), nullable=False, server_default="[]"),
    Column("bounced", Text, nullable=False, server_default="", index=True),
    Column("route_version", Integer, nullable=False, server_default="0"),
    Column("rule", Text, nullable=False, server_default=""),
    Column("released_at", UtcTime),
    UniqueConstraint("mailbox_id", "upstream_id"),
    Index(None, "state", "due_at"),
    Index(None, "mailbox_id", "sha256"),
    sqlite_autoincrement=True,  # an id is never used again: sealed contents and history are bound to it
)

attempts = Table(
    "attempts",
    metadata,
    Column("letter_id", ForeignKey("letters.id"), primary_key=True),
    Column("delivery_id", Integer, primary_key=True, autoincrement=False),  # 0: to the primary
    Column("number", Integer, primary_key=True, autoincrement=False),  # the fence
    Column("part", Integer, nullable=False),
    Column("route_version", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("server", Text, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("deadline_at", UtcTime, nullable=False),
    Column("dot_begun_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("outcome", Text, nullable=False),  # "" while it is open
    Column("report", Value(Report)),
)

events = Table(  # only ever added to (D15); triggers of revision 0004 refuse anything else
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("letter_id", Integer, index=True),  # no foreign key: history outlives a row that `rebind` removes
    Column("mailbox_id", ForeignKey("mailboxes.id"), index=True),  # none: of a recipient domain
    Column("event", String(32), nullable=False),
    Column("from_state", Word(State)),
    Column("to_state", Word(State)),
    Column("fence", Integer),
    Column("detail", Details(), nullable=False),
    Column("hash", String(64), nullable=False),  # domain/chain.py
)

anchors = Table(  # heads that were told elsewhere; a thief can change this table too, so the log has them as well
    "anchors",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("where", String(32), nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("letter_id", ForeignKey("letters.id"), nullable=False),
    Column("mailbox_id", ForeignKey("mailboxes.id"), nullable=False),
    Column("role", Word(Role), nullable=False),
    Column("address", Text, nullable=False),
    Column("server", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("state", Word(DeliveryState), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("due_at", UtcTime),
    Column("why", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("uncertain", Integer, nullable=False),
    Column("deadline_at", UtcTime),
    Column("dot_begun_at", UtcTime),
    Column("copy", Value(Copy)),
    Column("composed_file", String(64), index=True),
    Column("composed_key", Text),
    Column("proofs", PROOFS, nullable=False),
    UniqueConstraint("letter_id", "role", "address", "server"),
    Index(None, "state", "due_at"),
    sqlite_autoincrement=True,  # sealed mails, return paths and history are bound to it
)

domains = Table(
    "domains",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("level", Integer, nullable=False),
    Column("mx", NAMES, nullable=False),
    Column("sts_id", Text, nullable=False),
    Column("sts_policy", Text, nullable=False),
    Column("sts_until", UtcTime),
    Column("mx_before", NAMES, nullable=False, server_default="[]"),
    Column("mx_changed_at", UtcTime),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("cause", Word(Cause), nullable=False),
    Column("destination", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("paths", NAMES, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("mailboxes", NUMBERS, nullable=False),
    Column("letters", NUMBERS, nullable=False),
    Column("words", Text, nullable=False),
    Column("told_at", UtcTime),
    Column("quiet_since", UtcTime),
    Column("closed_at", UtcTime, index=True),
    Column("notices", Integer, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", ForeignKey("incidents.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("kind", Word(NoticeKind), nullable=False),
    Column("cause", Word(Cause), nullable=False),
    Column("path", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("mailboxes", NUMBERS, nullable=False),
    Column("letters", NUMBERS, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("words", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("due_at", UtcTime, index=True),
    Column("sent_at", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("receipt", Text, nullable=False),
    UniqueConstraint("incident", "kind", "path", "number"),
)

cursors = Table(
    "cursors",
    metadata,
    Column("webhook", Text, primary_key=True),
    Column("event", Integer, nullable=False),
    Column("due_at", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("words", Text, nullable=False),
)

checks = Table(  # the latest look at an address and its server; both "" for our own domain
    "checks",
    metadata,
    Column("address", Text, primary_key=True),
    Column("server", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("findings", FINDINGS, nullable=False),
    Column("since", UtcTime),
)
