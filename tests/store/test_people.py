"""The stream of events, recipient domains, derived keys and spool files on the real ledger."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from nemboks.domain.headline import Sealed
from nemboks.domain.letter import Acknowledged, HandedOver, Recomposed
from nemboks.domain.mailbox import Options
from nemboks.domain.proof import Level
from nemboks.store.vault import Vault
from tests.contracts.ledgers import ACCOUNTANT, ledger_of
from tests.helpers import builders as make
from tests.helpers.clock import START


@pytest.fixture(params=["sqlite_inline", "postgresql"])
async def ledger(request, tmp_path):
    async with ledger_of(request.param, tmp_path) as opened:
        await opened.acts.declare(
            [make.declared(options=Options(webhooks=("drift", "extra"))), make.declared(make.BO, options=Options())]
        )
        yield opened


async def told(ledger, webhook="drift", event=0, limit=1000):
    return await ledger.stream.after(event, webhook, limit)


async def history(ledger):
    """Every row of history that belongs to no mailbox."""
    statement = text("SELECT event, detail FROM events WHERE mailbox_id IS NULL ORDER BY id")
    rows = await ledger.acts._reader.read(lambda tx: tx.execute(statement).all())
    return [(event, json.loads(detail)) for event, detail in rows]


async def test_a_webhook_hears_of_its_mailboxes_only(ledger):
    """In order, from its place on, bounded; another's mailbox is silent."""
    letter = await ledger.forwarded()
    await ledger.letters.found(ledger.bo, [], START, START)
    await ledger.domains.relax("bageri.example", "anna", "why not")

    events = await told(ledger)
    assert [x.event for x in events if x.letter == letter.id] == [
        "found", "collected", "claimed", "dot_begun", "confirmed",
    ]  # fmt: skip
    assert {x.cvr for x in events} == {make.ANNA}
    assert [x.id for x in events] == sorted(x.id for x in events)
    assert events[1:3] == await told(ledger, event=events[0].id, limit=2)
    assert [] == await told(ledger, "dri") == await told(ledger, "%")
    assert events == await told(ledger, "extra")


async def test_the_stream_shows_no_addresses_and_no_titles(ledger):
    """Not even masked ones, of the primary or of further recipients; states and replies are there."""
    await ledger.shared(ACCOUNTANT)
    letter = await ledger.waiting()
    delivery = await ledger.planned(letter)
    await ledger.deliveries.move(delivery, make.claimed(address=delivery.address, server=delivery.server))
    letter = await ledger.letters.move(letter, make.claimed(route_version=2))
    said = make.report(reply=make.reply(), server="relay:587")
    letter = await ledger.letters.move(letter, HandedOver("queued", START, START, said))
    await ledger.letters.move(letter, make.confirmed(letter))

    shown = json.dumps([dict(x.detail) for x in await told(ledger)], ensure_ascii=False)
    assert "@" not in shown and "Årsopgørelse" not in shown
    assert "queued as 4711" in shown and "revisor" in shown
    last = (await told(ledger))[-1]
    assert (last.from_state, last.to_state) == ("HANDED_OVER", "FORWARDED")


async def test_a_new_webhook_begins_with_what_happens_next(ledger):
    """It is not flooded with the past; and asking twice does not skip what lies between."""
    await ledger.waiting("a")
    first = await ledger.stream.cursor("drift")
    letter = await ledger.found("b")
    assert first == await ledger.stream.cursor("drift")

    assert [(x.event, x.letter) for x in await told(ledger, event=first.event)] == [("found", letter.id)]


async def test_history_knows_what_became_of_a_domain(ledger):
    """A level that rose, exchangers that changed and a person's word leave a row; what stayed as it was does not."""
    name = "bageri.example"
    for level in (Level.UNSIGNED_MX, Level.DANE, Level.DANE):
        await ledger.domains.delivered(name, level)
    for mx in (["A.example."], ["a.example"], ["b.example"]):
        await ledger.domains.seen(name, mx)
    await ledger.domains.keep_policy(name, "1", "version: STSv1", START + timedelta(days=1))
    await ledger.domains.relax("Bageri.example", "anna", "they gave DNSSEC up")

    assert await history(ledger) == [
        ("domain_level", {"domain": name, "was": "unsigned_mx", "is": "dane"}),
        ("domain_mx_changed", {"domain": name, "was": ["a.example"], "is": ["b.example"]}),
        ("domain_relaxed", {"domain": name, "was": "dane", "by": "anna", "reason": "they gave DNSSEC up"}),
    ]
    kept = await ledger.domains.get(name)
    assert (kept.level, kept.mx, kept.sts_id, kept.sts_until) == (Level.UNSIGNED_MX, ("b.example",), "", None)


async def test_the_spool_keeps_what_may_still_be_sent(ledger):
    """Contents and encrypted mails of letters and of open deliveries; nothing of what is done."""
    await ledger.shared(ACCOUNTANT)
    letter = await ledger.waiting()
    delivery = await ledger.planned(letter)
    delivery = await ledger.deliveries.move(delivery, make.claimed(address=delivery.address, server=delivery.server))
    await ledger.deliveries.move(delivery, Recomposed(1, make.copy(), Sealed("d" * 32, "k")))
    letter = await ledger.letters.move(letter, make.claimed(route_version=2))
    letter = await ledger.letters.move(letter, Recomposed(1, make.copy(), Sealed("c" * 32, "k")))
    assert await ledger.letters.spool_files() == {make.sealed(1).file, "c" * 32, "d" * 32}

    letter = await ledger.letters.move(letter, make.confirmed(letter))
    kept = await ledger.letters.move(letter, Acknowledged("200", keep=True))
    assert kept.contents == make.sealed(1)
    assert await ledger.letters.spool_files() == {make.sealed(1).file, "c" * 32, "d" * 32}


def test_a_derived_key_is_the_same_for_ever(tmp_path):
    """One for each purpose, at every start, also after a new master key was put first; another file has others."""
    first = Vault.create(tmp_path / "a")
    key = first.derive("return path")
    assert (len(key), key) == (32, Vault.load(tmp_path / "a").derive("return path"))
    assert key != first.derive("return paths") != Vault.create(tmp_path / "b").derive("return paths")

    newer = (tmp_path / "b").read_text() + (tmp_path / "a").read_text()
    (tmp_path / "c").write_text(newer)
    (tmp_path / "c").chmod(0o600)
    assert key == Vault.load(tmp_path / "c").derive("return path")
