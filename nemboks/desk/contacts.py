"""A company's second contact was changed: who is told, so that nobody takes that place in silence (SECURITY 4a)."""

from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import mail_path
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.people import Actor
from nemboks.ports import Books


def tell_of_contact(books: Books, before: Mailbox, after: Mailbox, by: Actor) -> None:
    """Tells the contact of before and the company's own address; of an estate's nobody from before."""
    old, new = before.options.second_contact, after.options.second_contact
    facts = {
        "subject": "contact", "company": after.name, "cvr": after.cvr, "by": by.name,
        "old": old.masked if old else None, "new": new.masked if new else None,
    }  # fmt: skip
    paths = [mail_path(after.options.language, after.route.address)]
    paths += [mail_path(before.options.contact_language, old)] if old and after.frozen_at is None else []
    for path in dict.fromkeys(paths):
        key = f"contact {after.id} {books.at.isoformat()} {path}"
        told = Announcement(
            0, key, Kind.ADDRESS_CHANGED, path, books.at, due_at=books.at, mailbox=after.id, facts=facts
        )
        books.tell(told)
