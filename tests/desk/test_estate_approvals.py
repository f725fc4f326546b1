"""Four eyes: who approves what, when it counts, and what a fake kurator meets (SECURITY 4, 39)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from nemboks.desk import estate_approvals, estate_documents, estates
from nemboks.desk.errors import NotAllowed, NotFound, RefusedByRule
from nemboks.domain.announcements import Kind
from nemboks.domain.custody import Life
from nemboks.domain.estates import EstateState, Item
from nemboks.domain.mailbox import Address
from nemboks.domain.people import Grant, GrantRole
from tests.desk.estating import BY_PEOPLE, COMPANY, KURATOR, MIDNIGHT, PDF


async def test_two_people_decide_a_case(court):
    """After the second approval it waits for its time; at that time it is in effect, and not a second earlier."""
    shown = await court.approved()

    assert (EstateState.APPROVED, [("ida", True), ("jens", True)]) == (
        shown["state"], [(one["name"], one["counts"]) for one in shown["approvals"]],
    )  # fmt: skip
    await court.until(MIDNIGHT - timedelta(microseconds=1))
    assert EstateState.APPROVED == (await court.estate()).state
    await court.later(microseconds=1)
    assert (EstateState.IN_EFFECT, MIDNIGHT) == ((await court.estate()).state, (await court.estate()).effect_at)


async def test_security_4_a_fake_kurator_needs_two_people_who_are_not_the_opener(court):
    """One approver, the same one twice, the opener, the owner, support: none of them decides a case."""
    await court.opens("lis")
    await court.made_ready()
    await court.approves("ida")

    for name, error, why in (
        ("ida", RefusedByRule, "second must be another"), ("lis", RefusedByRule, "opened the case"),
        ("anna", NotFound, "no case"), ("sune", NotAllowed, "cannot decide"),
    ):  # fmt: skip
        digest = (await court.page())["digest"]
        with pytest.raises(error, match=why):
            await court.approves(name, digest=digest)
    await court.until(MIDNIGHT + timedelta(days=30))
    assert (EstateState.OPEN, COMPANY) == ((await court.estate()).state, (await court.box()).route.address)
    assert [KURATOR] == await court.told(*Kind)


async def test_one_human_with_two_names_is_one(court):
    """Two people with one e-mail address are not two."""
    await court.opens()
    await court.made_ready()
    await court.approves("ida")

    def same(books):
        (jens,) = books.people.all(name="jens")
        books.people.put(replace(jens, email=Address("Ida@nemboks.example")))

    await court.store.act(same)
    with pytest.raises(RefusedByRule, match="same e-mail"):
        await court.approves("jens")


async def test_nothing_is_approved_before_all_is_there(court):
    """The code, a document, each line of the list: what is missing is named."""
    await court.opens()
    with pytest.raises(RefusedByRule, match="address is not confirmed; there is no document; Statstidende"):
        await court.approves("ida")

    await court.made_ready()
    assert [] == (await court.page())["missing"]
    await court.approves("ida")


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"curator": False}, [Item.CURATOR_ACCESS]),
        ({"life": Life.ACTIVE}, [Item.REGISTER]),
        ({"looked_up_at": None}, [Item.CURATOR_ACCESS, Item.REGISTER]),
    ],
)
async def test_the_register_answers_for_itself(court, changes, left):
    """What upstream's look-up says is ticked by the machine alone; where it is never asked, people tick it."""
    await court.opens()
    await court.made_ready()
    await court.store.act(lambda books: books.keep(replace(books.mailbox_of(1), **changes)))

    shown = await court.page()
    assert left == [one["item"] for one in shown["checklist"] if not one["done"]]
    for item in left:
        ticking = estate_documents.estate_check(court.store, court.by("sune"), 1, item, "set på virk.dk")
        if "looked_up_at" in changes:
            await ticking
        else:
            with pytest.raises(RefusedByRule, match="look-up answers"):
                await ticking


async def test_a_look_up_of_last_week_is_none(court):
    """What the register said seven days ago does not count; a new look does."""
    await court.opens(effective_at=MIDNIGHT + timedelta(days=20))
    await court.made_ready()
    await court.later(days=7)
    assert [Item.CURATOR_ACCESS, Item.REGISTER] == [
        one["item"] for one in (await court.page())["checklist"] if not one["done"]
    ]

    await court.store.act(lambda books: books.keep(replace(books.mailbox_of(1), looked_up_at=books.at)))
    assert [] == (await court.page())["missing"]


async def test_a_tick_has_who_when_and_what(court):
    """Without a note nothing is ticked; with one it stands there, CPR numbers masked."""
    await court.opens()
    check = estate_documents.estate_check
    with pytest.raises(RefusedByRule, match="what you found"):
        await check(court.store, court.by("sune"), 1, Item.GAZETTE, " ")

    shown = await check(court.store, court.by("sune"), 1, Item.GAZETTE, "Statstidende S1, 010101-0000")
    (line,) = [one for one in shown["checklist"] if one["item"] is Item.GAZETTE]
    assert "sune" in line["by"] and "Statstidende S1" in line["note"] and "010101-0000" not in line["note"]
    with pytest.raises(NotFound):
        await check(court.store, court.by("anna"), 1, Item.GAZETTE, "ja")


async def test_an_approval_counts_for_seven_days(court):
    """After a week the first one counts no more, which is said; then two new ones are needed."""
    await court.opens(effective_at=MIDNIGHT + timedelta(days=20))
    await court.made_ready()
    await court.approves("ida")
    await court.later(days=7)
    await court.store.act(lambda books: books.keep(replace(books.mailbox_of(1), looked_up_at=books.at)))

    (approval,) = (await court.page())["approvals"]
    assert (False, "gælder ikke: er over 7 dage gammel") == (approval["counts"], approval["why_not"])
    assert EstateState.OPEN == (await court.approves("jens"))["state"]
    assert EstateState.APPROVED == (await court.approves("ida"))["state"]


async def test_an_approver_who_lost_the_right_counts_no_more(court):
    """The first approver leaves before the second one approves: one approval is left."""
    await court.opens()
    await court.made_ready()
    await court.approves("ida")

    def leaves(books):
        (ida,) = books.people.all(name="ida")
        (grant,) = books.grants.all(person=ida.id)
        books.grants.put(replace(grant, until=books.at))

    await court.store.act(leaves)
    assert EstateState.OPEN == (await court.approves("jens"))["state"]
    shown = await court.page(name="lis")
    assert ["gælder ikke: har ikke retten mere", None] == [one["why_not"] for one in shown["approvals"]]


async def test_security_39_a_document_swapped_between_two_approvals(court, tmp_path):
    """The sealed file is another one by now: the second approver is told, and nothing is approved."""
    await court.opens()
    await court.made_ready()
    await court.approves("ida")
    (file,) = (tmp_path / "documents").iterdir()
    other = bytearray(file.read_bytes())
    other[-1] ^= 1
    file.write_bytes(other)

    with pytest.raises(RefusedByRule, match="document 1 is not what was added"):
        await court.approves("jens")
    with pytest.raises(RefusedByRule, match="document 1 is not what was added"):
        await estate_documents.estate_view(court.store, court.by("jens"), court.documents, 1, 1)
    file.unlink()
    with pytest.raises(RefusedByRule, match="document 1 is not what was added"):
        await court.approves("jens")
    assert EstateState.OPEN == (await court.estate()).state


async def test_security_39_a_row_that_names_another_sealed_file(court):
    """Somebody puts another genuine sealing of ours into the row: its digest gives it away."""
    await court.opens()
    await court.made_ready()
    await court.document(data=b"%PDF-1.7 another decree", name="andet.pdf")

    def swaps(books):
        one, two = books.documents.all(estate=1)
        books.documents.put(replace(one, sealed=two.sealed))

    await court.store.act(swaps)
    with pytest.raises(RefusedByRule, match="document 1 is not what was added"):
        await court.approves("ida")


@pytest.mark.parametrize(
    "change",
    [
        lambda books, one: replace(one, address=Address("tyv@holm.example")),
        lambda books, one: replace(one, server="tyv"),
        lambda books, one: replace(one, kurator="En Anden"),
        lambda books, one: replace(one, effective_at=one.effective_at - timedelta(hours=1)),
        lambda books, one: replace(one, person=books.people.all(name="anna")[0].id),
    ],
    ids=["address", "server", "kurator", "effective_at", "person"],
)
@pytest.mark.parametrize("after_both", [False, True])
async def test_altered_facts_need_new_approvals(court, change, after_both):
    """A fact changed behind our back: the digest is another, the first approval is void, and no effect comes of two."""
    await court.opens()
    before = (await court.made_ready())["digest"]
    await court.approves("ida")
    if after_both:
        await court.approves("jens")
    estate = await court.estate()
    await court.store.act(lambda books: books.estates.put(change(books, estate)))

    if not after_both:
        with pytest.raises(RefusedByRule, match="not the case's digest now"):
            await court.approves("jens", digest=before)
        assert ["gælder ikke: sagen er ændret siden"] == [one["why_not"] for one in (await court.page())["approvals"]]
    await court.until(MIDNIGHT)
    box, state = await court.box(), (await court.estate()).state
    assert (EstateState.OPEN, COMPANY, None) == (state, box.route.address, box.boundary_at)
    assert 0 == await court.sweeps()


async def test_an_approver_names_what_they_saw(court):
    """An approval without the case's digest of now is none, also when a document came after it was shown."""
    await court.opens()
    seen = (await court.made_ready())["digest"]
    await court.approves("ida", digest=seen)
    await court.document(data=PDF + b" 2")

    for digest in (seen, "0" * 64):
        with pytest.raises(RefusedByRule, match="digest now"):
            await court.approves("jens", digest=digest)


async def test_a_document_after_the_decision_undoes_it(court):
    """What two people approved is not what the case is any more: it is to be approved anew."""
    await court.approved()
    assert EstateState.OPEN == (await court.document(data=PDF + b" 2"))["state"]

    await court.until(MIDNIGHT)
    assert (EstateState.OPEN, COMPANY) == ((await court.estate()).state, (await court.box()).route.address)


async def test_an_approval_after_its_time_is_refused_until_another_is_set(court):
    """Never backwards (T03): the time passed with one approval, so both are asked again for a new time."""
    await court.opens()
    await court.made_ready()
    await court.approves("ida")
    await court.until(MIDNIGHT)
    with pytest.raises(RefusedByRule, match="its time passed"):
        await court.approves("jens")
    for at in (MIDNIGHT - timedelta(days=1), MIDNIGHT - timedelta(microseconds=1)):
        with pytest.raises(RefusedByRule, match="never takes effect backwards"):
            await estates.estate_effective(court.store, court.by("sune"), 1, at)

    await estates.estate_effective(court.store, court.by("sune"), 1, MIDNIGHT + timedelta(hours=1))
    assert EstateState.OPEN == (await court.approves("jens"))["state"]
    assert EstateState.APPROVED == (await court.approves("ida"))["state"]
    with pytest.raises(RefusedByRule, match="already decided"):
        await court.approves("lis")


async def test_a_decided_case_waits_for_a_daemon_that_was_away(court):
    """A late look changes nothing of whose letters are whose; the case is in effect from its own time on."""
    await court.approved()
    court.clock.advance((MIDNIGHT + timedelta(days=3) - court.clock.now()).total_seconds())
    with pytest.raises(RefusedByRule, match="takes effect now"):
        await estates.estate_effective(court.store, court.by("sune"), 1, MIDNIGHT + timedelta(days=9))
    with pytest.raises(RefusedByRule, match="takes effect now"):
        await court.document(data=PDF + b" 2")

    assert 1 == await court.sweeps()
    box = await court.box()
    assert (MIDNIGHT, MIDNIGHT, KURATOR) == (box.boundary_at, box.route.since, box.route.address)
    assert 0 == await court.sweeps()


@pytest.mark.parametrize(
    "act",
    [
        lambda court: court.document(),
        lambda court: court.approves("lis"),
        lambda court: estates.estate_code(court.store, court.by("sune"), 1),
        lambda court: estates.estate_confirm(court.store, court.by("sune"), 1, "12345678"),
        lambda court: estates.estate_effective(court.store, court.by("sune"), 1, MIDNIGHT + timedelta(days=9)),
        lambda court: estate_documents.estate_check(court.store, court.by("sune"), 1, BY_PEOPLE[0], "ja"),
        lambda court: estate_approvals.estate_refuse(court.store, court.by("ida"), 1, "nej"),
    ],
)
async def test_a_case_in_effect_is_decided(court, act):
    """Nothing of a case that is in effect can be changed; it can only be ended."""
    await court.in_effect()

    with pytest.raises(RefusedByRule, match="decided"):
        await act(court)


async def test_the_kurator_has_his_right_from_the_effective_time(court):
    """From that moment on, for this company alone, and he sees his case but not its documents."""
    await court.in_effect()

    (grant,) = await court.store.ask(lambda books: books.grants.all(role=GrantRole.KURATOR))
    assert Grant(grant.id, grant.person, GrantRole.KURATOR, MIDNIGHT, "estate 1 (ida, jens)", 1) == grant
    assert 1 == (await court.page(name=KURATOR))["id"]
    with pytest.raises(NotAllowed):
        await estate_documents.estate_view(court.store, court.by(KURATOR), court.documents, 1, 1)


async def test_nobody_approves_that_the_post_becomes_their_own(court):
    """Jens runs Nemboks, and his own address stands as the kurator's: two others have to look."""
    await court.opens(address=Address("jens@nemboks.example"), person="jens")
    await court.made_ready()
    with pytest.raises(RefusedByRule, match="whoever gets the post"):
        await court.approves("jens")
    await court.approves("ida")
    await court.approves("lis")
    assert EstateState.APPROVED == (await court.estate()).state
