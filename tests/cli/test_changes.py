"""`nemboks address set|confirm|cancel|rollback|list|prove` on a real ledger, by the real program."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from nemboks.clock import RealClock
from nemboks.desk.proofs import ask_proof
from tests.cli.conftest import Place
from tests.cli.test_address import ask
from tests.delivery.direct_world import HOSTS, direct_world
from tests.delivery.probe_world import TAKES
from tests.desk.changing import CONTACT, JYTTE, NEW, Firm
from tests.helpers import builders as make
from tests.helpers.smtp_server import HELO, RECIPIENT

T = TypeVar("T")
SET = ("address", "set", make.ANNA, NEW, "--as", "anna")


def of_firm(place: Place, what: Callable[[Firm], Awaitable[T]]) -> T:
    """What comes of the firm in this ledger."""

    async def run() -> T:
        store = place.store()
        try:
            return await what(Firm(store, RealClock()))  # type: ignore[arg-type]  # no test here moves time
        finally:
            await store.close()

    return asyncio.run(run())


def code(place: Place, purpose: str, number: int = 1) -> str:
    return of_firm(place, lambda firm: firm.code(purpose, number))


@pytest.fixture
def firm(place):
    """Anna's bakery as a customer."""
    of_firm(place, lambda firm: firm.open(CONTACT))
    return place


@pytest.fixture
async def direct_firm(place):
    """The same, for a test with an event loop of its own."""
    store = place.store()
    await Firm(store, RealClock()).open()  # type: ignore[arg-type]
    await store.close()
    return place


def test_asked_agreed_and_taken_back(firm) -> None:
    """The whole way in JSON: the item says what stands; with every word typed it is at once; then back by code."""
    asked = firm.ask(*SET)
    assert ("nemboks.change/1", True, "asked") == (asked["schema"], asked["ok"], asked["item"]["state"])
    assert "@" not in asked["item"]["new"].replace("***@", ""), "masked"
    assert 1 == len(asked["item"]["warnings"]), "the test's mail server is not there, and that can be now only"

    for purpose, state in (("new", "waiting"), ("old", "waiting"), ("contact", "done")):
        done = firm.run("address", "confirm", "1", "--code-file", "-", "--json", input=code(firm, purpose) + "\n")
        assert 0 == done.exit_code, done.output
        assert f'"state": "{state}"' in done.stdout
    assert NEW == of_firm(firm, lambda one: one.address())

    back = firm.run("address", "rollback", "1", "--code-file", "-", input=code(firm, "contact"))
    assert (0, True) == (back.exit_code, "der gælder igen" in back.output)
    assert JYTTE == of_firm(firm, lambda one: one.address())
    assert 4 == firm.run(*SET).exit_code, "locked: somebody said that was not me"


def test_in_words(firm, tmp_path) -> None:
    """People read the number, the masked addresses, and what to do next, in their language."""
    shown = firm.run(*SET, "--lang", "en")
    assert "Change no. 1: a code is on its way to k***@bageri.example, and a***@bageri.example and the" in shown.stdout
    assert "nemboks address confirm 1" in shown.stdout
    assert shown.stderr.startswith("Note: ")

    file = tmp_path / "code.txt"
    file.write_text(code(firm, "new"))
    confirmed = firm.run("address", "confirm", "1", "--code-file", str(file))
    assert "Bekræftet. Det bliver k***@bageri.example den" in confirmed.output
    listed = firm.run("address", "list", "--as", "anna").output
    assert f"{JYTTE}" in listed and "venter til" in listed
    assert "er stoppet" in firm.run("address", "cancel", "1", "--as", "carl").output
    assert "Ingen ændringer" in firm.run("address", "list", "--as", "anna").output
    assert "stoppet" in firm.run("address", "list", "--cvr", make.ANNA, "--all", "--as", "anna").output


def test_a_new_code(firm) -> None:
    """--again sends one; who has no right sends none."""
    firm.ask(*SET)
    first = code(firm, "new")
    assert "En ny kode" in firm.run("address", "confirm", "1", "--again", "--as", "anna").output
    assert first != code(firm, "new")
    assert 77 == firm.run("address", "confirm", "1", "--again", "--as", "rita").exit_code


@pytest.mark.parametrize(
    ("words", "exit_code"),
    [
        (("set", make.ANNA, NEW), 77),  # the operator is nobody of the company
        (("set", make.ANNA, NEW, "--as", "rita"), 77),
        (("set", make.ANNA, NEW, "--as", "bo"), 3),
        (("set", make.ANNA, NEW, "--as", "nobody"), 3),
        (("set", make.ANNA, JYTTE, "--as", "anna"), 4),
        (("set", make.ANNA, "anna@gmial.com", "--as", "anna"), 4),
        (("set", make.ANNA, "x@nemboks.example", "--as", "anna"), 4),
        (("set", make.ANNA, NEW, "--server", "gone", "--as", "anna"), 2),
        (("confirm", "1", "12345678"), 2),  # B88: no code in an argument
        (("confirm", "1", "--code", "12345678"), 2),
        (("cancel", "1", "--as", "anna"), 3),
        (("rollback", "1", "--as", "anna"), 3),
        (("prove", make.ANNA, "--send", "--as", "anna"), 4),
    ],
)
def test_refused(firm, words, exit_code) -> None:
    """Each with the exit code that a script goes by; nothing is changed."""
    done = firm.run("address", *words)

    assert exit_code == done.exit_code, done.output
    assert [] == firm.ask("address", "list", "--all", "--as", "anna")["items"]


@pytest.mark.parametrize(
    "bad",
    ["a@b", "a@[127.0.0.1]", "a@localhost", '"a b"@x.dk', "a..b@x.dk", "a@x.dk, b@y.dk", "a@x.dk\nRCPT TO:<b@y.dk>",
     "a@x.dk%0d%0a", "ø@æble.dk", "a" * 65 + "@x.dk", "a@" + "d" * 250 + ".dk"],
)  # fmt: skip
def test_b64_b65_b67_no_addresses(firm, bad) -> None:
    """B64, B65, B67: what is no address ends with 2, for a company's letters and for an account alike."""
    assert 2 == firm.run("address", "set", make.ANNA, bad, "--as", "anna").exit_code
    assert [] == firm.ask("address", "list", "--all", "--as", "anna")["items"]


def test_b66_a_look_alike(firm) -> None:
    """B66: a domain with letters that look like others is refused with its plain name, until a person insists."""
    words = ("address", "set", make.ANNA, "post@b\u0430geri.example", "--as", "anna")
    done = firm.run(*words, "--lang", "en")
    assert (4, True, True) == (done.exit_code, "xn--" in done.output, "Cyrillic" in done.output)
    assert 0 == firm.run(*words, "--sure").exit_code


@pytest.mark.allow_hosts(HOSTS)
async def test_an_accounts_email_is_looked_at(direct_firm, tmp_path_factory) -> None:
    """A domain that is not there is refused with the reason; one whose server takes it is asked for, without a CVR."""
    async with direct_world(tmp_path_factory.mktemp("world")) as world:
        await world.exchanger("127.0.0.1", TAKES)
        with direct_firm.config.open("a") as settings:
            settings.write(
                f'[direct]\nresolvers = ["{world.dns.address}"]\ninternal = true\nport = {world.port}\n'
                f'ca_file = "{world.ca_file}"\n[sender]\nhelo = "{HELO}"\naddress = "nemboks@sender.example"\n'
            )
        words = ("account", "email", "bageriet", "--as", "anna", "--json")
        gone = await ask(direct_firm.config, *words, "anna@gone.example")
        taken = await ask(direct_firm.config, *words, RECIPIENT)

    assert (4, True) == (gone.code, "gone.example findes ikke" in gone.json["error"]), gone.err
    item = taken.json["item"]
    assert ("account", None, "bageriet", "asked") == (
        item["subject"], item["cvr"], item["account"], item["state"],
    )  # fmt: skip
    assert ["er en fælles postkasse hos" in one for one in item["warnings"]] == [True], "post@ of another domain"


def test_a_wrong_code(firm) -> None:
    """Ends with 4 and words that help; the right one with blanks is taken."""
    firm.ask(*SET)
    done = firm.run("address", "confirm", "1", "--as", "anna", input="00000000\n")
    assert (4, True) == (done.exit_code, "--again" in done.output)
    whole = code(firm, "new")
    assert 0 == firm.run("address", "confirm", "1", input=f"{whole[:4]} {whole[4:]}").exit_code


def test_an_imported_address_is_proven(firm) -> None:
    """--send sends a code; typed back, receipts may go."""

    async def unprove(one: Firm) -> None:
        def act(books):
            box = books.mailbox_of(1)
            ask_proof(books, books.keep(replace(box, custody=replace(box.custody, unproven=True))))

        await one.store.act(act)

    of_firm(firm, unprove)
    assert (
        "En kode er på vej til a***@bageri.example"
        in firm.run("address", "prove", make.ANNA, "--send", "--as", "anna").output
    )
    typed = firm.run("address", "prove", make.ANNA, "--as", "anna", "--lang", "en", input=code(firm, "proof"))
    assert (0, "a***@bageri.example is proven.\n") == (typed.exit_code, typed.output)
    assert not of_firm(firm, lambda one: one.box()).custody.unproven
