"""A company's second contact was changed: who is told, so that nobody takes that place in silence (SECURITY 4a)."""

from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import mail_path
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.people import Actor
from nemboks.ports import Books


def tell_of_contact(books: Books, before: Mailbox, after: Mailbox, by: Actor) -> None:
    """Tells the contact of before and the company's own address; of an estate's nobody from before.

    Where the mailbox names none the account's is its contact, whose place is taken just as well.
    """
    account = books.accounts.get(before.account) if before.account else None
    shared = account.second_contact if account else None
    own, old, new = before.options.second_contact, before.options.second_contact or shared, after.options.second_contact
    if old == (new or shared):
        return
    facts = {
        "subject": "contact", "company": after.name, "cvr": after.cvr, "by": by.name,
        "old": old.masked if old else None, "new": new.masked if new else None,
    }  # fmt: skip
    paths = [mail_path(after.options.language, after.route.address)]
    if old and after.frozen_at is None:
        language = before.options.contact_language if own or account is None else account.language
        paths.append(mail_path(language, old))
    for path in dict.fromkeys(paths):
        key = f"contact {after.id} {books.at.isoformat()} {path}"
        told = Announcement(
            0, key, Kind.ADDRESS_CHANGED, path, books.at, due_at=books.at, mailbox=after.id, facts=facts
        )
        books.tell(told)
