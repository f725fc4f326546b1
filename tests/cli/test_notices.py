"""`nemboks notices` on a real ledger."""

import asyncio
from dataclasses import replace

import pytest

from nemboks.clock import RealClock
from nemboks.domain.announcements import Announcement, Kind
from nemboks.domain.incidents import Cause, Incident, Notice, NoticeKind
from tests.helpers import builders as make

CONTACT = "mail:da:bo@bogholder.example"


async def _tell(place) -> None:
    store, now = place.store(), RealClock().now()
    await store.mailboxes.add(make.declared(), "settings")
    incident = Incident(0, "key", Cause.ADDRESS, "bageri", "anna@bageri.example", (CONTACT,), now, (1,), (1, 2), "")
    notice = Notice(
        0, 0, "key", NoticeKind.STOPPED, Cause.ADDRESS, CONTACT, 1, 2, (1,), (1, 2), now, "550 5.1.1 no", "bageri",
        "anna@bageri.example", now, now,
    )  # fmt: skip
    others = [replace(notice, path="webhook:kontor"), replace(notice, path="webhook:lager")]
    await store.incidents.keep([incident], [notice, *others])
    mail, office, _ = await store.incidents.due(now, 10)
    await store.incidents.sent(mail, "250 2.0.0 ok", now)
    await store.incidents.failed(office, "office.example answered 503 to bo@bogholder.example", now)
    await store.close()


@pytest.fixture
def told(empty):
    """Of two letters' dead address one receiver took the notice, one refused it, one was not tried yet."""
    asyncio.run(_tell(empty))
    return empty


def test_notices_as_json(told) -> None:
    """A script gets every notice, the latest first, with masked receivers and their state."""
    answer = told.ask("notices")

    assert ("nemboks.notices/1", True) == (answer["schema"], answer["ok"])
    assert [("webhook lager", "owed"), ("webhook kontor", "failing"), ("b***@bogholder.example", "sent")] == [
        (one["to"], one["state"]) for one in answer["items"]
    ]
    assert (["13748136"], 2, "stopped", "address") == tuple(
        answer["items"][0][name] for name in ("cvrs", "count", "kind", "cause")
    )
    assert "anna@" not in str(answer)
    assert "bo@" not in str(answer)
    assert 1 == len(told.ask("notices", "--limit", "1")["items"])


def test_notices_as_text(told) -> None:
    """A person reads what was said, to whom, and why a receiver did not take it; in either language."""
    done = told.run("notices")

    assert 0 == done.exit_code
    assert "Stoppet: Adressen a***@bageri.example findes ikke. 2 breve venter i Digital Post." in done.output
    assert "office.example answered 503" in done.output
    assert "The address a***@bageri.example does not exist." in told.run("notices", "--lang", "en").output


def test_nothing_was_wrong(empty) -> None:
    """Without notices that is said."""
    assert "Ingen beskeder endnu" in empty.run("notices").output


def test_a_notice_that_a_newer_one_replaced(told) -> None:
    """What was not taken before the reminder was made is no longer owed, and is shown so."""

    async def remind() -> None:
        store = told.store()
        old = next(one for one in await store.incidents.notices(10) if one.path == "webhook:kontor")
        await store.incidents.keep([], [replace(old, id=0, kind=NoticeKind.STILL, number=2, failures=0)])
        await store.close()

    asyncio.run(remind())

    assert [("owed", "still"), ("replaced", "stopped")] == [
        (one["state"], one["kind"]) for one in told.ask("notices")["items"] if one["to"] == "webhook kontor"
    ]
    assert "afløst af en nyere besked" in told.run("notices").output


async def _announce(place) -> None:
    store, now = place.store(), RealClock().now()
    anna = await store.mailboxes.add(make.declared(), "settings")
    code = Announcement(0, "code", Kind.ADDRESS_CODE, "mail:da:ny@bageri.example", now, now, anna.id,
                        {"company": "Bageri ApS", "cvr": anna.cvr, "minutes": 10, "code": 1})  # fmt: skip
    asked = replace(code, key="asked", kind=Kind.ADDRESS_ASKED, path="mail:da:anna@bageri.example")
    contact = replace(asked, key="contact", path=CONTACT)
    later = replace(asked, key="later", kind=Kind.HOLIDAY_ENDED)

    def act(books) -> None:
        for one in (code, asked, contact, later):
            books.tell(one)

    await store.act(act)
    dead, sent, refused, _ = await store.announcements.due(now, 10)
    await store.announcements.failed(dead, "too late", None)
    await store.announcements.sent(sent, "250 2.0.0 ok", now)
    await store.announcements.failed(refused, "mx.bogholder.example: 450 bo@bogholder.example busy", now)
    await store.close()


@pytest.fixture
def announced(empty):
    """Of four announcements one was taken, one refused, one is too late, and one was not tried yet."""
    asyncio.run(_announce(empty))
    return empty


def test_announcements_as_json(announced) -> None:
    """A script gets every announcement beside the notices, masked, with its state and why it was not taken."""
    answer = announced.ask("notices")

    assert [] == answer["items"]
    assert [
        ("holiday_ended", "a***@bageri.example", "owed", None),
        ("address_asked", "b***@bogholder.example", "failing", "mx.bogholder.example: 450 b***@bogholder.example busy"),
        ("address_asked", "a***@bageri.example", "sent", "250 2.0.0 ok"),
        ("address_code", "n***@bageri.example", "dropped", "too late"),
    ] == [(one["kind"], one["to"], one["state"], one["receipt"]) for one in answer["announcements"]]
    assert {"13748136"} == {one["cvr"] for one in answer["announcements"]}
    assert 1 == len(announced.ask("notices", "--limit", "1")["announcements"])


def test_announcements_as_text(announced) -> None:
    """A person reads what each was about, in either language, and which was not sent."""
    output, english = announced.run("notices").output, announced.run("notices", "--lang", "en").output

    assert "Ingen beskeder endnu: intet har været galt." in output
    assert "Om ændringer og datoer:" in output
    assert "Ferien er slut for Bageri ApS (CVR 13 74 81 36)" in output
    assert "ikke sendt: for sent" in output
    assert "450 b***@bogholder.example busy" in output
    assert "The holiday of Bageri ApS (CVR 13 74 81 36) is over" in english
    assert "Of changes and dates:" in english
