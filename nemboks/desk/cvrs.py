"""What people may ask of one company's mailbox besides pausing it: look now, another login, its name, how it is kept.

Promises: every change is noted with who made it; another second contact is told of to the one before and to the
company's own address. A login goes in and never comes out. A mailbox of the settings file is described there alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from nemboks.desk.access import Asking, box_for
from nemboks.desk.contacts import tell_of_contact
from nemboks.desk.custody import let_go
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.mailboxes import mailbox_item
from nemboks.desk.words import Item, Words
from nemboks.domain.custody import KEEP_DAYS_MOST, Consent
from nemboks.domain.mailbox import Address, Cvr, Face, Mailbox
from nemboks.domain.people import Action
from nemboks.domain.plans import serves
from nemboks.ports import Acts, Books

NONE: Final = ""  # an address that is to be taken away
NAME, REFERENCE = 120, 64  # characters, as in a table of companies


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be changed; None leaves it as it is, NONE takes an address away."""

    keep_days: int | None = None
    name: str | None = None
    reference: str | None = None
    neutral_subject: bool | None = None
    digest: Address | str | None = None
    second_contact: Address | str | None = None

    def of(self, *names: str) -> dict[str, Any]:
        """Those of these that are to be changed."""
        found = {name: getattr(self, name) for name in names}
        return {
            name: value or None if name in _ADDRESSES else value for name, value in found.items() if value is not None
        }


_ADDRESSES: Final = ("digest", "second_contact")
_OPTIONS: Final = ("neutral_subject", *_ADDRESSES)
_IN_SETTINGS: Final = ("name", *_OPTIONS)  # what the settings file says of a mailbox, each time it is read


async def fetch_now(store: Acts, asking: Asking, cvr: Cvr) -> Item:
    """The mailbox, due now: a running daemon looks into it within two seconds. NotFound, NotAllowed.

    Of a company that has not let us in the register is asked instead. RefusedByRule while it is paused or its plan
    is over: then nothing would be fetched.
    """

    def act(books: Books) -> Item:
        actor, box = box_for(books, asking, Action.RETRY, cvr)
        may_fetch(box, books)
        books.note("fetch_asked", box, by=actor.name)
        return _item(books.keep(replace(box, due_at=books.at)))

    return await store.act(act)


async def cvr_set(store: Acts, asking: Asking, cvr: Cvr, chosen: Chosen, declared: Collection[str] = ()) -> Item:
    """The mailbox as it is kept from now on. NotFound, NotAllowed.

    RefusedByRule for more days than Digital Post bears, and for what the settings file says (`declared` CVRs).
    """

    def act(books: Books) -> Item:
        actor, box = box_for(books, asking, _action(chosen), cvr)
        _check(box, chosen, declared)
        after = _with(box, chosen)
        changed = _changed(box, after)
        if not changed:
            return _item(box)
        after = books.keep(after)
        if described := sorted(changed - {"keep_days"}):
            books.note("mailbox_changed", after, by=actor.name, changed=described)
        if "second_contact" in changed:
            tell_of_contact(books, box, after, actor)
        if "keep_days" in changed:
            was, days = box.custody.keep_days, after.custody.keep_days
            books.note("keep_days_set", after, by=actor.name, was=was, days=days)
            let_go(books, after, actor.name)  # the guard says which still wait
        return _item(after)

    return await store.act(act)


async def give_login(
    store: Acts, asking: Asking, cvr: Cvr, face: Face, credentials: Mapping[str, str], declared: Collection[str] = ()
) -> Item:
    """The mailbox, looked into with this login at once. `changed`: it had another; `fetches`: neither a pause nor its
    plan keeps it from being looked into. NotFound, NotAllowed.

    RefusedByRule for a login of another door than the mailbox's, for one that the settings file has (`declared`
    CVRs), where Digital Post itself gives us the login, and for another IMAP user once the inbox was listed.
    """

    def act(books: Books) -> Item:
        actor, box = box_for(books, asking, Action.LOGIN, cvr)
        _may_be_typed(box, face, declared)
        _same_inbox(books, box, credentials)
        changed = books.give_credentials(box, credentials, actor.name)
        box = books.keep(replace(box, due_at=books.at))
        fetches = box.paused_at is None and serves(box.serves_until, books.at)
        return {**_item(box), "changed": changed, "fetches": fetches}

    return await store.act(act)


def _same_inbox(books: Books, box: Mailbox, credentials: Mapping[str, str]) -> None:
    """A letter's number is its inbox's own (RFC 3501 2.3.1.1): in another's a new one could be taken for a known."""
    if box.face is Face.REST or box.listed_at is None or books.login_of(box) in ("", credentials["user"]):
        return
    raise RefusedByRule(
        Words(
            f"Indbakken for CVR {box.cvr} er en anden brugers; breve i en anden indbakke kan forveksles med dem, vi "
            "kender. Giv adgangskoden for den samme bruger",
            f"the inbox of CVR {box.cvr} is another user's; letters of another inbox could be taken for those that we "
            "know. Give the password of the same user",
        )
    )


def _may_be_typed(box: Mailbox, face: Face, declared: Collection[str]) -> None:
    if box.cvr in declared:
        raise RefusedByRule(_of_file(box))
    if box.consent is not Consent.GIVEN or box.custody.by_register:
        raise RefusedByRule(
            Words(
                f"CVR {box.cvr} får sit login fra Digital Post, når virksomheden giver os adgang; intet skal skrives",
                f"CVR {box.cvr} has its login from Digital Post when the company lets us in; there is none to type",
            )
        )
    if box.face is not face:
        own = {Face.REST: "--system-id, --token-file", Face.IMAP: "--user, --password-file"}[box.face]
        raise RefusedByRule(
            Words(
                f"CVR {box.cvr} hentes over {box.face.value}: brug {own}",
                f"CVR {box.cvr} is fetched over {box.face.value}: use {own}",
            )
        )


def _of_file(box: Mailbox) -> Words:
    return Words(
        f"CVR {box.cvr} står i indstillingsfilen; ret det dér",
        f"CVR {box.cvr} is in the settings file; change it there",
    )


def _action(chosen: Chosen) -> Action:
    """Who else hears of the company's post is the company's own to say; the rest is keeping house."""
    return Action.ROUTE if chosen.of(*_ADDRESSES) else Action.CUSTODY


def may_fetch(box: Mailbox, books: Books) -> None:
    """RefusedByRule while the mailbox is paused or its plan is over."""
    if box.paused_at is not None:
        raise RefusedByRule(
            Words(
                f"CVR {box.cvr} er sat på pause: der hentes intet, før `nemboks cvr resume {box.cvr}`",
                f"CVR {box.cvr} is paused: nothing is fetched before `nemboks cvr resume {box.cvr}`",
            )
        )
    if not serves(box.serves_until, books.at):
        raise RefusedByRule(
            Words(
                f"Abonnementet for CVR {box.cvr} er slut: der hentes intet; posten læses i Digital Post",
                f"the plan of CVR {box.cvr} is over: nothing is fetched; its post is read in Digital Post",
            )
        )


def _check(box: Mailbox, chosen: Chosen, declared: Collection[str]) -> None:
    if chosen.keep_days is not None and not 0 <= chosen.keep_days <= KEEP_DAYS_MOST:
        raise RefusedByRule(
            Words(
                f"Et brev kan beholdes 0 til {KEEP_DAYS_MOST} dage: et modtagersystem, der ikke kvitterer i syv dage, "
                "bliver slået fra i Digital Post",
                f"a letter can be kept 0 to {KEEP_DAYS_MOST} days: Digital Post switches off a recipient system that "
                "gives no receipt for seven days",
            )
        )
    if box.cvr in declared and chosen.of(*_IN_SETTINGS):
        raise RefusedByRule(_of_file(box))
    contact = chosen.second_contact
    if contact and contact.casefold() == box.route.address.casefold():
        raise RefusedByRule(
            Words(
                "Den anden kontakt skal være en anden end adressen: svigter den, når vi ingen",
                "the second contact must be another than the address: if that fails, we reach nobody",
            )
        )


def _with(box: Mailbox, chosen: Chosen) -> Mailbox:
    """The mailbox as it would be."""
    custody = replace(box.custody, **chosen.of("keep_days"))
    options = replace(box.options, **chosen.of(*_OPTIONS))
    return replace(box, **chosen.of("name", "reference"), options=options, custody=custody)


def _changed(box: Mailbox, after: Mailbox) -> set[str]:
    was, now = _values(box), _values(after)
    return {name for name in was if was[name] != now[name]}


def _values(box: Mailbox) -> Mapping[str, Any]:
    chosen = {name: getattr(box.options, name) for name in _OPTIONS}
    return {"name": box.name, "reference": box.reference, "keep_days": box.custody.keep_days, **chosen}


def _item(box: Mailbox) -> Item:
    return {
        **mailbox_item(box), "reference": box.reference, "keep_days": box.custody.keep_days,
        "neutral_subject": box.options.neutral_subject, "digest": box.options.digest,
        "asks_the_register": box.consent is not Consent.GIVEN,
    }  # fmt: skip
