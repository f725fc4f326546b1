"""The tables of people and their acts; the ledger of letters stands in schema.py."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from nemboks.domain.announcements import Kind
from nemboks.domain.changes import Subject
from nemboks.domain.estates import EstateKind, EstateState, Item
from nemboks.domain.headline import Sealed
from nemboks.domain.mailbox import Address
from nemboks.domain.people import GrantRole
from nemboks.domain.wishes import WishKind
from nemboks.store.chosen import edit_of, former_of
from nemboks.store.columns import Checked, Details, Made, UtcTime, Value, Word
from nemboks.store.schema import metadata

ADDRESS = Checked(Address)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("email", ADDRESS, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("language", String(2), nullable=False),
    Column("second_contact", ADDRESS),
    Column("plan", Text, nullable=False),
    Column("paid_until", UtcTime),
    Column("cancelled_at", UtcTime),
    Column("ends_at", UtcTime),
    Column("digest", Boolean, nullable=False),
    Column("email_probation_until", UtcTime),
)

people = Table(
    "people",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
    Column("account", ForeignKey("accounts.id")),
    Column("email", ADDRESS),
    Column("ended_at", UtcTime),
)

grants = Table(
    "grants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person", ForeignKey("people.id"), nullable=False, index=True),
    Column("role", Word(GrantRole), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("given_by", Text, nullable=False),
    Column("mailbox", ForeignKey("mailboxes.id"), index=True),
    Column("account", ForeignKey("accounts.id"), index=True),
    Column("until", UtcTime),
    Column("ended_by", Text, nullable=False),
)

changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject", Word(Subject), nullable=False),
    Column("old", ADDRESS, nullable=False),
    Column("new", ADDRESS, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("account", ForeignKey("accounts.id"), index=True),
    Column("mailbox", ForeignKey("mailboxes.id"), index=True),
    Column("old_server", Text, nullable=False),
    Column("server", Text, nullable=False),
    Column("contact", ADDRESS),
    Column("proven_at", UtcTime),
    Column("old_confirmed_at", UtcTime),
    Column("contact_confirmed_at", UtcTime),
    Column("effect_at", UtcTime, index=True),
    Column("done_at", UtcTime, index=True),
    Column("cancelled_at", UtcTime),
    Column("cancelled_by", Text, nullable=False),
    Column("rolled_back_at", UtcTime),
    Column("rolled_back_by", Text, nullable=False),
    Column("reminders", Integer, nullable=False),
)

codes = Table(
    "codes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("subject", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("used_at", UtcTime),
    Index(None, "purpose", "subject"),
    sqlite_autoincrement=True,  # a code is derived from its number, which is never used again
)

estates = Table(
    "estates",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mailbox", ForeignKey("mailboxes.id"), nullable=False, index=True),
    Column("kind", Word(EstateKind), nullable=False),
    Column("state", Word(EstateState), nullable=False, index=True),
    Column("court", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("decree_date", String(10), nullable=False),
    Column("kurator", Text, nullable=False),
    Column("firm", Text, nullable=False),
    Column("address", ADDRESS, nullable=False),
    Column("server", Text, nullable=False),
    Column("effective_at", UtcTime, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("evidence_at_risk", Boolean, nullable=False),
    Column("proven_at", UtcTime),
    Column("effect_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("ended_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("person", Integer),
    Column("former", Made(former_of)),
)

estate_documents = Table(
    "estate_documents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("estate", ForeignKey("estates.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("sealed", Value(Sealed), nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Column("added_by", Text, nullable=False),
)

estate_checks = Table(
    "estate_checks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("estate", ForeignKey("estates.id"), nullable=False, index=True),
    Column("item", Word(Item), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("note", Text, nullable=False),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("estate", ForeignKey("estates.id"), nullable=False, index=True),
    Column("person", ForeignKey("people.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
)

wishes = Table(
    "wishes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("mailbox", ForeignKey("mailboxes.id"), nullable=False, index=True),
    Column("kind", Word(WishKind), nullable=False),
    Column("wanted", Made(edit_of), nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False),
    Column("done_at", UtcTime, index=True),
    Column("ended", String(32), nullable=False),
)

rounds = Table(
    "rounds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(32), nullable=False, unique=True),
    Column("due_at", UtcTime, nullable=False),
)

announcements = Table(
    "announcements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Word(Kind), nullable=False),
    Column("path", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("due_at", UtcTime, index=True),
    Column("mailbox", ForeignKey("mailboxes.id")),
    Column("facts", Details(), nullable=False),
    Column("sent_at", UtcTime),
    Column("failures", Integer, nullable=False),
    Column("receipt", Text, nullable=False),
)
