"""What people are told of a change of address, each by a path of their own, in the transaction of the act itself.

Promises: whoever can be hurt by it hears of it, the old address first; a code goes to nobody but the address that it is
for; an address stands in full in a path only, masked wherever people read it. The people of before hear nothing of
what a kurator changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.changes import CODES_LAST, UNDO, Change, Subject
from nemboks.domain.circles import mail_path
from nemboks.domain.codes import MINUTES, Code, until
from nemboks.domain.mailbox import Address, Mailbox
from nemboks.domain.people import Account, GrantRole, Person
from nemboks.ports import Books

NEW, OLD, CONTACT = "new", "old", "contact"  # what a code of a change was sent for
_IN_CHARGE: Final = frozenset({GrantRole.OWNER, GrantRole.ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose address changes: a mailbox's letters (and the account it is in), or an account's own e-mail."""

    box: Mailbox | None
    account: Account | None

    @property
    def address(self) -> Address:
        """The address that is in force."""
        if self.box is not None:
            return self.box.route.address
        assert self.account is not None
        return self.account.email

    @property
    def name(self) -> str:
        return self.box.name if self.box else self.account.name if self.account else ""

    @property
    def language(self) -> str:
        return self.box.options.language if self.box else self.account.language if self.account else "da"

    @property
    def in_estate(self) -> bool:
        return self.box is not None and self.box.frozen_at is not None

    def contact(self) -> Address | None:
        """Who besides the old address is asked to agree; in an estate nobody of the company is."""
        if self.in_estate:
            return None
        named = self.box.options.second_contact if self.box else None
        return named or (self.account.second_contact if self.account else None)

    def contact_language(self) -> str:
        return self.box.options.contact_language if self.box and self.box.options.second_contact else self.language


def whose(books: Books, change: Change) -> Whose:
    """Whose address the change is about, as it stands now."""
    if change.subject is Subject.ACCOUNT:
        return Whose(None, books.accounts.get(change.account or 0))
    return of_box(books, books.mailbox_of(change.mailbox or 0))


def of_box(books: Books, box: Mailbox) -> Whose:
    """The mailbox with its account."""
    return Whose(box, books.accounts.get(box.account) if box.account else None)


def send_code(books: Books, change: Change, owner: Whose, purpose: str) -> None:
    """A code goes to the new address, the old one or the second contact, with the words that belong to it."""
    address = {NEW: change.new, OLD: change.old, CONTACT: change.contact}[purpose]
    assert address is not None
    ends = until(books.at) if purpose == NEW else books.at + CODES_LAST
    code = books.codes.add(Code(0, purpose, change.id, address, books.at, ends))
    books.codes.put(books.codes_of.digested(code))
    facts: dict[str, Any] = {"code": code.id}
    kind = Kind.ADDRESS_CODE if purpose == NEW else Kind.ADDRESS_ASKED
    if purpose == NEW:
        facts["minutes"] = MINUTES
    _tell(books, change, owner, kind, _path(owner, purpose, address), f"{purpose} {code.id}", facts)


def tell_others(books: Books, change: Change, owner: Whose) -> None:
    """Every other owner and administrator hears that it was asked for; they need no code to stop it."""
    for path in _others(books, change, owner):
        _tell(books, change, owner, Kind.ADDRESS_ASKED, path, "asked")


def tell_changed(books: Books, change: Change, owner: Whose) -> None:
    """Everybody hears that it has happened, and how it can be taken back."""
    for path in _all(books, change, owner):
        _tell(books, change, owner, Kind.ADDRESS_CHANGED, path, "changed")


def remind(books: Books, change: Change, owner: Whose, number: int) -> None:
    """The old address hears of it once more."""
    _tell(books, change, owner, Kind.ADDRESS_REMINDER, _path(owner, OLD, change.old), f"reminder {number}")


def tell_stopped(
    books: Books, change: Change, owner: Whose, by: str, in_force: bool = True, letters: int | None = None
) -> None:
    """Everybody hears that it was stopped or taken back; `in_force`: the old address still is, or is again.

    `letters`: of one that was taken back, how many wait for a person's word.
    """
    facts = {"by": by, "letters": letters, "held": letters or None} if in_force else {"by": by, "old": None}
    for path in _all(books, change, owner):
        _tell(books, change, owner, Kind.ADDRESS_CANCELLED, path, "stopped", facts)


def _tell(
    books: Books, change: Change, owner: Whose, kind: Kind, path: str, about: str, more: Mapping[str, Any] | None = None
) -> None:
    facts = {**_facts(change, owner), **(more or {})}
    told = {name: fact for name, fact in facts.items() if fact is not None}
    books.tell(
        Announcement(
            0, f"change {change.id} {about} {path}", kind, path, books.at, books.at, change.mailbox, facts=told
        )
    )


def _facts(change: Change, owner: Whose) -> dict[str, Any]:
    undo_until = change.done_at + UNDO if change.done_at else None
    return {
        "subject": change.subject.value,
        "company": owner.name or None,
        "cvr": str(owner.box.cvr) if owner.box else None,
        "change": change.id,
        "who": change.asked_by,
        "at": _iso(change.asked_at),
        "old": change.old.masked,
        "new": change.new.masked,
        "effect_at": _iso(change.done_at or change.effect_at),
        "cancel_until": _iso(undo_until),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _path(owner: Whose, purpose: str, address: Address) -> str:
    return mail_path(owner.contact_language() if purpose == CONTACT else owner.language, address)


def _all(books: Books, change: Change, owner: Whose) -> list[str]:
    """The old address, the second contact, all in charge; the new one when it has proven that it is theirs."""
    paths = [_path(owner, OLD, change.old)]
    paths += [_path(owner, CONTACT, change.contact)] if change.contact else []
    paths += [_path(owner, NEW, change.new)] if change.proven_at else []
    return list(dict.fromkeys([*paths, *_others(books, change, owner)]))


def _others(books: Books, change: Change, owner: Whose) -> list[str]:
    if owner.in_estate:
        return []
    known = {change.old.lower(), change.new.lower(), (change.contact or "").lower()}
    addresses = [owner.account.email] if owner.box and owner.account else []
    addresses += [person.email for person in in_charge(books, owner) if person.email]
    language = owner.account.language if owner.account else owner.language
    return list(dict.fromkeys(mail_path(language, one) for one in addresses if one.lower() not in known))


def in_charge(books: Books, owner: Whose) -> list[Person]:
    """The owners and administrators of now."""
    grants = books.grants.all(account=owner.account.id) if owner.account else []
    grants += books.grants.all(mailbox=owner.box.id) if owner.box else []
    ids = dict.fromkeys(one.person for one in grants if one.role in _IN_CHARGE and one.in_force(books.at))
    people = [books.people.get(one) for one in ids]
    return [one for one in people if one is not None and (one.ended_at is None or one.ended_at > books.at)]
