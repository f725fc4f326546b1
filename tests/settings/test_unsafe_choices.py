"""Settings that would make mail unsafe, or that nobody would see to be without effect, are refused with the reason."""

from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from nemboks.clock import RealClock
from nemboks.domain.mailbox import Options
from nemboks.settings import Settings, SettingsError, load
from nemboks.wiring.mail import MailRoom

MAILBOX = """
[[mailboxes]]
cvr = "13748136"
address = "post@bakery.example"
server = "own"
system_id = "x"
api_token = "y"
"""
SERVER = """
[servers.own]
host = "mail.bakery.example"
"""


def settings(folder: Path, text: str) -> Settings:
    """The settings of a file with this text. SettingsError."""
    file = folder / "nemboks.toml"
    file.write_text(text, "utf-8")
    return load(file, {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SERVER + 'confirms = "relay"\nrelay_trusted_by = "  "', "names the person"),
        (SERVER + 'password = "p"', "needs username"),
        (
            SERVER + 'username = "u"\npassword = "p"\n[servers.own.oauth]\n'
            'token_url = "https://login.example/t"\nclient_id = "c"',
            "give one of them",
        ),
        ('[servers.Direct]\nhost = "mail.bakery.example"', "own MX"),
        ('[servers."direct:bakery.example"]\nhost = "mail.bakery.example"', "letters, digits"),
        ('[webhooks."a+webhook:b"]\nurl = "https://hook.example/"', "letters, digits"),
        ('[webhooks.a]\nurl = "https://hook.example:22/"', "port"),
        ('[webhooks.a]\nurl = "https://hook.example:99999/"\ninternal = true', "port"),
        (SERVER + MAILBOX + 'second_contact = "Post@bakery.example"', "address itself"),
    ],
)
def test_it_is_refused(text: str, why: str, tmp_path: Path) -> None:
    """With words that say what is wrong."""
    with pytest.raises(SettingsError, match=why):
        settings(tmp_path, text)


def test_ordinary_names_and_ports(tmp_path: Path) -> None:
    """What is not unsafe is taken."""
    text = '[webhooks."kontor-1.dk"]\nurl = "https://hook.example:8443/x"\n[webhooks.inde]\n'
    taken = settings(tmp_path, text + 'url = "https://hook.example:9000/x"\ninternal = true')
    assert sorted(taken.webhooks) == ["inde", "kontor-1.dk"]


def test_the_file_can_say_all_that_a_company_may_choose(tmp_path: Path) -> None:
    """What is refused at the command line for a mailbox of the file can be said there."""
    own = tmp_path / "anna.pem"
    own.write_text("a certificate")
    text = f"""
        language = "en"\nneutral_subject = true\ncode_phrase = "blå cykel"\nattach_original = true
        certificate_file = "{own}"\nsecond_contact = "anna@andet.example"\ncontact_language = "en"
        webhooks = ["drift"]\nlanding = "post"\ndigest = "bo@andet.example"
        [webhooks.drift]\nurl = "https://drift.example/"\n[landings.post]\nhost = "imap.example"\nuser = "post"
    """
    chosen, usual = settings(tmp_path, SERVER + MAILBOX + text).mailboxes[0].options(), Options()
    assert [x.name for x in fields(Options) if getattr(chosen, x.name) == getattr(usual, x.name)] == []
    assert chosen.digest == "bo@andet.example"


def test_an_empty_certificate_file_does_not_make_the_mails_plain(tmp_path: Path) -> None:
    """It is an error at the start, for the company and for whoever gets copies."""
    empty = tmp_path / "anna.pem"
    empty.write_text("\n")
    own = settings(tmp_path, SERVER + MAILBOX + f'certificate_file = "{empty}"').mailboxes[0]
    with pytest.raises(SettingsError, match="certificate is empty"):
        own.options()
    copy = f'copies = [{{address = "a@accountant.example", certificate_file = "{empty}"}}]'
    with pytest.raises(SettingsError, match="certificate is empty"):
        settings(tmp_path, SERVER + MAILBOX + copy).mailboxes[0].others()


async def test_a_lowered_rung_is_in_the_log(tmp_path: Path) -> None:
    """At each start it is said whose word lets a relay's 250 be a confirmation; of other relays nothing is."""
    relay, store = SERVER + 'confirms = "relay"\n', SimpleNamespace(domains=None)
    for text, said in ((relay, []), (relay + 'relay_trusted_by = "Anna, 1-11-2026"\n', ["Anna, 1-11-2026"])):
        room = MailRoom(settings(tmp_path, text), store, RealClock())  # type: ignore[arg-type]
        with capture_logs() as lines:
            await room.courier().close()
        assert [line["by"] for line in lines if line["event"] == "relay_trusted"] == said


def test_an_empty_secret_is_none(tmp_path: Path) -> None:
    """A webhook whose key anybody knows would believe anybody."""
    hook = settings(tmp_path, '[webhooks.a]\nurl = "https://hook.example/"\nsecret = ""').webhooks["a"]
    with pytest.raises(SettingsError, match="secret is empty"):
        hook.key()


@pytest.mark.parametrize("resolvers", ['["192.0.2.53"]', '["127.0.0.1", "[2001:db8::53]:53"]'])
def test_a_resolver_elsewhere_cannot_vouch_for_certificates(resolvers: str, tmp_path: Path) -> None:
    """Whoever sits between could set its AD bit and name a certificate of theirs, in place of PKIX."""
    given = settings(tmp_path, f"[direct]\nvalidating = true\nresolvers = {resolvers}")
    room = MailRoom(given, None, RealClock())  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="on this machine"):
        _ = room._resolver
    here = settings(tmp_path, '[direct]\nvalidating = true\nresolvers = ["127.0.0.53", "[::1]:5353"]')
    assert MailRoom(here, None, RealClock())._resolver  # type: ignore[arg-type]


@pytest.mark.parametrize("server", ["127.0.0.1:0", "127.0.0.1:99999", "[::1]:x", "dns.example", "127.0.0.1:\u0665"])
def test_a_resolver_is_an_address_and_a_port(server: str, tmp_path: Path) -> None:
    """Anything else is said at the start, not at the first letter."""
    given = settings(tmp_path, f'[direct]\nresolvers = ["{server}"]')
    with pytest.raises(SettingsError, match="no address of a DNS server"):
        _ = MailRoom(given, None, RealClock())._resolver  # type: ignore[arg-type]
