"""SECURITY 3, threats 3, 5 and 8, on a real ledger: support, former management, and numbers of others."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.desk import letters, notices, preview, status
from nemboks.desk.errors import NotAllowed, NotFound
from nemboks.desk.mailboxes import mailbox_list
from nemboks.desk.words import Lang, plain
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.incidents import Cause, Incident
from nemboks.domain.mailbox import Cvr
from nemboks.domain.people import RIGHTS, Action, GrantRole
from nemboks.ports import Listed
from tests.desk.access_calls import CALLS
from tests.desk.access_table import TABLE
from tests.desk.peopled import ANNA, FIRST, KEYBOARD, SECOND, box, by, firm, give, mailbox
from tests.helpers import builders as make
from tests.helpers.clock import START

MOVES = {
    Action.ROUTE,
    Action.ADDRESS,
    Action.GRANT,
    Action.HOLD,
    Action.PAUSE,
    Action.CUSTODY,
    Action.LOGIN,
    Action.ADD,
}
PEOPLE = (GrantRole.OWNER, GrantRole.ADMINISTRATOR, GrantRole.READER, GrantRole.ACCOUNTANT)


@pytest.fixture
async def bakery(store):
    """Anna's account with a mailbox, somebody of every role, and a letter that waits."""
    await firm(store)
    await mailbox(store)
    for role in PEOPLE[1:]:
        await give(store, role.value, role, FIRST)
    for role in (GrantRole.SUPPORT, GrantRole.OPERATIONS):
        await give(store, role.value, role, asking=KEYBOARD)
    await letter(store, "before")
    return store


async def letter(store, upstream_id: str, cvr: Cvr = FIRST) -> int:
    """A letter that we hold since now."""
    its, at = await box(store, cvr), store._clock.now()
    await store.letters.found(its, [Listed(upstream_id)], at, at)
    found = next(one for one in await store.letters.list() if one.upstream_id == upstream_id)
    return (await store.letters.move(found, make.collected(at, found.id, headline=make.headline()))).id


async def estate(store, boundary_at=None) -> None:
    its = await box(store)
    await store.act(lambda books: books.keep(replace(its, frozen_at=START, boundary_at=boundary_at)))


async def test_threat_3_support_cannot_be_talked_into_a_change(bakery) -> None:
    """Not one act that moves post, gives a right or shows contents is support's, whoever is on the telephone."""
    support = TABLE.splitlines()[2][37:].index("s")
    starts = {"estates.", "estate_documents."}  # a case is opened by support, and approved by two others
    changes = {
        name for line in TABLE.splitlines()[3:] if (name := line[:36].strip()) and line[37:].split()[0][support] == "Y"
    }
    looks = {name for name in changes if not name.startswith(tuple(starts))}

    assert not MOVES & RIGHTS[GrantRole.SUPPORT]
    assert {
        "accounts.account_list", "accounts.account_show", "board.board", "board.board (account)",
        "digests.digest_preview (account)", "digests.digest_preview (cvr)",
        "estate_case.estate_list", "estate_case.estate_show", "explain.explain_cvr", "explain.explain_letter",
        "fuses.fuse_show", "grants.grant_list", "grants.grant_list (cvr)", "letters.letter_list",
        "letters.letter_list (cvr)", "letters.letter_show", "mailboxes.mailbox_list", "notices.told_list",
        "references.number_of", "routes.route_list", "routes.route_try", "status.status", "trays.letter_tray",
    } == looks  # fmt: skip
    assert looks <= set(CALLS)


async def test_threat_3_support_explains_a_letter_without_reading_it(bakery) -> None:
    """No title, no file name, no full address; neither for the operator at the keyboard. The owner sees all."""
    (number,) = [one["id"] for one in await letters.letter_list(bakery, by("support"))]
    for asking in (by("support"), KEYBOARD):
        page = str(plain(await letters.letter_show(bakery, asking, number, Lang.DA)))
        boxes = str(plain([one for one in await mailbox_list(bakery, asking) if one["cvr"] == FIRST]))

        assert "Skattestyrelsen" in page and "Årsopgørelse" not in page
        assert make.ADDRESS not in page + boxes and "a***@bageri.example" in boxes
        with pytest.raises(NotAllowed):
            await preview.letter(bakery, asking, None, number)
    assert "Årsopgørelse.pdf" in str(plain(await letters.letter_show(bakery, ANNA, number)))


@pytest.mark.parametrize("role", PEOPLE)
async def test_threat_5_former_management_does_not_see_new_letters(bakery, clock, role) -> None:
    """From the estate's effect on: not in lists, not by number, not in a count, a notice or a trouble."""
    who = ANNA if role is GrantRole.OWNER else by(role.value)
    effect = START + timedelta(hours=1)
    await estate(bakery, effect)
    before = await status.status(bakery, who, clock.now(), daemon=False)
    clock.advance(3_600)
    new = await letter(bakery, "after")
    its = await box(bakery)
    trouble = Incident(0, "k", Cause.FULL, "direct:x", "x@y.example", (), clock.now(), (its.id,), (new,))
    await bakery.incidents.keep([trouble], [])
    await bakery.act(lambda books: books.tell(_about(its.id, clock.now(), Kind.UNROUTED)))

    assert ["before"] == [one["upstream_id"] for one in await letters.letter_list(bakery, who)]
    assert [] == await letters.letter_list(bakery, who, since=clock.now())
    for act in (letters.letter_show, letters.retry, letters.release):
        with pytest.raises(NotFound, match=f"no letter number {new}"):
            await act(bakery, who, new)
    after = await status.status(bakery, who, clock.now(), daemon=False)
    for name in ("waiting", "held", "incidents"):
        assert before["items"][0][name] == after["items"][0][name]
    assert {Kind.GRANT_CHANGED} == await _kinds(bakery, who) < await _kinds(bakery, KEYBOARD)
    assert 2 == len(await letters.letter_list(bakery, by("support"), cvr=FIRST))


async def _kinds(store, asking) -> set[Kind]:
    """What they see of what people were told."""
    return {one["kind"] for one in (await notices.told_list(store, asking))[1]}


def _about(mailbox: int, at, kind: Kind) -> Announcement:
    return Announcement(0, f"{kind} {at}", kind, "mail:da:a@b.example", at, due_at=at, mailbox=mailbox)


@pytest.mark.parametrize("role", PEOPLE)
async def test_threat_5_from_the_registration_on_they_move_nothing(bakery, clock, role) -> None:
    """They look at what was, and learn nothing of the case itself."""
    who = ANNA if role is GrantRole.OWNER else by(role.value)
    await estate(bakery)
    number = (await letters.letter_list(bakery, who))[0]["id"]
    its = await box(bakery)
    await bakery.act(lambda books: books.tell(_about(its.id, clock.now(), Kind.ESTATE_CODE)))

    for act in (letters.retry, letters.release):
        with pytest.raises(NotAllowed):
            await act(bakery, who, number)
    assert {Kind.GRANT_CHANGED} == await _kinds(bakery, who)
    assert {Kind.GRANT_CHANGED, Kind.ESTATE_CODE} == await _kinds(bakery, by("drift"))


async def test_threat_8_a_number_of_others_is_answered_as_one_that_is_not_there(bakery) -> None:
    """Letters by number and mailboxes by CVR: the words of a foreign one and of a missing one are the same."""
    await firm(bakery, "Naboen", "nabo")
    await mailbox(bakery, SECOND, "Naboen", by("nabo"))
    foreign = await letter(bakery, "naboens", SECOND)

    for act in (letters.letter_show, letters.retry, letters.release):
        said = []
        for number in (foreign, 9_999):
            with pytest.raises(NotFound) as refused:
                await act(bakery, ANNA, number)
            said.append((refused.value.words.da + refused.value.words.en).replace(str(number), "N"))
        assert said[0] == said[1]
    assert {FIRST} == {one["cvr"] for one in await letters.letter_list(bakery, ANNA)}
    assert [] == await letters.letter_list(bakery, ANNA, cvr=SECOND)
