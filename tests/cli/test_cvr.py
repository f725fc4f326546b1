"""`nemboks cvr` on a real ledger."""

import asyncio

import pytest

from nemboks.domain.mailbox import Address, Cvr, Recipient, Role
from tests.helpers import builders as make

REST = ["--system-id", "s-1", "--token-file", "-", "--address", "clara@bo.example", "--server", "bageri"]
CLARA = "25313763"


def _credentials(place) -> dict[str, str]:
    async def read():
        store = place.store()
        box = await store.mailboxes.find(Cvr(CLARA))
        found = await store.mailboxes.credentials(box)
        await store.close()
        return dict(found)

    return asyncio.run(read())


def test_a_rest_mailbox_takes_its_token_from_stdin(place) -> None:
    """The token is sealed, never shown, and the person who added the mailbox vouches for the address."""
    done = place.run("cvr", "add", CLARA, "--name", "Claras Bo", *REST, input="hemmelig-1\n")

    assert done.exit_code == 0, done.output
    assert "25 31 37 63" in done.stdout and "(operatør)" in done.stdout and "hemmelig" not in done.output
    assert _credentials(place) == {"system_id": "s-1", "api_token": "hemmelig-1"}


def test_an_imap_mailbox_takes_its_password_from_a_file(place, tmp_path) -> None:
    """A file's last line break is no part of the password."""
    file = tmp_path / "password"
    file.write_text("hemmelig-2\n")

    done = place.run("cvr", "add", CLARA, "--inbox", "imap", "--user", "u1", "--password-file", str(file), *REST[4:])

    assert done.exit_code == 0, done.output
    assert _credentials(place) == {"user": "u1", "password": "hemmelig-2"}


def test_a_wrong_check_digit_only_warns(place) -> None:
    """The warning is on stderr; the mailbox is there."""
    done = place.run("cvr", "add", "25313764", *REST, input="t\n")

    assert done.exit_code == 0
    assert "kontrolciffer" in done.stderr and "kontrolciffer" not in done.stdout


def test_a_cvr_that_has_a_mailbox_is_refused(place) -> None:
    """A second mailbox for the same company is no mailbox; one of the settings file is changed there."""
    assert place.run("cvr", "add", "13748136", *REST, input="t\n").exit_code == 4

    with place.config.open("a") as file:
        file.write(f'[[mailboxes]]\ncvr = "{CLARA}"\naddress = "a@bo.example"\nserver = "bageri"\n')
    done = place.run("cvr", "add", CLARA, *REST, input="t\n")
    assert done.exit_code == 4 and "indstillingsfilen" in done.stderr


@pytest.mark.parametrize(("arguments", "input"), [
    ([*REST[:-1], "unknown"], "t\n"), ([*REST[:5], "not an address", *REST[6:]], "t\n"), (REST, "\n"),
    (REST, "two\nlines\n"), (REST[2:], "t\n"), (["--inbox", "imap", *REST[4:]], "t\n"), (REST[:4] + REST[6:], "t\n"),
])  # fmt: skip
def test_wrong_use_is_told(place, arguments, input) -> None:
    """Unknown server, no address, no secret, half the credentials: exit code 2, and nothing was added."""
    assert place.run("cvr", "add", CLARA, *arguments, input=input).exit_code == 2
    assert [x["cvr"] for x in place.ask("cvr", "list")["items"]] == ["13748136"]


def test_no_secret_can_be_given_as_an_argument(place) -> None:
    """What is typed stays in the shell's history and in the process list; so there is no such option."""
    for option in ("--token", "--api-token", "--password"):
        assert place.run("cvr", "add", CLARA, option, "secret", *REST, input="t\n").exit_code == 2


def test_a_mailbox_is_paused_and_resumed(place) -> None:
    """The list says since when and by whom."""
    paused = place.ask("cvr", "pause", "13748136")["item"]
    text = place.run("cvr", "list").stdout
    resumed = place.ask("cvr", "resume", "13748136")["item"]

    assert paused["paused_at"] and "af " + paused["paused_by"].replace("operator", "operatør") in text
    assert resumed["paused_at"] is None
    assert place.ask("cvr", "pause", CLARA, code=3)["kind"] == "not_found"


def test_a_mailbox_can_go_straight_to_the_domains_own_servers(place) -> None:
    """`direct` needs no server of the settings; the second contact is kept."""
    done = place.run("cvr", "add", CLARA, *REST[:-1], "direct", "--second-contact", "bo@andet.example", input="t\n")
    assert done.exit_code == 0, done.output
    assert place.run("cvr", "add", "87654311", *REST, "--second-contact", "bo", input="t\n").exit_code == 2

    async def contact():
        store = place.store()
        box = await store.mailboxes.find(Cvr(CLARA))
        await store.close()
        return box.route.server, box.options.second_contact

    assert asyncio.run(contact()) == ("direct", "bo@andet.example")


def test_the_list_says_who_else_hears_and_gets(place) -> None:
    """A company without a second contact is seen as such; so are copies."""

    async def copied() -> None:
        store = place.store()
        others = (Recipient(Role.COPY, Address("bo@revisor.example"), "bageri"),)
        await store.mailboxes.reroute(make.ANNA, make.ADDRESS, make.SERVER, "anna", others=others)
        await store.close()

    asyncio.run(copied())
    place.run("cvr", "add", CLARA, *REST, "--second-contact", "bo@andet.example", input="t\n")

    text = place.run("cvr", "list").output
    assert "anden kontakt: ingen; også til: bo@revisor.example" in text
    assert "anden kontakt: bo@andet.example" in text
    items = {x["cvr"]: x for x in place.ask("cvr", "list")["items"]}
    assert items[CLARA]["second_contact"] == "bo@andet.example"
    assert items[make.ANNA]["others"] == [{"role": "copy", "address": "bo@revisor.example", "server": "bageri"}]


def test_another_login_is_given_to_a_mailbox(place, tmp_path) -> None:
    """A new token from stdin; the mailbox has it, and nothing shows it."""
    assert place.run("cvr", "add", CLARA, *REST, input="forkert\n").exit_code == 0

    done = place.run("cvr", "login", CLARA, "--system-id", "s-2", "--token-file", "-", input="hemmelig-3\n")

    assert done.exit_code == 0, done.output
    assert "nyt login" in done.stdout and "hemmelig" not in done.output
    assert _credentials(place) == {"system_id": "s-2", "api_token": "hemmelig-3"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 2),
        (["--system-id", "s"], 2),
        (["--user", "u", "--system-id", "s", "--token-file", "-"], 2),
        (["--user", "u", "--password-file", "-"], 4),
    ],
    ids=["nothing", "half", "both", "other door"],
)
def test_half_a_login_or_one_of_another_door_is_told(place, arguments, code) -> None:
    """What is missing, or which options are the mailbox's own; the login before stands."""
    assert place.run("cvr", "add", CLARA, *REST, input="t\n").exit_code == 0
    done = place.run("cvr", "login", CLARA, *arguments, input="x\n")

    assert done.exit_code == code and "--token-file" in done.stderr
    assert _credentials(place) == {"system_id": "s-1", "api_token": "t"}


def test_a_login_of_the_settings_file_is_mended_there(place) -> None:
    """The file would put the old one back at the next start."""
    assert place.run("cvr", "add", CLARA, *REST, input="t\n").exit_code == 0
    with place.config.open("a") as file:
        file.write(f'[[mailboxes]]\ncvr = "{CLARA}"\naddress = "a@bo.example"\nserver = "bageri"\n')
    done = place.run("cvr", "login", CLARA, "--system-id", "s-2", "--token-file", "-", input="x\n")

    assert done.exit_code == 4 and "indstillingsfilen" in done.stderr
