"""What people may ask about mailboxes: see them, add one, pause it, let it go on.

Promises: who adds a mailbox vouches for its address, by name, in the history. A mailbox of the settings file is
changed there, never here. Credentials go in and never come out. A mailbox that is not the asker's is not there.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from nemboks.desk.access import Asking, account_for, actor_of, allowed, box_for, narrowed
from nemboks.desk.custody import start_shadow
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.explain_rules import shut_out
from nemboks.desk.plans import room_for
from nemboks.desk.standing import standing_item
from nemboks.desk.words import Item, Words
from nemboks.domain.custody import Custody, start_of
from nemboks.domain.estates import CLOSED_BY
from nemboks.domain.mailbox import Address, Cvr, Face, Mailbox, Options, Route
from nemboks.domain.people import Account, Action, Actor, may
from nemboks.domain.plans import NONE_SOLD, Plan
from nemboks.ports import Acts, Books

ESTATE_CLOSED: Final = Words(
    "Virksomhedens bo er afsluttet; kun en ny sag kan sætte posten i gang: `nemboks estate open`",
    "the company's estate was closed; only a new case can let its post go on: `nemboks estate open`",
)
SETTINGS: Final = "settings"  # who paused, when a mailbox has left the settings file


@dataclass(frozen=True, slots=True)
class NewMailbox:
    """A mailbox as a person describes it. `account`: whose it is, by name; "" for the operator's own."""

    cvr: Cvr
    name: str
    face: Face
    address: Address
    server: str
    credentials: Mapping[str, str] = field(repr=False)
    options: Options = field(default=Options(), repr=False)  # a code phrase is for the company alone
    account: str = ""
    start_from_now: bool = False  # what lies there already is left alone
    shadow_days: int = 0  # so long nothing leaves Digital Post, until a person says go


async def mailbox_list(store: Acts, asking: Asking) -> list[Item]:
    """Every mailbox that the asker may see, by CVR; addresses masked for who runs Nemboks for customers.

    The people whom an estate in effect took over from do not see where the post goes now, nor who decided so.
    """

    def read(books: Books) -> list[Item]:
        its, at = narrowed(actor_of(books, asking)), books.at
        seen = [(its(box), box) for box in books.mailboxes()]
        return [_shown(actor, box, at) for actor, box in seen if may(actor, Action.SEE_STATUS, box, at)]

    return await store.ask(read)


async def add(
    store: Acts, asking: Asking, new: NewMailbox, declared: Collection[str] = (), plans: Mapping[str, Plan] = NONE_SOLD
) -> Item:
    """The new mailbox, due at once. NotFound, NotAllowed for the account.

    RefusedByRule if the CVR has a mailbox, here or in the settings file (`declared`), or the account's plan no room.
    """

    def act(books: Books) -> Item:
        actor, account = _adder(books, asking, new.account)
        _vacant(books, actor, new.cvr, declared)
        if account:
            room_for(books, account, 1, plans)
        box = books.add_mailbox(_made(books, new, actor, account), new.credentials, actor.name)
        return mailbox_item(start_shadow(books, box, actor.name, new.shadow_days) if new.shadow_days else box)

    return await store.act(act)


async def pause(store: Acts, asking: Asking, cvr: Cvr) -> Item:
    """The mailbox, paused: nothing is fetched or sent, receipts that are owed still go. NotFound, NotAllowed."""

    def act(books: Books) -> Item:
        actor, box = box_for(books, asking, Action.PAUSE, cvr)
        if box.paused_at is not None:  # once paused it stays as it was
            return mailbox_item(box)
        books.note("mailbox_paused", box, by=actor.name)
        return mailbox_item(books.keep(replace(box, paused_at=books.at, paused_by=actor.name)))

    return await store.act(act)


async def resume(store: Acts, asking: Asking, cvr: Cvr) -> Item:
    """The mailbox, going on. NotFound, NotAllowed.

    RefusedByRule if it is paused because the settings file no longer has it, or because its estate was closed.
    """

    def act(books: Books) -> Item:
        actor, box = box_for(books, asking, Action.PAUSE, cvr)
        if box.paused_by == SETTINGS:
            raise RefusedByRule(
                Words(
                    f"CVR {cvr} er taget ud af indstillingsfilen; sæt det ind igen, og start Nemboks igen",
                    f"CVR {cvr} was taken out of the settings file; put it back and start Nemboks again",
                )
            )
        if box.paused_by == CLOSED_BY:
            raise RefusedByRule(ESTATE_CLOSED)
        if box.paused_at is None:
            return mailbox_item(box)
        books.note("mailbox_resumed", box, by=actor.name, was_paused_by=box.paused_by)
        return mailbox_item(books.keep(replace(box, paused_at=None, paused_by="")))

    return await store.act(act)


def mailbox_item(box: Mailbox) -> Item:
    """One mailbox as people see it: all but its credentials."""
    return {
        "id": box.id,
        "cvr": box.cvr,
        "name": box.name,
        "inbox": box.face,
        "address": box.route.address,
        "server": box.route.server,
        "route_version": box.route.version,
        "since": box.route.since,
        "vouched_by": box.route.vouched_by,
        "others": [{"role": one.role, "address": one.address, "server": one.server} for one in box.route.others],
        "second_contact": box.options.second_contact,
        "listed_at": box.listed_at,
        "due_at": box.due_at,
        "paused_at": box.paused_at,
        "paused_by": box.paused_by or None,
        "parked_until": box.parked_until,
        "trouble": box.trouble or None,
        "serves_until": box.serves_until,
        **standing_item(box),
    }


def _shown(actor: Actor, box: Mailbox, at: datetime) -> Item:
    item = mailbox_item(box)
    if shut_out(actor, box, at):
        return item | {"address": None, "server": None, "vouched_by": None, "others": [], "second_contact": None}
    return item if may(actor, Action.SEE_TITLES, box, at) else _masked(item)


def _masked(item: Item) -> Item:
    contact = item["second_contact"]
    return item | {
        "address": item["address"].masked,
        "others": [{**one, "address": one["address"].masked} for one in item["others"]],
        "second_contact": contact.masked if contact else None,
    }


def _adder(books: Books, asking: Asking, account: str) -> tuple[Actor, Account | None]:
    """Who adds, and for which account. A mailbox of no account is the operator's own."""
    if account:
        return account_for(books, asking, Action.ADD, account)
    actor = allowed(books, asking, Action.ADD)
    if not actor.operator:
        raise RefusedByRule(
            Words("Skriv, hvilken konto det er til: --account", "say which account it is for: --account")
        )
    return actor, None


def _vacant(books: Books, actor: Actor, cvr: Cvr, declared: Collection[str]) -> None:
    box = books.mailbox(cvr)
    if not actor.operator and (cvr in declared or (box and not any(one.covers(box) for one in actor.grants))):
        raise RefusedByRule(  # nobody learns whose post we carry
            Words(
                f"CVR {cvr} kan ikke tilføjes her; spørg dem, der driver Nemboks",
                f"CVR {cvr} cannot be added here; ask those who run Nemboks",
            )
        )
    if cvr in declared:
        raise RefusedByRule(
            Words(
                f"CVR {cvr} står i indstillingsfilen; ret det dér",
                f"CVR {cvr} is in the settings file; change it there",
            )
        )
    if box:
        raise RefusedByRule(Words(f"CVR {cvr} har allerede en postkasse", f"CVR {cvr} has a mailbox already"))


def _made(books: Books, new: NewMailbox, actor: Actor, account: Account | None) -> Mailbox:
    """The mailbox; one of a cancelled account is served no longer than the others, and has its second contact."""
    route, options = Route(1, new.address, new.server, books.at, actor.name), new.options
    custody = Custody(starts_at=start_of(books.at) if new.start_from_now else None)
    if account is None:
        return Mailbox(0, new.cvr, new.name, new.face, route, books.at, options=options, custody=custody)
    contact = account.second_contact
    if options.second_contact is None and contact is not None and contact.casefold() != new.address.casefold():
        options = replace(options, second_contact=contact, contact_language=account.language)
    return Mailbox(
        0, new.cvr, new.name, new.face, route, books.at, options=options, account=account.id,
        custody=custody, serves_until=account.ends_at,
    )  # fmt: skip
