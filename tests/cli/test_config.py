"""`nemboks config check`: each fault before a start, and what would fail only when it is needed."""

import pytest

from tests.content.test_smime import certificate


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


RELAY = """\
[sender]
address = "post@firma.dk"
[servers.smarthost]
host = "smtp.firma.dk"
confirms = "relay"
"""
BOX = """\
[[mailboxes]]
cvr = "13748136"
inbox = "imap"
user = "u"
password = "p"
address = "post@bageri.dk"
second_contact = "anna@{contact}"
server = "smarthost"
{more}
"""
LANDING = '[landings.bageri]\nhost = "imap.firma.dk"\nuser = "a"\npassword = "p"\n'
RETURNS = '[returns]\nhost = "imap.firma.dk"\nuser = "b"\npassword = "p"\n'


def _written(place, contact="hjem.dk", more="", relay=RELAY, group="") -> None:
    upstream = 'imap_host = "imap.firma.dk"\n[servers.bageri]'
    text = place.config.read_text().replace("[servers.bageri]", upstream)
    place.config.write_text(f"{text}{relay}{group}{BOX.format(contact=contact, more=more)}")


def test_config_check_warns_of_what_fails_when_it_is_needed(empty) -> None:
    """A second contact at the address's own domain, and a relay that nothing can confirm: told, and no fault."""
    _written(empty, contact="Bageri.dk")
    told = empty.ask("config", "check")

    assert (told["ok"], told["items"]) == (True, [])
    assert ["mailbox 13748136"] * 2 == [one["setting"] for one in told["warnings"]]
    assert "second_contact" in told["warnings"][0]["words"] and "[servers.smarthost]" in told["warnings"][1]["words"]
    assert empty.run("config", "check").stdout.splitlines()[1].startswith("Bemærk – mailbox 13748136: second_contact")


@pytest.mark.parametrize(
    "changes",
    [
        {"more": 'landing = "bageri"', "group": LANDING},
        {"relay": RELAY.replace('.dk"\n[', '.dk"\nreturn_domain = "retur.firma.dk"\n['), "group": RETURNS},
        {"relay": f'{RELAY}relay_trusted_by = "Anna, 1 October"\n'},
        {"relay": RELAY.replace('"relay"', '"own-server"')},
    ],
    ids=["landing", "returns", "trusted", "own-server"],
)
def test_config_check_has_nothing_to_warn_of(empty, changes) -> None:
    """A second contact elsewhere, and a server whose letters can be confirmed."""
    _written(empty, **changes)

    assert empty.ask("config", "check")["warnings"] == []


def test_config_check_reads_the_certificates(empty) -> None:
    """One that mails cannot be encrypted to stops the letters: a fault. One of somebody else is only told."""
    file = empty.folder / "anna.pem"
    file.write_text("no certificate")
    _written(empty, more=f'landing = "bageri"\ncertificate_file = "{file}"', group=LANDING)
    (fault,) = empty.ask("config", "check", code=78)["items"]
    assert "post@bageri.dk: this is no certificate" in fault["words"]

    file.write_text(certificate(first=-9_999, last=9_999))
    (warning,) = empty.ask("config", "check")["warnings"]
    assert warning["words"] == "the certificate of post@bageri.dk was made for post@eksempel.example"
