"""Which change of address may be asked for now, and in which words another is refused.

Promises: the same rules for a mailbox's address and an account's e-mail; every refusal says what to do instead, and
nothing was changed by it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from nemboks.content.preflight_texts import told
from nemboks.content.texts import date_words
from nemboks.desk.access import Asking, account_for, box_for
from nemboks.desk.changes_told import Whose, of_box
from nemboks.desk.errors import NotFound, RefusedByRule
from nemboks.desk.words import Lang, Words
from nemboks.domain.announcements import Kind
from nemboks.domain.changes import MOST, THIRTY, WAIT, Change, Subject, locked_until
from nemboks.domain.doubts import Doubt, DoubtKind, doubts
from nemboks.domain.mailbox import Address, Cvr
from nemboks.domain.people import Action, Actor, GrantRole
from nemboks.ports import Books, Finding

# What a look finds where nobody can be asked right now: no reason to refuse an address.
_NOT_NOW: Final = frozenset({"dns_failed", "unreachable", "greeting_refused", "login_failed"})
_DOUBTS: Final = {
    DoubtKind.TYPO: Words("{} ligner en slåfejl; mener I {}?", "{} looks like a slip of the finger; do you mean {}?"),
    DoubtKind.NEAR: Words(
        "{} ligner jeres eget {}, men er det ikke", "{} looks like your own {}, but it is another domain"
    ),
    DoubtKind.ALIKE: Words("{} har bogstaver, der ligner andre: {}", "{} may be mistaken for another domain: {}"),
    DoubtKind.ROLE: Words(
        "{} er en fælles postkasse hos {}, som ikke er jeres domæne; er I sikre på, hvem der læser den?",
        "{} is a common mailbox at {}, which is not your domain; are you sure who reads it?",
    ),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `ours`: our own domains, where no letter may go (a mail loop). `sure`: a person insists."""

    new: Address
    server: str = ""  # what takes its mails; "" for what takes the present one's
    sure: bool = False
    ours: frozenset[str] = frozenset()


def owner_of_box(books: Books, asking: Asking, cvr: Cvr) -> tuple[Actor, Whose]:
    """Who asks, and whose address it is. NotFound, NotAllowed; RefusedByRule while an estate is open."""
    actor, box = box_for(books, asking, Action.ADDRESS, cvr)
    kurator = any(one.role is GrantRole.KURATOR and one.mailbox == box.id for one in actor.grants)
    if box.frozen_at is not None and (not kurator or box.boundary_at is None or books.at < box.boundary_at):
        raise RefusedByRule(
            Words(
                "Der er en kurators sag om virksomheden; adressen kan ikke ændres her: `nemboks estate show`",
                "there is a receiver's case about the company; its address cannot be changed here: "
                "`nemboks estate show`",
            )
        )
    return actor, of_box(books, box)


def owner_of_account(books: Books, asking: Asking, name: str) -> tuple[Actor, Whose]:
    """Who asks, and whose e-mail it is. NotFound, NotAllowed."""
    actor, account = account_for(books, asking, Action.ADDRESS, name)
    return actor, Whose(None, account)


def changes_of(books: Books, owner: Whose) -> list[Change]:
    """All changes of the mailbox, or of the account's own e-mail, the oldest first."""
    if owner.box is not None:
        return books.changes.all(mailbox=owner.box.id)
    assert owner.account is not None
    return books.changes.all(account=owner.account.id, subject=Subject.ACCOUNT)


def refuse_unless_due(books: Books, owner: Whose, wanted: Wanted) -> list[Words]:
    """What is worth a warning. RefusedByRule for what the rules forbid now (SECURITY 4a)."""
    before = changes_of(books, owner)
    for why in (_of_address(owner, wanted), _of_time(books, before), _of_contact(books, owner)):
        if why is not None:
            raise RefusedByRule(why)
    found = doubts(wanted.new, _own_domains(owner))
    grave = [_doubted(wanted.new, one) for one in found if one.grave]
    if grave and not wanted.sure:
        raise RefusedByRule(
            Words(
                f"{'; '.join(one.da for one in grave)}. Er den rigtig, så gentag med --sure",
                f"{'; '.join(one.en for one in grave)}. If it is right, say it again with --sure",
            )
        )
    return [_doubted(wanted.new, one) for one in found]


def judged(findings: Sequence[Finding]) -> list[Words]:
    """What is worth a warning of a look at the new address. RefusedByRule for what would not take letters."""
    faults = [one for one in findings if one.fault]
    certain = [one for one in faults if one.code not in _NOT_NOW]
    if certain:
        what = _found(certain[0])
        raise RefusedByRule(
            Words(
                f"{what.da} Adressen er ikke ændret; den nuværende gælder som før.",
                f"{what.en} The address is not changed, and letters go where they went.",
            )
        )
    return [_found(one) for one in faults]


def no_change(number: int) -> NotFound:
    return NotFound(Words(f"Der er ingen ændring nummer {number}", f"there is no change number {number}"))


def _of_address(owner: Whose, wanted: Wanted) -> Words | None:
    if wanted.new.lower() == owner.address.lower():
        return Words("Det er den adresse, der gælder i dag", "that is the address in force now")
    if _is_ours(wanted.new.domain, wanted.ours):
        return Words(
            f"{wanted.new.domain} er vores eget domæne; breve dertil ville gå i ring",
            f"{wanted.new.domain} is our own domain; letters there would go in a circle",
        )
    return None


def _is_ours(domain: str, ours: Collection[str]) -> bool:
    return any(domain == one or domain.endswith(f".{one}") for one in ours if one)


def _of_time(books: Books, before: Sequence[Change]) -> Words | None:
    pending = next((one for one in before if one.pending), None)
    if pending is not None:
        return Words(
            f"Ændring nr. {pending.id} er i gang; vent på den, eller stop den: `nemboks address cancel {pending.id}`",
            f"change no. {pending.id} is under way; wait for it, or stop it: `nemboks address cancel {pending.id}`",
        )
    locked = locked_until(before)
    if locked is not None and books.at < locked:
        return Words(
            f'Nogen sagde "det var ikke mig"; adressen er låst til {date_words(locked)}',
            f'somebody said "that was not me"; the address is locked until {date_words(locked, "en")}',
        )
    lately = [one for one in before if one.asked_at > books.at - THIRTY]
    if len(lately) >= MOST:
        again = lately[-MOST].asked_at + THIRTY
        return Words(
            f"Der er bedt om {MOST} ændringer på 30 dage; den næste kan komme {date_words(again)}",
            f"{MOST} changes were asked for in 30 days; the next can be {date_words(again, 'en')}",
        )
    return None


def _of_contact(books: Books, owner: Whose) -> Words | None:
    """A contact that took another's place lately may be the thief's own, whose word would make it "at once"."""
    names = (owner.account.name,) if owner.account else ()
    lately = [
        one.created_at
        for one in books.announcements.since("created_at", books.at - WAIT)
        if one.kind is Kind.ADDRESS_CHANGED and one.facts.get("subject") == "contact" and one.facts.get("old")
        if (owner.box is not None and one.mailbox == owner.box.id) or one.facts.get("account") in names
    ]
    if not lately or books.at >= max(lately) + WAIT:
        return None
    until = max(lately) + WAIT
    return Words(
        f"Den anden kontakt er lige skiftet; adressen kan skiftes fra {date_words(until)}",
        f"the second contact was changed just now; the address can be changed from {date_words(until, 'en')}",
    )


def _own_domains(owner: Whose) -> set[str]:
    account = owner.account
    own = [owner.address, owner.contact(), account.email if account else None]
    return {one.domain for one in own if one}


def _doubted(new: Address, doubt: Doubt) -> Words:
    words = _DOUBTS[doubt.kind]
    what = new if doubt.kind is DoubtKind.ROLE else new.domain
    return Words(words.da.format(what, doubt.meant), words.en.format(what, doubt.meant))


def _found(finding: Finding) -> Words:
    da, en = (told(finding.code, finding.facts, finding.line, lang.value).what for lang in Lang)
    return Words(da, en)
