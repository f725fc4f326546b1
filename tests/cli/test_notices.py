"""`nemboks notices` on a real ledger."""

import asyncio
from dataclasses import replace

import pytest

from nemboks.clock import RealClock
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
