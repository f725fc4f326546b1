"""`nemboks letter` on a real ledger."""

import asyncio

import pytest

from nemboks.clock import RealClock
from nemboks.domain.letter import Confirmed, Later, State
from nemboks.domain.mailbox import Address, Recipient, Role
from nemboks.domain.proof import Evidence
from tests.desk.filled import Filled
from tests.helpers import builders as make
from tests.helpers.clock import PretendClock


def test_a_list_is_one_json_object(place) -> None:
    """A script gets every letter with its id, newest first."""
    told = place.ask("letter", "list")

    assert (told["schema"], told["ok"]) == ("nemboks.letters/1", True)
    assert [x["id"] for x in told["items"]] == sorted((x["id"] for x in told["items"]), reverse=True)
    assert {x["state"] for x in told["items"]} == {x.value for x in State}


def test_a_list_can_be_narrowed(place) -> None:
    """State in any case, CVR with blanks, how long ago, and how many."""
    assert {x["state"] for x in place.ask("letter", "list", "--state", "held")["items"]} == {"HELD"}
    assert len(place.ask("letter", "list", "--cvr", "13 74 81 36")["items"]) == len(State) + 1
    assert len(place.ask("letter", "list", "--since", "2h", "--limit", "3")["items"]) == 3
    assert place.ask("letter", "list", "--since", "2999-01-01")["items"] == []


@pytest.mark.parametrize("wrong", [["--since", "yesterday"], ["--cvr", "123"], ["--state", "lost"], ["--limit", "0"]])
def test_a_wrong_filter_is_wrong_use(place, wrong) -> None:
    """A filter that means nothing is told, not ignored."""
    assert place.run("letter", "list", *wrong).exit_code == 2


def test_a_list_in_text_says_why_a_letter_waits(place) -> None:
    """Each letter has its line with state and Danish time, and beneath it the reason if there is one."""
    done = place.run("letter", "list")

    assert done.exit_code == 0 and "\x1b" not in done.output and "…" not in done.output
    assert "    Postkassen er fuld. Næste forsøg " in done.output
    assert "13 74 81 36" in done.output and " kl. " in done.output


def test_a_page_shows_the_whole_way(place) -> None:
    """A person sees the timeline, the server's own words, the TLS facts, the proof and the receipt."""
    done = place.run("letter", "show", str(place.letters[State.ACKNOWLEDGED].id))

    for text in (
        "Afsluttet", "Skattestyrelsen", "Afgørelse om [CPR]", "Årsopgørelse.pdf (40 kB, abab",
        "Leveringsforsøg begyndt 1",
        "Serverens svar:   250 2.0.0 queued as 4711", "TLSv1.3, TLS_AES_256_GCM_SHA384, mail.bageri.example",
        "Kvitteret", "8d0e5a52-6b6e-4e56-9f0e-2f4b3f3f9a01", "anna@bageri.example",
    ):  # fmt: skip
        assert text in done.output, text
    assert done.exit_code == 0


@pytest.mark.parametrize(("lang", "texts"), [
    ("da", ["Venter", "Postkassen er fuld.", "Gør plads", "Næste forsøg"]),
    ("en", ["Waiting", "The company's inbox is full.", "Make room", "Next try", "Delivery attempt 1"]),
])  # fmt: skip
def test_a_page_explains_trouble_in_both_languages(place, lang, texts) -> None:
    """Why a letter waits, what helps and when the next try is, in the reader's language."""
    done = place.run("letter", "show", str(place.letters[State.WAITING].id), "--lang", lang)

    assert done.exit_code == 0
    assert [text for text in texts if text not in done.output] == []


def test_a_page_is_one_json_object(place) -> None:
    """A script gets the same page as values."""
    item = place.ask("letter", "show", str(place.letters[State.WAITING].id))["item"]

    assert item["way"][0]["event"] == "found" and item["way"][0]["at"].endswith("Z")
    attempt = item["attempts"][0]
    assert (attempt["number"], attempt["outcome"], attempt["stage"]) == (1, "full", "rcpt")
    assert attempt["reply"] == {"code": 452, "enhanced": "4.2.2", "text": "over quota"}
    assert set(attempt["tls"]) == {"version", "cipher", "verified_name", "certificate_sha256", "level"}
    assert item["reason_text"] and item["cure"] and item["next_try_at"]


EVIL = "\x1b]0;owned\x07 [red]Faktura på\u202egpj.exe \x9b31m\x85"


def test_strangers_words_cannot_steer_the_terminal(place) -> None:
    """An escape sequence or a direction mark in a title or an id reaches no terminal, from text or from JSON."""

    async def fill() -> int:
        store = place.store()
        letter = await Filled(store, PretendClock(RealClock().now())).found(EVIL)
        head = make.headline(title=EVIL)
        await store.letters.move(letter, make.collected(letter.found_at, number=9, headline=head))
        await store.close()
        return letter.id

    number = str(asyncio.run(fill()))
    for done in (place.run("letter", "show", number), place.run("letter", "show", number, "--json")):
        assert "[red]Faktura på" in done.stdout
        assert done.stdout.replace("\n", "").isprintable()
    assert place.ask("letter", "show", number)["item"]["upstream_id"] == EVIL


def test_a_person_can_retry_and_release(place) -> None:
    """A waiting letter that is due keeps its place, a held one goes on, and the history names the person."""
    waiting, held = place.letters[State.WAITING].id, place.letters[State.HELD].id
    before = place.ask("letter", "show", str(waiting))["item"]["next_try_at"]

    assert place.ask("letter", "retry", str(waiting))["item"]["next_try_at"] == before
    assert place.ask("letter", "show", str(waiting))["item"]["way"][-1]["by"].endswith("(operator)")
    assert place.ask("letter", "release", str(held))["item"]["state"] == "WAITING"
    assert place.ask("letter", "show", str(held))["item"]["way"][-1]["by"].endswith("(operator)")


@pytest.mark.parametrize(("act", "state", "code", "words"), [
    ("retry", State.SENDING, 4, "vent på svaret"), ("retry", State.HELD, 4, "nemboks letter release"),
    ("release", State.WAITING, 4, "ikke holdt tilbage"),
])  # fmt: skip
def test_what_a_rule_forbids_is_refused_with_words(place, act, state, code, words) -> None:
    """Exit code 4, the reason on stderr, nothing on stdout."""
    done = place.run("letter", act, str(place.letters[state].id))

    assert (done.exit_code, done.stdout) == (code, "")
    assert words in done.stderr


@pytest.mark.parametrize("act", ["show", "retry", "release"])
def test_an_unknown_letter_is_not_found(place, act) -> None:
    """Exit code 3, and with --json one object that says so."""
    told = place.ask("letter", act, "999", "--lang", "en", code=3)

    assert told == {
        "schema": "nemboks.error/1",
        "ok": False,
        "error": "there is no letter number 999",
        "kind": "not_found",
        "exit_code": 3,
    }


async def _planned(place) -> int:
    """A letter confirmed by a landing, and an accountant whose mailbox is full."""
    store = place.store()
    accountant = Recipient(Role.COPY, Address("bo@revisor.example"), "revisor")
    letter = await Filled(store, PretendClock(RealClock().now())).handed_over("relayed")
    await store.mailboxes.reroute(make.ANNA, make.ADDRESS, make.SERVER, "anna", others=(accountant,))
    (copy,) = await store.deliveries.plan(letter, (accountant,), letter.found_at)
    claim = make.claimed(letter.found_at, route_version=2, address=copy.address, server=copy.server)
    copy = await store.deliveries.move(copy, claim)
    await store.deliveries.move(copy, Later(1, "full", "452 4.2.2 over quota", letter.found_at, None))
    proof = make.confirmation(letter, evidence=Evidence.LANDING)
    await store.letters.move(letter, Confirmed(proof, "t-1", letter.found_at))
    await store.close()
    return letter.id


def test_a_page_shows_what_a_proof_rests_on_and_further_recipients(place) -> None:
    """In text too: what was seen in the mailbox is not called the server's answer, and the copy stands apart."""
    done = place.run("letter", "show", str(asyncio.run(_planned(place))), "--lang", "en")

    assert done.exit_code == 0, done.output
    for text in (
        "Rests on:         The mail was seen in the mailbox", "Copy – Waiting", "bo@revisor.example (revisor)",
        "The company's inbox is full. (full)", "452 4.2.2 over quota", "Attempts:         1", " at ",
    ):  # fmt: skip
        assert text in done.output, text
    assert " kl. " not in done.output


@pytest.mark.parametrize("command", [["show"], ["hold", "--reason", "en advokat ser på det"]], ids=["show", "hold"])
def test_a_letter_is_named_by_the_reference_in_its_mail(place, command) -> None:
    """What the reader of the mail can say is enough; small letters and a blank for the dash do."""
    letter = place.letters[State.WAITING]
    reference = place.ask("explain", str(letter.id))["item"]["reference"]
    item = place.ask("letter", command[0], reference.lower().replace("-", " "), *command[1:])["item"]

    assert place.ask("explain", str(item["id"]))["item"]["reference"] == reference


@pytest.mark.parametrize("command", ["show", "retry", "release"])
@pytest.mark.parametrize("name", ["0000-0000", "brevet", "999999"])
def test_a_letter_that_is_not_there_is_told(place, command, name) -> None:
    """A reference of none, nonsense and a number of none alike: not found, in words."""
    done = place.run("letter", command, name)

    assert done.exit_code == 3 and name in done.stderr and "Traceback" not in done.stderr


def test_all_letters_that_wait_are_tried_now(place) -> None:
    """After a mail server was mended: of one mailbox, or of all; how many is told, and what is due already is left."""

    async def put_off() -> None:
        store = place.store()
        filled = Filled(store, PretendClock(RealClock().now()))
        for number in range(3):
            await filled.later(f"put-off-{number}", 3_600)
        await store.close()

    asyncio.run(put_off())
    assert place.run("letter", "retry", "--cvr", "29189846").exit_code == 3  # no mailbox of ours
    assert "3 breve står nu for tur." in place.run("letter", "retry", "--cvr", "13748136").stdout
    assert place.ask("letter", "retry", "--all")["letters"] == 0


@pytest.mark.parametrize("arguments", [[], ["17", "--all"], ["--cvr", "13748136", "--all"]])
def test_a_retry_of_nothing_or_of_two_things_is_wrong_use(place, arguments) -> None:
    """What is meant is asked for, and nothing is tried."""
    done = place.run("letter", "retry", *arguments)

    assert done.exit_code == 2 and "--all" in done.stderr
