"""A letter's page with several mails, proofs of several kinds, further recipients, and mail that came back."""

import pytest

from nemboks.desk import letters as asked
from nemboks.desk.access import Asking
from nemboks.desk.errors import RefusedByRule
from nemboks.desk.words import Lang
from nemboks.domain.letter import (
    Bounced,
    Confirmed,
    DotBegun,
    HandedOver,
    Later,
    PartConfirmed,
    Postponed,
    Reason,
    Returned,
)
from nemboks.domain.mailbox import Address, Recipient, Role
from nemboks.domain.proof import Evidence
from tests.helpers import builders as make
from tests.helpers.clock import START

ME = Asking("anna (operator)")

ACCOUNTANT = Recipient(Role.COPY, Address("bo@revisor.example"), "revisor")


async def split(filled):
    """A letter in two mails: one confirmed by the server, one by a relay's notification."""
    store = filled.store
    letter = await store.letters.move(await filled.found("a"), make.collected(copy=make.copy(parts=((0,), (1,)))))
    letter = await store.letters.move(letter, make.claimed())
    letter = await store.letters.move(letter, DotBegun(1))
    letter = await store.letters.move(letter, PartConfirmed(make.confirmation(letter), START))
    letter = await store.letters.move(letter, make.claimed())
    letter = await store.letters.move(letter, HandedOver("queued", START, START, make.report(reply=make.reply())))
    proof = make.confirmation(letter, part=2, evidence=Evidence.DSN)
    return await store.letters.move(letter, Confirmed(proof, "t-1", START))


async def test_every_part_shows_its_proof_and_what_it_rests_on(store, filled) -> None:
    """The attempts name their parts, the proofs their evidence, in both languages."""
    letter = await split(filled)

    page = await asked.letter_show(store, ME, letter.id, Lang.EN)
    assert page["parts"] == 2
    assert [(x["part"], x["evidence"], x["evidence_text"]) for x in page["proofs"]] == [
        (1, "final", "The company's own mail server answered"),
        (2, "dsn", "The relay reported it as delivered"),
    ]
    assert [(x["number"], x["part"]) for x in page["attempts"]] == [(1, 1), (2, 2)]


async def test_further_recipients_have_their_own_way(store, filled) -> None:
    """State, reason, words and attempts of a copy stand apart from the letter's."""
    letter = await filled.waiting("a")
    await store.mailboxes.reroute(make.ANNA, make.ADDRESS, make.SERVER, "anna", others=(ACCOUNTANT,))
    (copy,) = await store.deliveries.plan(letter, (ACCOUNTANT,), START)
    copy = await store.deliveries.move(copy, make.claimed(address=copy.address, server=copy.server))
    await store.deliveries.move(copy, Later(1, "full", "452 4.2.2", START))

    page = await asked.letter_show(store, ME, letter.id, Lang.DA)
    (other,) = page["others"]
    assert page["attempts"] == [] and page["state"] == "WAITING" and page["reason"] is None
    assert (other["role_text"], other["state_text"], other["reason"], other["words"]) == (
        "Kopimodtager", "Venter", "full", "452 4.2.2",
    )  # fmt: skip
    assert [(x["number"], x["outcome"]) for x in other["attempts"]] == [(1, "full")]
    texts = [x["text"] for x in page["way"]]
    assert texts[-3:] == [
        "Skal også til en modtager mere", "Kopi: leveringsforsøg begyndt", "Kopi: ikke leveret; vi prøver igen",
    ]  # fmt: skip


async def test_a_letter_that_came_back_says_so(store, filled) -> None:
    """The other side's words and what to do, though the letter is forwarded."""
    letter = await store.letters.move(await filled.forwarded("a"), Bounced("5.2.1 closed"))

    page = await asked.letter_show(store, ME, letter.id, Lang.DA)
    assert (page["state"], page["bounced"], page["words"]) == ("FORWARDED", "5.2.1 closed", "5.2.1 closed")
    assert "kom tilbage" in page["reason_text"] and "postkassen" in page["cure"]


async def test_the_receipt_of_a_letter_that_came_back_is_not_simply_tried_again(store, filled) -> None:
    """The person is told what to say instead."""
    letter = await store.letters.move(await filled.forwarded("a"), Bounced("5.2.1 closed"))

    with pytest.raises(RefusedByRule, match="release"):
        await asked.retry(store, ME, letter.id)
    assert (await asked.release(store, ME, letter.id))["state"] == "FORWARDED"


async def test_the_way_says_what_a_relay_left_open(store, filled) -> None:
    """Waiting for a sign and its absence have words of their own, and a proof says what it rests on."""
    letter = await filled.handed_over("silent")
    letter = await store.letters.move(letter, Postponed("handed_over", "250 queued", START))
    await store.letters.move(letter, Returned(Reason.RELAY_SILENT, "250 queued"))
    proven = await split(filled)

    silent = await asked.letter_show(store, ME, letter.id, Lang.DA)
    assert [x["text"] for x in silent["way"]][-2:] == ["Endnu ingen bekræftelse", "Ingen bekræftede i tide"]
    assert (await asked.letter_show(store, ME, proven.id, Lang.DA))["way"][-1][
        "text"
    ] == "Mellemleddet meldte det leveret"
