"""`nemboks init`, the example settings and `nemboks config check`."""

import json
import re
import stat

import pytest
from click.testing import CliRunner

from nemboks.cli.example import example
from nemboks.cli.main import program
from nemboks.settings import Settings, load


def _init(file, *arguments, input=None):
    return CliRunner().invoke(program, ["init", "--config", str(file), *arguments], input=input)


def _switched_on(text: str) -> str:
    return re.sub(r"(?m)^#(?=\S)", "", text)


def test_init_makes_all_that_a_start_needs(tmp_path) -> None:
    """Settings, directory, key and database, each for its owner only; the settings are production's and load."""
    file = tmp_path / "etc" / "nemboks.toml"

    done = _init(file, "--no-input", "--sender", "post@firma.dk")

    assert done.exit_code == 0, done.output
    settings = load(file, environ={})
    assert (settings.environment, settings.sender.address) == ("production", "post@firma.dk")
    assert settings.database.exists() and settings.master_key_file.exists()
    for path in (file, settings.master_key_file, settings.database, settings.state_dir):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert "nemboks config check" in done.stdout and "nemboks run" in done.stdout


def test_init_asks(tmp_path) -> None:
    """At a terminal the directory and the sender are asked for, with a default for the first."""
    done = _init(tmp_path / "n.toml", input=f"{tmp_path}/her\npost@firma.dk\n")

    assert done.exit_code == 0, done.output
    assert load(tmp_path / "n.toml", environ={}).state_dir == tmp_path / "her"


def test_init_overwrites_nothing(tmp_path) -> None:
    """A second init leaves every byte as it was and says so."""
    file = tmp_path / "n.toml"
    _init(file, "--no-input")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    done = _init(file, "--no-input", "--sender", "other@firma.dk", "--json")

    assert [item["made"] for item in json.loads(done.stdout)["items"]] == [False] * 4
    assert {path: path.read_bytes() for path in before} == before


def test_init_makes_no_new_key_beside_an_old_database(tmp_path) -> None:
    """What was sealed with the lost key would be lost with it: the copy must be restored."""
    file = tmp_path / "n.toml"
    _init(file, "--no-input")
    load(file, environ={}).master_key_file.unlink()

    done = _init(file, "--no-input")

    assert done.exit_code == 78
    assert "Restore your copy" in done.stderr
    assert not load(file, environ={}).master_key_file.exists()


def test_the_example_loads_as_it_is_and_with_everything_switched_on(tmp_path) -> None:
    """No line of the example is wrong, also those that a reader has still to switch on."""
    file = tmp_path / "n.toml"
    for text in (example(), _switched_on(example())):
        file.write_text(text)
        settings = load(file, environ={})
        assert settings.environment == "production"
    assert [box.inbox for box in settings.mailboxes] == ["rest", "imap"] and set(settings.servers) == {"own", "udbyder"}
    assert settings.pace == Settings.model_fields["pace"].default


def test_the_example_names_every_setting(tmp_path) -> None:
    """Each setting of each group stands in the example; a secret stands there as its file."""
    text = example()
    names = {
        name
        for field in Settings.model_fields.values()
        for name in getattr(field.annotation, "model_fields", {})
    }  # fmt: skip

    assert [name for name in names if not re.search(rf"(?m)^#?{name} = ", text)] == []
    assert not re.search(r"(?m)^#?(password|api_token) = ", text)


def test_config_check_tells_each_fault(empty) -> None:
    """Every file that cannot be read and every missing setting is named, and the exit code is 78."""
    with empty.config.open("a") as file:
        file.write('ca_file = "/nowhere/ca.pem"\nusername = "u"\npassword_file = "/nowhere/pw"\n')
        file.write('[[mailboxes]]\ncvr = "13748136"\naddress = "a@bo.example"\nserver = "bageri"\n')
    told = empty.ask("config", "check", code=78)

    assert [x["setting"] for x in told["items"]] == [
        "upstream.client_cert_file", "upstream.client_key_file", "sender.address", "servers.bageri.ca_file",
        "servers.bageri", "mailboxes.13748136",
    ]  # fmt: skip
    assert told["ok"] is False


def test_config_check_finds_nothing_wrong(empty) -> None:
    """A good configuration ends with 0 and one sentence."""
    with empty.config.open("a") as file:
        file.write('[sender]\naddress = "post@firma.dk"\n')
    done = empty.run("config", "check")

    assert (done.exit_code, done.stdout) == (0, "Indstillingerne er i orden.\n")


@pytest.mark.parametrize(("spoil", "setting"), [
    (lambda place: place.config.write_text("statedir = 1"), "settings"),
    (lambda place: (place.folder / "master.key").chmod(0o644), "master_key_file"),
    (lambda place: (place.folder / "master.key").unlink(), "master_key_file"),
    (lambda place: (place.folder / "nemboks.db").unlink(), "state_dir"),
    (lambda place: (place.folder / "nemboks.db").write_bytes(b"no database" * 99), "state_dir"),
])  # fmt: skip
def test_config_check_looks_at_key_and_store(empty, spoil, setting) -> None:
    """A misspelt setting, a key that others can read or that is gone, a database that is gone or broken."""
    spoil(empty)

    assert setting in {x["setting"] for x in empty.ask("config", "check", code=78)["items"]}


def test_config_check_looks_at_the_mailboxes_that_were_added(empty) -> None:
    """A CVR added at the desk needs our certificate as much as one of the file, and a mail server that is there."""
    with empty.config.open("a") as file:
        file.write('[sender]\naddress = "post@firma.dk"\n')
    token = empty.folder / "token"
    token.write_text("secret")
    add = [
        "cvr",
        "add",
        "13748136",
        "--name",
        "Anna",
        "--inbox",
        "rest",
        "--system-id",
        "s",
        "--token-file",
        str(token),
    ]
    assert empty.run(*add, "--address", "anna@bageri.example", "--server", "bageri").exit_code == 0
    empty.config.write_text(empty.config.read_text().replace("[servers.bageri]", "[servers.other]"))

    told = empty.ask("config", "check", code=78)

    assert [x["setting"] for x in told["items"]] == [
        "upstream.client_cert_file", "upstream.client_key_file", "mailbox 13748136",
    ]  # fmt: skip


def test_config_check_reads_all_that_belongs_to_the_mail(empty) -> None:
    """Keys, secrets and certificates of every group are looked at, not only the servers'."""
    empty.config.write_text(
        empty.config.read_text()
        + 'confirms = "relay"\n[servers.google]\nhost = "smtp.firma.dk"\nusername = "u"\n'
        + '[servers.google.oauth]\ntoken_url = "https://id.firma.dk/t"\nclient_id = "x"\n'
        + 'client_secret_file = "/nowhere/1"\n'
        + '[sender]\naddress = "post@firma.dk"\nreturn_domain = "retur.firma.dk"\ndkim_selector = "n1"\n'
        + f'dkim_key_file = "{empty.config}"\n'
        + '[returns]\nhost = "imap.firma.dk"\nuser = "b"\npassword_file = "/nowhere/2"\n'
        + '[landings.a]\nhost = "imap.firma.dk"\nuser = "a"\npassword_file = "/nowhere/3"\n'
        + '[webhooks.w]\nurl = "https://w.firma.dk/"\nsecret_file = "/nowhere/4"\nca_file = "/nowhere/5"\n'
        + '[direct]\nca_file = "/nowhere/6"\n'
        + '[[mailboxes]]\ncvr = "13748136"\naddress = "a@bo.dk"\nserver = "direct"\ninbox = "imap"\nuser = "u"\n'
        + 'password = "p"\ncertificate_file = "/nowhere/7"\n'
    )
    told = empty.ask("config", "check", code=78)

    assert [x["setting"] for x in told["items"]] == [
        "upstream.imap_host", "servers.google.oauth", "landings.a", "webhooks.w.ca_file", "webhooks.w", "returns",
        "direct.ca_file", "sender.dkim_key_file", "mailboxes.13748136",
    ]  # fmt: skip


def test_config_check_takes_direct_for_a_server(empty) -> None:
    """Where all letters go straight to the recipients' own servers, no [servers] are missed."""
    text = empty.config.read_text().partition("[servers")[0]
    imap = 'inbox = "imap"\nuser = "u"\npassword = "p"\n'
    box = f'[[mailboxes]]\ncvr = "13748136"\naddress = "a@bo.dk"\nserver = "direct"\n{imap}'
    sender = '[sender]\naddress = "post@firma.dk"\n'
    empty.config.write_text(f'{text}imap_host = "imap.firma.dk"\n{sender}{box}')
    assert empty.run("config", "check").exit_code == 0

    empty.config.write_text(f"{text}{sender}")
    assert [x["setting"] for x in empty.ask("config", "check", code=78)["items"]] == ["servers"]
