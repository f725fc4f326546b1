"""`nemboks account|grant|person|plan` and `--as`, on a real ledger by the real commands."""

import json

import pytest

REST = ["--system-id", "s-1", "--token-file", "-", "--address", "post@bageri.example", "--server", "bageri"]
ACCOUNT = ["account", "add", "Bageriet ApS", "--email", "post@bageri.example", "--owner", "anna"]
FIRST, SECOND = "25313763", "24256790"
PLANS = '[plans.Basis]\ncvrs = 1\n[plans.Storkunde]\ncvrs = 0\nfeatures = ["import"]\n'


@pytest.fixture
def firm(empty):
    """An account with Anna as its owner, plans for sale, and one mailbox that she added."""
    with empty.config.open("a") as file:
        file.write(PLANS)
    empty.ask(*ACCOUNT, "--plan", "Basis", "--paid-until", "01-01-2027", "--second-contact", "anna@privat.example")
    added = empty.run("cvr", "add", FIRST, *REST, "--account", "Bageriet ApS", "--as", "anna", input="t\n")
    assert added.exit_code == 0, added.output
    return empty


def test_an_account_is_made_and_seen(firm) -> None:
    """Its owner sees it in full, the keyboard with masked addresses; the CVR has Anna's word, via the operator."""
    shown = firm.run("account", "show", "Bageriet ApS", "--as", "anna")
    listed = firm.run("account", "list", "--lang", "en")
    (box,) = firm.ask("cvr", "list", "--as", "anna")["items"]

    assert "post@bageri.example" in shown.stdout and "Basis: betalt til 01-01-2027" in shown.stdout
    assert "Bageriet ApS" in listed.stdout and "paid until 01-01-2027 at 00:00" in listed.stdout
    assert "p***@bageri.example" == firm.ask("account", "show", "Bageriet ApS")["item"]["email"]
    assert box["vouched_by"].startswith("anna (via ")


def test_what_should_be_looked_at_twice_is_said(empty) -> None:
    """No second contact, and one at the same domain, are told on stderr; a refusal names its code."""
    none = empty.run(*ACCOUNT)
    same = empty.run("account", "contact", "Bageriet ApS", "nr2@bageri.example", "--as", "anna")
    again = empty.run(*ACCOUNT)

    assert (0, 0, 4) == (none.exit_code, same.exit_code, again.exit_code)
    assert "ingen anden kontakt" in none.stderr and "samme domæne" in same.stderr
    assert "nr2@bageri.example er anden kontakt" in same.stdout


def test_rights_are_given_listed_and_ended(firm) -> None:
    """læser is understood; times are Danish; ended ones show with --all, and who ended them."""
    given = firm.run("grant", "add", "liv", "--role", "læser", "--cvr", FIRST, "--until", "01-02-2027", "--as", "anna")
    number = next(one["id"] for one in firm.ask("grant", "list", "--person", "liv", "--as", "anna")["items"])
    listed = firm.run("grant", "list", "--cvr", FIRST, "--as", "anna")
    ended = firm.run("grant", "end", str(number), "--as", "anna")
    gone = firm.run("grant", "list", "--all", "--as", "anna", "--lang", "en")

    assert "liv er læser, CVR 25 31 37 63" in given.stdout
    assert "læser" in listed.stdout and "til 01-02-2027 kl. 00.00" in listed.stdout and "anna" in listed.stdout
    assert "ikke længere læser" in ended.stdout
    assert "ended by anna (via" in gone.stdout


def test_a_wrong_role_or_date_is_wrong_use(firm) -> None:
    """The words say which there are, and what to write."""
    role = firm.run("grant", "add", "liv", "--role", "chef", "--cvr", FIRST, "--as", "anna")
    date = firm.run("grant", "add", "liv", "--role", "ejer", "--cvr", FIRST, "--until", "31-02-2027", "--as", "anna")

    assert (2, 2) == (role.exit_code, date.exit_code)
    assert "administrator" in role.stderr and "31-02-2027" in date.stderr


def test_each_kind_of_no_has_its_own_code(firm) -> None:
    """A foreign mailbox is not found, a missing right not allowed, the last owner refused."""
    firm.ask("grant", "add", "dorte", "--role", "drift")
    (anna,) = firm.ask("grant", "list", "--person", "anna")["items"]

    assert 3 == firm.run("cvr", "pause", SECOND, "--as", "anna").exit_code
    assert 3 == firm.run("status", "--as", "ingen").exit_code
    assert 77 == firm.run("cvr", "pause", FIRST, "--as", "dorte").exit_code
    assert 4 == firm.run("grant", "end", str(anna["id"]), "--as", "anna").exit_code
    told = json.loads(firm.run("cvr", "pause", FIRST, "--json").stdout)
    assert ("forbidden", 77) == (told["kind"], told["exit_code"])


def test_somebody_leaves(firm) -> None:
    """All their rights end, and the next command of theirs finds nobody."""
    firm.ask("grant", "add", "eva", "--role", "administrator", "--account", "Bageriet ApS", "--as", "anna")
    assert 0 == firm.run("cvr", "pause", FIRST, "--as", "eva").exit_code

    left = firm.run("person", "end", "eva", "--as", "anna")

    assert "eva er fratrådt; 1 rettigheder er slut." in left.stdout
    assert 3 == firm.run("cvr", "resume", FIRST, "--as", "eva").exit_code


def test_a_plan_is_set_cancelled_and_undone(firm) -> None:
    """A second CVR on Basis is refused with thanks; a cancel runs to the paid date."""
    second = firm.run("cvr", "add", SECOND, *REST, "--account", "Bageriet ApS", "--as", "anna", input="t\n")
    cancelled = firm.run("plan", "cancel", "Bageriet ApS", "--as", "anna")
    undone = firm.run("plan", "undo", "Bageriet ApS", "--as", "anna", "--lang", "en")
    larger = firm.ask("plan", "set", "Bageriet ApS", "Storkunde", "--paid-until", "01-02-2027")["item"]

    assert 4 == second.exit_code and "Tak" in second.stderr
    assert "opsagt, slutter 01-01-2027 kl. 00.00" in cancelled.stdout
    assert "paid until 01-01-2027 at 00:00" in undone.stdout
    assert ("Storkunde", "2027-01-31T23:00:00.000Z") == (larger["plan"], larger["paid_until"])


def test_a_reader_sees_only_their_own(place) -> None:
    """Letters and state of a mailbox come with the right for it; without one the list is empty."""
    place.ask(*ACCOUNT)
    place.ask("grant", "add", "liv", "--role", "læser", "--cvr", "13748136")
    letters = place.ask("letter", "list", "--as", "liv")["items"]

    assert len(place.ask("letter", "list")["items"]) == len(letters) > 0
    assert [] == place.ask("letter", "list", "--as", "anna")["items"]
    assert [] == place.ask("status", "--as", "anna")["items"]
    assert 77 == place.run("letter", "retry", str(letters[0]["id"]), "--as", "liv").exit_code
    assert (
        77
        == place.run(
            "mail", "preview", str(letters[0]["id"]), "--out", str(place.folder / "out"), "--as", "liv"
        ).exit_code
    )
    assert 3 == place.run("letter", "show", str(letters[0]["id"]), "--as", "anna").exit_code
    assert [] == place.ask("notices", "--as", "anna")["items"]
