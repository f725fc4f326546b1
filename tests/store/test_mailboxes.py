"""Mailboxes on the real ledger: credentials, the settings file, history."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text, update

from nemboks.domain.letter import Later, State
from nemboks.domain.mailbox import Address, Cvr, Face, Options
from nemboks.ports import Listed
from nemboks.store.errors import Altered, StoreError
from nemboks.store.schema import mailboxes
from tests.contracts.ledgers import ACCOUNTANT, FALLBACK
from tests.helpers import builders as make
from tests.helpers.builders import ANNA, BO, declared
from tests.helpers.clock import START


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request):
    return request.param


async def events(store):
    """Names of the mailbox events so far."""
    rows = await store._reader.read(lambda tx: tx.execute(text("SELECT event FROM events ORDER BY id")).all())
    return [event for (event,) in rows]


async def details(store, column="detail", table="events"):
    """A column of a table, as it lies there."""
    rows = await store._reader.read(lambda tx: tx.execute(text(f"SELECT {column} FROM {table}")).all())
    return [value for (value,) in rows]


async def test_a_new_mailbox_is_due_at_once(store):
    """What was added is there with its route, due now."""
    box = await store.mailboxes.add(declared(), "anna")

    assert box == await store.mailboxes.find(ANNA) == await store.mailboxes.get(box.id)
    assert (box.cvr, box.due_at, box.route.version, box.route.vouched_by) == (ANNA, START, 1, "anna")
    assert await events(store) == ["mailbox_added", "route_changed"]


async def test_a_cvr_has_one_mailbox(store):
    """A second one is refused and changes nothing."""
    await store.mailboxes.add(declared(), "anna")

    with pytest.raises(StoreError, match="already"):
        await store.mailboxes.add(declared(name="Anden"), "bo")
    assert len(await store.mailboxes.all()) == 1


@pytest.mark.parametrize("kind", ["sqlite"])
async def test_credentials_lie_sealed(store, tmp_path):
    """The file has no credentials in clear; opened they are what was given."""
    secrets = {"token": "meget hemmelig", "client_id": "4711"}
    box = await store.mailboxes.add(declared(credentials=secrets), "anna")

    assert await store.mailboxes.credentials(box) == secrets
    assert b"meget hemmelig" not in (tmp_path / "nemboks.db").read_bytes()
    assert "meget hemmelig" not in repr(declared(credentials=secrets))


async def test_credentials_that_changed_rows_are_refused(store):
    """Anna's credentials in Bo's row open for neither: one company's token never serves another."""
    anna, bo = await store.mailboxes.add(declared(), "x"), await store.mailboxes.add(declared(BO), "x")
    swap = text("UPDATE mailboxes SET credentials = (SELECT credentials FROM mailboxes WHERE id = :a) WHERE id = :b")
    await store._writer.unit(lambda tx: tx.execute(swap, {"a": anna.id, "b": bo.id}))

    with pytest.raises(Altered):
        await store.mailboxes.credentials(bo)


async def test_the_same_settings_change_nothing(store):
    """Declaring twice leaves rows, routes and history as they were."""
    first = await store.mailboxes.declare([declared(), declared(BO)])
    before = await events(store)

    assert await store.mailboxes.declare([declared(), declared(BO)]) == first
    assert await events(store) == before


async def test_a_changed_address_is_a_new_route(store, clock):
    """Another address or server in the settings makes the next version, from now on, vouched for by the settings."""
    await store.mailboxes.declare([declared()])
    clock.advance(60)

    (box,) = await store.mailboxes.declare([declared(address=Address("post@bageri.example"))])

    assert (box.route.version, box.route.address, box.route.since) == (2, "post@bageri.example", clock.now())
    (box,) = await store.mailboxes.declare([declared(address=Address("post@bageri.example"), server="anden")])
    assert (box.route.version, box.route.server, box.route.vouched_by) == (3, "anden", "settings")


async def test_further_recipients_are_part_of_the_route(store):
    """Others, or who decides, make the next version; the same ones do not; an address changed by hand keeps them."""
    others = (ACCOUNTANT, replace(FALLBACK, language="en", certificate="PEM"))
    await store.mailboxes.declare([declared()])
    (box,) = await store.mailboxes.declare([declared(others=others)])
    assert (box.route.version, box.route.others, box.route.fallback_decides) == (2, others, False)
    (box,) = await store.mailboxes.declare([declared(others=others, fallback_decides=True)])
    assert box == (await store.mailboxes.declare([declared(others=others, fallback_decides=True)]))[0]
    assert (box.route.version, box.route.fallback_decides) == (3, True)

    box = await store.mailboxes.reroute(ANNA, Address("post@bageri.example"), "direct", "anna")
    assert (box.route.version, box.route.others, box.route.fallback_decides) == (4, others, True)
    box = await store.mailboxes.reroute(ANNA, box.route.address, "direct", "anna", others=(ACCOUNTANT,))
    assert box.route.others == (ACCOUNTANT,)
    assert await details(store, "destination", "mailboxes") == ["direct:bageri.example"]
    told = " ".join(await details(store))
    assert "b***@revisor.example" in told and "bo@revisor" not in told


async def test_a_line_about_a_copy_does_not_send_letters_back_to_the_address_of_before(store):
    """What people changed at the desk stands, until the file says another of just that."""
    changed = Address("kontor@bageri.example")
    copies = (ACCOUNTANT,)
    await store.mailboxes.declare([declared()])
    await store.mailboxes.reroute(ANNA, changed, "andet", "change 1")
    (box,) = await store.mailboxes.declare([declared(others=copies)])
    assert (changed, "andet", copies, "change 1") == (
        box.route.address, box.route.server, box.route.others, box.route.vouched_by,
    )  # fmt: skip
    assert [box] == await store.mailboxes.declare([declared(others=copies)])

    await store.mailboxes.reroute(ANNA, changed, "andet", "anna", others=())
    (box,) = await store.mailboxes.declare([declared(others=copies, address=Address("ny@bageri.example"))])
    assert ("ny@bageri.example", ()) == (box.route.address, box.route.others)


async def test_options_are_described_without_a_new_route(store):
    """What a company chose follows the settings, in every field; history says so and nothing more."""
    options = Options(
        "en", True, "blå elefant", True, "PEM", Address("bo@revisor.example"), "en", ("drift",), "postkasse"
    )
    await store.mailboxes.declare([declared()])
    (box,) = await store.mailboxes.declare([declared(options=options)])

    assert (box.options, box.route.version) == (options, 1)
    assert await store.mailboxes.declare([declared(options=options)]) == [box]
    assert (await events(store)).count("mailbox_changed") == 1
    told = " ".join(await details(store))
    assert "options" in told and "elefant" not in told + repr(declared(options=options))


async def test_the_settings_file_is_not_asked_about_a_frozen_mailbox(store):
    """From the registration of an estate on, the file's address and options wait: they are the former people's."""
    (box,) = await store.mailboxes.declare([declared(options=Options(second_contact=Address("bo@andet.example")))])
    await store.act(lambda books: books.keep(replace(box, frozen_at=START, options=Options())))

    new = declared(address=Address("ny@bageri.example"), options=Options(digest=Address("ny@bageri.example")))
    (after,) = await store.mailboxes.declare([new])

    assert (box.route, Options()) == (after.route, after.options)


async def test_changed_particulars_are_taken_over(store, clock):
    """Name, face and credentials follow the settings, and the mailbox is looked at at once."""
    (box,) = await store.mailboxes.declare([declared()])
    await store.mailboxes.postpone(box, START + timedelta(hours=1), "HTTP 403", parked=False)
    clock.advance(5)

    (box,) = await store.mailboxes.declare([declared(name="Bageriet", face=Face.IMAP, credentials={"password": "ny"})])

    assert (box.name, box.face, box.due_at) == ("Bageriet", Face.IMAP, clock.now())
    assert await store.mailboxes.credentials(box) == {"password": "ny"}
    assert (await events(store))[-1] == "mailbox_changed"


async def test_a_mailbox_that_left_the_settings_is_paused(store):
    """Not deleted: paused by the settings, and going on when it is back."""
    await store.mailboxes.declare([declared(), declared(BO)])
    anna, bo = await store.mailboxes.declare([declared()])
    assert (anna.paused_at, bo.paused_at, bo.paused_by) == (None, START, "settings")

    anna, bo = await store.mailboxes.declare([declared(), declared(BO)])
    assert (bo.paused_at, bo.paused_by) == (None, "")
    assert (await events(store))[-2:] == ["mailbox_paused", "mailbox_resumed"]


async def test_a_persons_pause_outlives_the_settings(store):
    """What a person paused only a person resumes."""
    await store.mailboxes.declare([declared()])
    await store.mailboxes.pause(ANNA, "anna")
    (box,) = await store.mailboxes.declare([declared()])
    assert box.paused_by == "anna"

    assert (await store.mailboxes.resume(ANNA, "anna")).paused_at is None


async def test_a_mailbox_added_by_hand_is_not_the_settings_to_pause(store):
    """The settings file speaks only for what it declared."""
    await store.mailboxes.add(declared(BO), "bo")
    await store.mailboxes.declare([declared()])

    assert [x.paused_at for x in await store.mailboxes.all()] == [None, None]


async def test_pausing_twice_is_one_pause(store, clock):
    """The first pause stands, with its time and its name."""
    await store.mailboxes.add(declared(), "anna")
    await store.mailboxes.pause(ANNA, "anna")
    clock.advance(60)
    box = await store.mailboxes.pause(ANNA, "bo")

    assert (box.paused_at, box.paused_by) == (START, "anna")
    assert (await events(store)).count("mailbox_paused") == 1


async def test_a_trouble_is_told_once(store):
    """History has a row when a listing's trouble begins, changes and ends, not one for every failure."""
    box = await store.mailboxes.add(declared(), "anna")
    for words in ("HTTP 503", "HTTP 503", "HTTP 403", "HTTP 403"):
        box = await store.mailboxes.postpone(box, START, words, parked=words == "HTTP 403")
    await store.letters.found(box, [], START, START)
    await store.letters.found(box, [], START, START)

    assert (await events(store))[2:] == ["listing_failed", "listing_failed", "listing_recovered"]


async def test_an_unknown_cvr_is_told(store):
    """Acts on a CVR without a mailbox say so."""
    with pytest.raises(StoreError, match="29189846"):
        await store.mailboxes.pause(BO, "bo")
    with pytest.raises(StoreError):
        await store.mailboxes.get(99)
    assert await store.mailboxes.find(Cvr("29189846")) is None


async def test_credentials_with_a_lost_key_come_back_from_the_settings(store):
    """What the vault cannot open is sealed anew from the settings file."""
    (box,) = await store.mailboxes.declare([declared()])
    spoil = update(mailboxes).values(credentials=b"\1\2")
    await store._writer.unit(lambda tx: tx.execute(spoil))

    await store.mailboxes.declare([declared()])
    assert await store.mailboxes.credentials(box) == declared().credentials


async def test_many_mailboxes_are_declared_together(store):
    """A hundred mailboxes come in one transaction and in order."""
    cvrs = [Cvr(str(10_000_000 + n)) for n in range(100)]
    boxes = await store.mailboxes.declare([replace(declared(), cvr=cvr) for cvr in cvrs])

    assert [x.cvr for x in boxes] == cvrs
    assert len(await asyncio.gather(*(store.mailboxes.credentials(x) for x in boxes[:5]))) == 5


async def test_a_new_address_is_tried_at_once_with_what_the_old_one_refused(store):
    """Nobody waits six hours for the schedule of a dead address; a change of the further recipients hurries nothing."""
    box = await store.mailboxes.add(declared(), "anna")
    await store.letters.found(box, [Listed("letter-1")], START, START)
    (letter,) = await store.letters.due(State.FOUND, START, 1)
    letter = await store.letters.move(letter, make.collected())
    letter = await store.letters.move(letter, make.claimed())
    much_later = START + timedelta(hours=6)
    letter = await store.letters.move(letter, Later(1, "address", "550 5.1.1", much_later))

    await store.mailboxes.reroute(ANNA, box.route.address, box.route.server, "anna", others=(ACCOUNTANT,))
    assert much_later == (await store.letters.get(letter.id)).due_at
    await store.mailboxes.reroute(ANNA, Address("anna@ny.example"), box.route.server, "anna")
    assert [letter.id] == [one.id for one in await store.letters.due(State.WAITING, START, 10)]


async def test_only_inboxes_that_can_tell_are_listened_to(store, clock):
    """IMAP, not parked, not among those that are watched already, and no more than there is room for."""
    imap = await store.mailboxes.add(declared(BO, face=Face.IMAP), "settings")
    await store.mailboxes.add(declared(ANNA), "settings")
    listening = store.mailboxes.listening

    assert [box.id for box in await listening(clock.now(), (), 10)] == [imap.id]
    assert [*await listening(clock.now(), (imap.id,), 10), *await listening(clock.now(), (), 0)] == []
    until = clock.now() + timedelta(hours=1)
    await store.mailboxes.postpone(imap, until, "refused", True)
    assert await listening(clock.now(), (), 10) == []
    assert [box.id for box in await listening(until, (), 10)] == [imap.id]


async def test_what_people_added_is_the_files_once_it_stands_there(store):
    """Declared later, the mailbox keeps its number; left out again, it is paused, and others' mailboxes are not."""
    added = await store.mailboxes.add(declared(ANNA), "anna")
    other = await store.mailboxes.add(declared(BO), "anna")
    (box,) = await store.mailboxes.declare([declared(ANNA)])
    assert box.id == added.id

    await store.mailboxes.declare([])
    assert (await store.mailboxes.get(added.id)).paused_by == "settings"
    assert (await store.mailboxes.get(other.id)).paused_at is None


async def test_a_cvr_that_is_declared_twice_is_refused(store):
    """The settings refuse it before; nobody else may get half of it."""
    with pytest.raises(StoreError, match="twice"):
        await store.mailboxes.declare([make.declared(), make.declared()])
    assert await store.mailboxes.all() == []
