"""An account's plan: what it may use, its cancelling, its end (FEATURES 6).

Promises: a cancelled plan runs to the time that was paid for; then nothing new is fetched or sent, receipts that are
owed still go, and new post stays in Digital Post. Until the end it can be undone. A bill that is not paid stops
nothing: only a cancel does. A mailbox with an estate is not the former people's to stop.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from nemboks.content.moments import midnight
from nemboks.content.texts import danish
from nemboks.desk.access import Asking, account_for
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.people import deciding, told_of
from nemboks.desk.words import Item, Words
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.circles import mail_path
from nemboks.domain.mailbox import Mailbox
from nemboks.domain.people import Account, Action, GrantRole
from nemboks.domain.plans import Plan, ends_on
from nemboks.ports import Acts, Books

Plans = Mapping[str, Plan]  # as the operator sells them, by name; none: everything is there for everybody


async def plan_set(
    store: Acts, asking: Asking, account: str, plan: str, plans: Plans, paid_until: datetime | None = None
) -> Item:
    """The account with that plan, served from now on, whatever was cancelled before. NotFound, NotAllowed.

    RefusedByRule for a plan that is not sold, and for one that is too small for the account's CVRs.
    """

    def act(books: Books) -> Item:
        actor, found = account_for(books, asking, Action.PLAN_SET, account)
        sold(plan, plans)
        _fits(books, replace(found, plan=plan), 0, plans)
        paid = paid_until or found.paid_until
        after = replace(found, plan=plan, paid_until=paid, cancelled_at=None, ends_at=None)
        books.accounts.put(after)
        served = _serve(books, [box for box in books.mailboxes(found.id) if box.serves_until], None)
        books.note("plan_set", by=actor.name, account=found.name, plan=plan, was=found.plan, paid_until=_text(paid))
        return plan_item(after, books.at) | {"cvrs": [box.cvr for box in served]}

    return await store.act(act)


async def plan_cancel(store: Acts, asking: Asking, account: str) -> Item:
    """The account, cancelled: served until what was paid for is over, at least until now. NotFound, NotAllowed.

    Where nothing was paid ahead: until the end of the running month. RefusedByRule if it was cancelled before.
    """

    def act(books: Books) -> Item:
        actor, found = account_for(books, asking, Action.PLAN, account)
        _not_cancelled(found)
        ends_at = _end(found, books.at)
        after = replace(found, cancelled_at=books.at, ends_at=ends_at)
        books.accounts.put(after)
        boxes = _serve(books, [box for box in books.mailboxes(found.id) if box.frozen_at is None], ends_at)
        books.note("plan_cancelled", by=actor.name, account=found.name, plan=found.plan, ends_at=_text(ends_at))
        facts = {"plan": found.plan, "ends_at": _text(ends_at), "cvrs": [box.cvr for box in boxes]}
        _tell(books, after, Kind.PLAN_CANCELLED, facts)
        return plan_item(after, books.at) | {"cvrs": [box.cvr for box in boxes]}

    return await store.act(act)


async def plan_undo(store: Acts, asking: Asking, account: str) -> Item:
    """The account, going on as before the cancel. NotFound, NotAllowed; RefusedByRule after the end."""

    def act(books: Books) -> Item:
        actor, found = account_for(books, asking, Action.PLAN, account)
        if found.ends_at is None:
            raise RefusedByRule(Words("Abonnementet er ikke opsagt", "the plan is not cancelled"))
        if found.ends_at <= books.at:
            raise RefusedByRule(ENDED)
        after = replace(found, cancelled_at=None, ends_at=None)
        books.accounts.put(after)
        boxes = _serve(books, [box for box in books.mailboxes(found.id) if box.serves_until == found.ends_at], None)
        books.note("plan_undone", by=actor.name, account=found.name, plan=found.plan, was_to_end=_text(found.ends_at))
        return plan_item(after, books.at) | {"cvrs": [box.cvr for box in boxes]}

    return await store.act(act)


def waiting(books: Books) -> bool:
    """Whether a cancelled plan has come to its end and nobody was told."""
    return bool(_at_their_end(books))


def take_effect(books: Books) -> int:
    """How many plans ended; each is noted and told of once. That nothing is served needs no act: it is dated."""
    ended = _at_their_end(books)
    for account in ended:
        books.accounts.put(replace(account, cancelled_at=None))
        cvrs = [box.cvr for box in books.mailboxes(account.id) if box.serves_until == account.ends_at]
        books.note("plan_ended", account=account.name, plan=account.plan, ended_at=_text(account.ends_at))
        _tell(books, account, Kind.PLAN_ENDED, {"ended_at": _text(account.ends_at), "cvrs": cvrs})
    return len(ended)


def room_for(books: Books, account: Account, number: int, plans: Plans) -> None:
    """Nothing, if the account may have so many more CVRs. RefusedByRule where its plan has no room, or has ended."""
    if account.ends_at is not None and account.ends_at <= books.at:
        raise RefusedByRule(ENDED)
    _fits(books, account, number, plans)


def feature(books: Books, mailbox: Mailbox, name: str, plans: Plans) -> bool:
    """Whether the mailbox may use it. Yes without an account, and under a plan that the settings do not have."""
    account = books.accounts.get(mailbox.account) if mailbox.account else None
    plan = plans.get(account.plan) if account else None
    return plan is None or name in plan.features


def sold(name: str, plans: Plans) -> None:
    """Nothing, if there is such a plan. RefusedByRule with the names of those that there are."""
    if name not in plans:
        known = ", ".join(plans) or "–"
        raise RefusedByRule(
            Words(
                f"Der er intet abonnement {name!r} i indstillingerne; der er: {known}",
                f"there is no plan {name!r} in the settings; there are: {known}",
            )
        )


def plan_item(account: Account, at: datetime) -> Item:
    """The account's plan as people see it."""
    return {
        "account": account.name,
        "plan": account.plan or None,
        "paid_until": account.paid_until,
        "overdue": account.paid_until is not None and account.paid_until <= at and account.ends_at is None,
        "cancelled_at": account.cancelled_at,
        "ends_at": account.ends_at,
        "ended": account.ends_at is not None and account.ends_at <= at,
    }


ENDED = Words(
    "Abonnementet er slut. Post læses i Digital Post på virk.dk. Et nyt begynder med `nemboks plan set`",
    "the plan has ended. Post is read in Digital Post at virk.dk. A new one begins with `nemboks plan set`",
)


def _fits(books: Books, account: Account, number: int, plans: Plans) -> None:
    plan = plans.get(account.plan)
    have = len(books.mailboxes(account.id))
    if plan is None or not plan.cvrs or have + number <= plan.cvrs:
        return
    raise RefusedByRule(
        Words(
            f"{plan.name} er til {plan.cvrs} CVR; {account.name} ville få {have + number}. Tak, fordi I vil have flere "
            "med: skriv til driften om et større abonnement",
            f"{plan.name} is for {plan.cvrs} CVR; {account.name} would have {have + number}. Thank you for bringing "
            "more: write to those who run Nemboks for a larger plan",
        )
    )


def _not_cancelled(account: Account) -> None:
    if account.ends_at is not None:
        raise RefusedByRule(Words("Abonnementet er allerede opsagt", "the plan is cancelled already"))


def _end(account: Account, at: datetime) -> datetime:
    """What is paid for, if that is to come; else the first moment of the next Danish month."""
    if account.paid_until is not None and account.paid_until > at:
        return account.paid_until
    return midnight(ends_on(danish(at).date()))


def _serve(books: Books, boxes: Iterable[Mailbox], until: datetime | None) -> list[Mailbox]:
    """The mailboxes, served until then; those that were not served any more are looked into at once."""
    return [
        books.keep(replace(box, serves_until=until, due_at=books.at if _stopped(box, books.at) else box.due_at))
        for box in boxes
    ]


def _stopped(box: Mailbox, at: datetime) -> bool:
    return box.serves_until is not None and box.serves_until <= at


def _at_their_end(books: Books) -> list[Account]:
    """Cancelled accounts whose end has come; `cancelled_at` stands only until then, so that these are few."""
    return [one for one in books.accounts.due("cancelled_at", books.at) if one.ends_at and one.ends_at <= books.at]


def _tell(books: Books, account: Account, kind: Kind, facts: Item) -> None:
    """The account's own e-mail, its second contact and its owners, each once."""
    owners = [one for one in deciding(books, account.id) if one.role is GrantRole.OWNER]
    own = [mail_path(account.language, one) for one in (account.email, account.second_contact) if one]
    for path in dict.fromkeys([*own, *told_of(books, owners).values()]):
        key = f"{kind} {account.id} {_text(books.at)} {path}"
        told = {"account": account.name, **facts}
        books.tell(Announcement(0, key, kind, path, books.at, due_at=books.at, facts=told))


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
