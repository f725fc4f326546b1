"""What the desk says of history, and to whom it shows which rows."""

from dataclasses import replace

import pytest

from nemboks.desk.access import Asking
from nemboks.desk.audit import audit_export, audit_head, audit_verify, words_of
from nemboks.desk.errors import NotAllowed, NotFound
from nemboks.desk.words import Lang
from nemboks.domain.chain import Head, Outcome, Verdict
from nemboks.domain.mailbox import Address, Cvr
from nemboks.domain.people import Account, Grant, GrantRole, Person
from nemboks.domain.proof import Level
from nemboks.store.store import Store
from tests.contracts.ledgers import vault
from tests.helpers import builders as make
from tests.helpers.clock import START

KEYBOARD = Asking("anna (operator)")
WRONG = Head(1, "f" * 64)


def person(books, name, role, **of):
    """A person with one grant."""
    added = books.people.add(Person(0, name, START))
    books.grants.add(Grant(0, added.id, role, START, "test", **of))


@pytest.fixture
async def store(tmp_path, clock):
    """Anna's mailbox is of her account, Bo's of nobody's; a recipient domain has a row too, and so have people."""
    opened = Store.open(tmp_path / "nemboks.db", vault(tmp_path), clock, threaded=False)
    anna = await opened.mailboxes.add(make.declared(), "settings")
    await opened.mailboxes.add(make.declared(make.BO), "settings")
    await opened.domains.delivered("bageri.example", Level.DANE)

    def act(books):
        account = books.accounts.add(Account(0, "bageri", Address("anna@bageri.example"), START))
        other = books.accounts.add(Account(0, "andre", Address("ida@andre.example"), START))
        books.keep(replace(books.mailbox_of(anna.id), account=account.id))
        person(books, "anna", GrantRole.OWNER, account=account.id)
        person(books, "dorte", GrantRole.OPERATIONS)
        person(books, "rikke", GrantRole.READER, mailbox=anna.id)
        person(books, "ida", GrantRole.OWNER, account=other.id)
        books.people.add(Person(0, "egon", START))

    await opened.act(act)
    yield opened
    await opened.close()


async def shown(store, who="", cvr=None):
    """The CVRs of the rows that the person is shown."""
    asking = Asking("keyboard", who)
    return {item["cvr"] async for item in audit_export(store, asking, cvr)}


async def test_an_owner_sees_the_history_of_their_own_mailboxes(store):
    """Rows of other customers, and those that are no mailbox's, are for whoever runs Nemboks."""
    everything = {make.ANNA, make.BO, None}

    assert await shown(store) == everything
    assert await shown(store, "dorte") == everything
    assert await shown(store, "anna") == await shown(store, "anna", make.ANNA) == {make.ANNA}
    assert await shown(store, "ida") == set()


@pytest.mark.parametrize(
    ("who", "cvr", "error"),
    [
        ("anna", make.BO, NotFound),
        ("anna", Cvr("10000009"), NotFound),
        ("ida", make.ANNA, NotFound),
        ("rikke", make.ANNA, NotAllowed),
        ("rikke", None, NotAllowed),
        ("egon", make.ANNA, NotFound),
        ("egon", None, NotAllowed),
        ("nobody", None, NotFound),
        ("", Cvr("10000009"), NotFound),
    ],
)
async def test_others_are_shown_nothing(store, who, cvr, error):
    """Without the right there is not one row, and a foreign mailbox is as good as none."""
    with pytest.raises(error):
        await shown(store, who, cvr)


@pytest.mark.parametrize("act", [audit_verify, audit_head])
async def test_who_may_ask_whether_it_is_whole(store, act):
    """Operator, operations and owners may; a reader and a stranger may not."""
    for who in ("", "dorte", "anna"):
        assert (await act(store, Asking("keyboard", who)))["head"]
    for who in ("rikke", "egon"):
        with pytest.raises(NotAllowed):
            await act(store, Asking("keyboard", who))


async def test_a_verdict_names_row_and_head(store):
    """The answer holds what a script needs, and words for people."""
    head = await audit_head(store, KEYBOARD)
    number = head["number"]

    whole = await audit_verify(store, KEYBOARD, [Head(number, head["hash"])])
    wrong = await audit_verify(store, KEYBOARD, [WRONG], Lang.EN)

    assert (whole["whole"], whole["rows"], whole["proven"], whole["row"]) == (True, number, number, None)
    assert whole["head"] == head["head"] == f"{number}:{head['hash']}"
    assert (wrong["whole"], wrong["verdict"], wrong["row"], wrong["heads_given"]) == (False, "rewritten", 1, 1)
    assert "row 1 is not what a head" in wrong["verdict_text"]


async def test_an_empty_history_has_no_head(tmp_path, clock):
    """Before the first row there is nothing to keep."""
    store = Store.open(tmp_path / "nemboks.db", vault(tmp_path), clock, threaded=False)
    with pytest.raises(NotFound):
        await audit_head(store, KEYBOARD)
    await store.close()


@pytest.mark.parametrize("lang", Lang)
def test_each_outcome_has_words_of_its_own(lang):
    """Nobody has to guess which of the three it is; and a whole chain says what it does not prove."""
    told = {outcome: words_of(Verdict(outcome, 41, 42)).to(lang) for outcome in Outcome}
    vouched = words_of(Verdict(Outcome.WHOLE, 41, proven=40)).to(lang)

    assert len(set(told.values())) == len(Outcome)
    assert all("42" in text for outcome, text in told.items() if outcome is not Outcome.WHOLE)
    assert "--head" in told[Outcome.WHOLE]
    assert "--head" not in vouched
    assert "40" in vouched
