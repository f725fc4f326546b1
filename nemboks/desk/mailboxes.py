"""What people may ask about mailboxes: see them, add one, pause it, let it go on.

Promises: who adds a mailbox vouches for its address, by name, in the history. A mailbox of the settings file is
changed there, never here. Credentials go in and never come out.
"""

from collections.abc import Collection
from typing import Any, Final

from nemboks.desk.errors import NotFound, RefusedByRule
from nemboks.desk.ledger import Ledger, New
from nemboks.desk.words import Item, Words
from nemboks.domain.mailbox import Cvr, Mailbox

SETTINGS: Final = "settings"  # who paused, when a mailbox has left the settings file


async def mailbox_list(store: Ledger[Any]) -> list[Item]:
    """Every mailbox, by CVR."""
    return [mailbox_item(box) for box in await store.mailboxes.all()]


async def add(store: Ledger[New], new: New, by: str, declared: Collection[str] = ()) -> Item:
    """The new mailbox, due at once. RefusedByRule if the CVR has one, here or in the settings file (`declared`)."""
    if new.cvr in declared:
        raise RefusedByRule(
            Words(
                f"CVR {new.cvr} står i indstillingsfilen; ret det dér",
                f"CVR {new.cvr} is in the settings file; change it there",
            )
        )
    if await store.mailboxes.find(new.cvr):
        raise RefusedByRule(Words(f"CVR {new.cvr} har allerede en postkasse", f"CVR {new.cvr} has a mailbox already"))
    return mailbox_item(await store.mailboxes.add(new, by))


async def pause(store: Ledger[Any], cvr: Cvr, by: str) -> Item:
    """The mailbox, paused: nothing is fetched or sent, receipts that are owed still go. NotFound."""
    await _known(store, cvr)
    return mailbox_item(await store.mailboxes.pause(cvr, by))


async def resume(store: Ledger[Any], cvr: Cvr, by: str) -> Item:
    """The mailbox, going on. NotFound; RefusedByRule if it is paused because the settings file no longer has it."""
    if (await _known(store, cvr)).paused_by == SETTINGS:
        raise RefusedByRule(
            Words(
                f"CVR {cvr} er taget ud af indstillingsfilen; sæt det ind igen, og start Nemboks igen",
                f"CVR {cvr} was taken out of the settings file; put it back and start Nemboks again",
            )
        )
    return mailbox_item(await store.mailboxes.resume(cvr, by))


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
    }


async def _known(store: Ledger[Any], cvr: Cvr) -> Mailbox:
    box = await store.mailboxes.find(cvr)
    if box is None:
        raise NotFound(
            Words(
                f"Der er ingen postkasse for CVR {cvr}; se `nemboks cvr list`",
                f"there is no mailbox for CVR {cvr}; see `nemboks cvr list`",
            )
        )
    return box
