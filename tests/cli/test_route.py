"""`nemboks route` and the tray as a person and a script meet them."""

import asyncio
from datetime import timedelta

import pytest

from nemboks.clock import RealClock
from nemboks.domain.letter import Reason, State
from tests.helpers import builders as make
from tests.helpers.holding import held

RULES = """\
[[rules]]
field = "p_number"
value = "1003388394"
address = "lager@bageri.example"
[[rules]]
field = "authority"
value = "Skatte*"
address = "bo@bogholder.example"
server = "direct"
[[copies]]
address = "kim@bageri.example"
language = "en"
"""


@pytest.fixture
def rules(place):
    file = place.folder / "rules.toml"
    file.write_text(RULES)
    return str(file)


def code_of(place, address):
    """The code that the daemon would mail to the address."""

    async def read():
        store = place.store()
        try:
            sent = await store.ask(lambda books: books.announcements.all())
            last = [one for one in sent if one.path.endswith(address)][-1]
            return store.codes.code(last.facts["code"])
        finally:
            await store.close()

    return asyncio.run(read())


def test_rules_are_tried_set_confirmed_and_listed(place, rules):
    """The way of a first set of rules with one address outside the company."""
    trial = place.ask("route", "try", make.ANNA, "--file", rules)["item"]
    assert [(one["note"], len(one["letters"])) for one in trial["tried"]] == [("nothing", 0), ("swallows", 8)]
    assert place.ask("route", "set", make.ANNA, "--file", rules, code=4)["kind"] == "refused"

    item = place.ask("route", "set", make.ANNA, "--file", rules, "--sure")["item"]
    assert (item["version"], item["asked"]) == (1, ["bo@bogholder.example"])
    assert place.run("route", "confirm", make.ANNA, "--code-file", "-", input="00000000\n").exit_code == 4
    code = code_of(place, "bo@bogholder.example")
    done = place.run("route", "confirm", make.ANNA, "--code-file", "-", input=f"{code[:4]} {code[4:]}\n")
    assert done.exit_code == 0 and "version 2" in done.output, done.output

    shown = place.run("route", "list", make.ANNA, "--lang", "en").output
    assert "1. P-number 1003388394: lager@bageri.example (bageri)" in shown
    assert "2. authority Skatte*: bo@bogholder.example (direct)" in shown
    assert "Copy: kim@bageri.example" in shown and "stay in Digital Post too until" in shown
    every = place.ask("route", "list", make.ANNA, "--all")["item"]
    assert [one["version"] for one in every["versions"]] == [2, 1]
    assert place.ask("route", "rule", "remove", make.ANNA, "2")["item"]["rules"][0]["field"] == "p_number"


def test_a_trial_is_told_in_words(place, rules):
    """What fits nothing and what takes all stand under their rule; letters by number."""
    shown = place.run("route", "try", make.ANNA, "--file", rules).output
    assert "Prøvet på 8 breve" in shown
    assert "Den rammer ingen breve. 8 breve siger intet om det." in shown and "Den tager alle breve." in shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rules = 1", "[[rules]]"),
        ("[[rules]]\nfield = 'p_number'", "rule 1 needs value"),
        ("[[rules]]\nfield = 'title'\nvalue = 'x'\naddress = 'a@b.dk'", "field is one of"),
        ("[[rules]]\nfield = 'kle'\nvalue = '27.*'\naddress = 'nobody'", "rule 1: 'nobody' is not an address"),
        ("[[rules]]\nfield = 'kle'\nvalue = '27.*'\nto = 'a@b.dk'", "rule 1 has 'to'"),
        ("[[copies]]\naddress = 'a@b.dk'\nlanguage = 'de'", "copy 1"),
        ("default = 'hold'", "owner"),
        ("owner = 'anna'", "owner"),
        ("defualt = 'hold'", "'defualt'"),
        ("rules = [", "--file"),
        ("x" * (1 << 20) + "y", "1 MB"),
    ],
)
def test_a_wrong_file_is_told_where(empty, text, words):
    """Exit 2, nothing is opened, and the words name the place."""
    file = empty.folder / "rules.toml"
    file.write_text(text)
    done = empty.run("route", "set", make.ANNA, "--file", str(file))
    assert (done.exit_code, words in done.output) == (2, True), done.output


def test_a_rule_and_a_copy_by_hand(place):
    """The small forms; a server that the settings do not have is refused by rule."""
    item = place.ask("route", "rule", "add", make.ANNA, "kle", "27.*", "social@bageri.example")["item"]
    assert item["rules"][0]["server"] == "bageri"
    assert place.ask("route", "copy", "add", make.ANNA, "kim@bageri.example")["item"]["copies"]
    assert not place.ask("route", "copy", "remove", make.ANNA, "kim@bageri.example")["item"]["copies"]
    wrong = ("route", "rule", "add", make.ANNA, "kle", "28.*", "social@bageri.example", "--server", "nowhere")
    assert "[servers.nowhere]" in place.ask(*wrong, "--lang", "en", code=4)["error"]
    assert place.run("route", "rule", "add", make.ANNA, "title", "x", "a@bageri.example").exit_code == 2
    assert place.ask("route", "list", "12345674", code=3)["kind"] == "not_found"
    assert place.ask("route", "list", make.ANNA, "--as", "nobody", code=3)["kind"] == "not_found"
    assert place.run("route", "default", make.ANNA, "hold").exit_code == 2
    assert place.ask("route", "default", make.ANNA, "hold", "--owner", "nobody", code=3)["kind"] == "not_found"


def test_a_holiday_begins_and_is_cancelled(place):
    """Danish times as people write them; sixty days at most."""
    now = RealClock().now()
    until = (now + timedelta(days=7)).strftime("%Y-%m-%dT12:00Z")
    wanted = ("route", "holiday", make.ANNA, "--until", until, "--address", "vikar@bageri.example")
    away = place.ask(*wanted)["item"]["holiday"]
    assert (away["in_force"], away["until"][11:16], away["server"]) == (True, "12:00", "bageri")
    assert "Ferie" in place.run("route", "list", make.ANNA).output
    assert place.ask("route", "holiday", make.ANNA, "--cancel")["item"]["holiday"] is None
    assert place.run("route", "holiday", make.ANNA, "--cancel", "--until", until).exit_code == 2
    assert place.run("route", "holiday", make.ANNA, "--until", "32-01-2027", "--address", "a@b.dk").exit_code == 2


def test_hold_dismiss_and_the_tray(place):
    """A waiting letter is held; one in the tray is shown with its age; both can be left in Digital Post."""
    waiting = place.letters[State.WAITING]
    item = place.ask("letter", "hold", str(waiting.id), "--reason", "advokaten ser på det")["item"]
    assert (item["state"], item["reason"]) == ("HELD", "asked")

    shown = place.run("letter", "show", str(waiting.id)).output
    assert "En person bad om det – advokaten ser på det" in shown, shown

    async def into_the_tray():
        store = place.store()
        letter = await store.letters.get(place.letters[State.FOUND].id)
        await held(store.letters, letter, Reason.UNROUTED)
        await store.close()

    assert "tom" in place.run("letter", "tray").output
    asyncio.run(into_the_tray())
    (one,) = place.ask("letter", "tray", "--cvr", make.ANNA)["items"]
    assert (one["id"], one["owner"]) == (place.letters[State.FOUND].id, None)
    assert str(one["id"]) in place.run("letter", "tray", "--lang", "en").output
    dismissed = place.run("letter", "dismiss", str(one["id"]), "--reason", "læst", "--lang", "en")
    assert "stays in Digital Post" in dismissed.output
    assert place.ask("letter", "tray")["items"] == []
    assert place.run("letter", "hold", "1").exit_code == 2
    assert place.ask("letter", "hold", "4711", "--reason", "x", code=3)["kind"] == "not_found"
