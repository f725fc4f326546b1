"""Ways round the 72 hours: whoever has an owner's session or one mailbox tries to have the letters sooner."""

from dataclasses import replace

import pytest

from nemboks.desk import routes as desk
from nemboks.desk.changes import change_roll_back
from nemboks.desk.cvrs import Chosen, cvr_set
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.imports import Terms, import_table
from nemboks.desk.route_wishes import confirm
from nemboks.domain.announcements import Kind
from nemboks.domain.changes import PROBATION
from nemboks.domain.mailbox import Address
from tests.desk.changing import CONTACT, JYTTE, Firm
from tests.desk.importing import table
from tests.desk.rooms import HOUSE, code_for, rule
from tests.helpers import builders as make

THIEF, FRIEND = Address("kontakt@tyveri.example"), Address("post@tyveri.example")


@pytest.fixture
async def firm(store, clock):
    return await Firm(store, clock).open()


async def contact_of_account(firm: Firm) -> None:
    """Only the account has a second contact; the mailbox names none of its own."""

    def give(books):
        (account,) = books.accounts.all(name="bageriet")
        books.accounts.put(replace(account, second_contact=CONTACT))

    await firm.store.act(give)


async def test_a_second_contact_of_the_thiefs_makes_his_domain_the_companys(firm):
    """Nobody proved the second contact: an address at its domain types a code first, and its letters wait."""
    await cvr_set(firm.store, firm.by("anna"), make.ANNA, Chosen(second_contact=THIEF))
    item = await desk.rule_add(firm.store, firm.by("anna"), make.ANNA, rule(address=FRIEND), HOUSE)
    assert ([FRIEND], []) == (item["asked"], item["rules"])

    await confirm(firm.store, firm.by("anna"), make.ANNA, await code_for(firm.store, FRIEND))
    assert firm.clock.now() + PROBATION == (await firm.box()).custody.probation_until


@pytest.mark.parametrize("way", ["set", "import"])
async def test_a_contact_of_the_thiefs_in_place_of_the_accounts_agrees_to_nothing(firm, way):
    """The account's second contact is told that another took their place, and no address changes for 72 hours."""
    await contact_of_account(firm)
    if way == "set":
        await cvr_set(firm.store, firm.by("anna"), make.ANNA, Chosen(second_contact=THIEF))
    else:
        row = table(f"{make.ANNA};Annas Bageri;{JYTTE};{THIEF};;")
        item = await import_table(firm.store, firm.by("anna"), row, Terms(account="bageriet"))
        assert 1 == item["changed"]

    assert CONTACT in await firm.told(Kind.ADDRESS_CHANGED)
    with pytest.raises(RefusedByRule, match="second contact was changed just now"):
        await firm.asks()


@pytest.mark.parametrize("removed", [False, True])
async def test_taking_back_a_change_ends_no_probation_of_a_rule(firm, removed):
    """Letters that a new rule sends outside stay in Digital Post for their 72 hours, whatever is undone meanwhile."""
    await desk.rule_add(firm.store, firm.by("anna"), make.ANNA, rule(address=FRIEND), HOUSE)
    await confirm(firm.store, firm.by("anna"), make.ANNA, await code_for(firm.store, FRIEND))
    until = firm.clock.now() + PROBATION
    await firm.later(minutes=1)
    await firm.asks()
    await firm.confirms("new", "old")
    if removed:
        await desk.rule_remove(firm.store, firm.by("anna"), make.ANNA, 1)
    await change_roll_back(firm.store, firm.by("anna"), 1)

    assert JYTTE == await firm.address()
    assert until <= (await firm.box()).custody.probation_until
