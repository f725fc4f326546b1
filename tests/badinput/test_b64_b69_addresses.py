"""Bad inputs B64 to B69: addresses and servers that people write down."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from nemboks.delivery.access import ServerAccess
from nemboks.domain.letter import State
from nemboks.domain.mailbox import Address
from nemboks.domain.proof import Stage
from nemboks.settings import Server
from nemboks.settings.mailbox import DeclaredMailbox
from tests.badinput.remote import delivered
from tests.delivery.ending import Ending, ending
from tests.helpers.smtp_server import Certificates, ScriptedServer

AGAIN = Ending(State.WAITING, "temporary", 60)


@pytest.mark.parametrize(
    "text",
    [
        "a@b", "a@[127.0.0.1]", "a@localhost", '"a b"@x.dk', "a..b@x.dk", ".a@x.dk", "a.@x.dk", "a@x.dk, b@y.dk",
        "a@x.dk;b@y.dk", "a@x.dk\nRCPT TO:<b@y.dk>", "a@x.dk\r\n", "a@x.dk\n", "a@x.dk%0d%0a", "a@x..dk", "a@.dk",
        "a@-x.dk", "a@x-.dk", "@x.dk", "a@", "a", "", "a@b@x.dk", "<a@x.dk>", "Anna <a@x.dk>", "a@x.dk (Anna)",
        "a(b)@x.dk", " a@x.dk", "a@x.dk ", "a b@x.dk", "a\0@x.dk", "a@x.dk\0", "a@x.dk>", "a@127.0.0.1", "a@1.2",
        "a@x_y.dk", "a@x.dk/y", "a\u2028@x.dk", "a@x\u3002dk", "a@\uff58.dk", "a@stra\u00dfe.dk", "mailto:a@x.dk",
    ],
)  # fmt: skip
def test_b64_no_addresses(text: str) -> None:
    """What is not exactly one plain address is refused, also where a domain would turn into another."""
    with pytest.raises(ValueError, match="@") as seen:
        Address(text)
    assert str(seen.value).isprintable()


def test_b65_international_addresses() -> None:
    """A domain with other letters is taken in IDNA; letters before the @ are refused with the reason."""
    assert Address("a@æble.dk") == "a@xn--ble-xla.dk"
    assert Address("a@ÆBLE.dk") == Address("a@xn--ble-xla.dk")
    assert Address("a@xn--strae-oqa.de")  # by IDNA 2008 another domain than strasse.de: only if it is written so
    with pytest.raises(ValueError, match="before the @"):
        Address("ø@æble.dk")


@pytest.mark.parametrize(
    ("text", "script"),
    [("a@b\u0430geri.dk", "Cyrillic"), ("a@b\u03b1geri.dk", "Greek"), ("a@bager\u0131.dk", "Latin"),
     ("a@xn--bgeri-4ve.dk", "Cyrillic")],
)  # fmt: skip
def test_b66_look_alikes(text: str, script: str) -> None:
    """A domain with letters that look like others is pointed out, with its true name; it is not refused."""
    address = Address(text)

    assert address.domain.startswith("xn--")
    assert script in address.warning
    assert address.domain in address.warning
    assert address.warning.isprintable()


@pytest.mark.parametrize(
    "text", ["a@bageri.dk", "a@rødgrød-med-fløde.dk", "a@bäckerei.de", "a@xn--zz.dk", "a@xn--a.dk"]
)
def test_b66_ordinary_domains(text: str) -> None:
    """Danish and neighbouring letters are ordinary, and what decodes to nothing readable is shown as it is."""
    assert Address(text).warning == ""


def test_b67_length() -> None:
    """254 signs are an address, 255 are none (RFC 5321 4.5.3.1); of those before the @ 64 are."""
    domain = ".".join(["d" * 63, "d" * 63, "d" * 58, "dk"])
    longest = "a" * 64 + "@" + domain
    assert len(longest) == 254
    assert Address(longest) == longest
    with pytest.raises(ValueError, match="name@company"):
        Address(longest.replace(".dk", ".dkk"))
    with pytest.raises(ValueError, match="name@company"):
        Address("a" * 65 + "@x.dk")


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "[::ffff:10.0.0.1]", "::ffff:10.0.0.1", "2130706433", "0x7f000001", "127.1", "a b.dk",
     "mail.company.dk/x", "x@mail.company.dk", "mail..dk", "", "mail.company.dk:25", "a" * 64 + ".dk"],
)  # fmt: skip
def test_b68_hosts_that_are_numbers(host: str) -> None:
    """The settings take a server's name only, for the certificate is checked against it."""
    with pytest.raises(ValidationError, match="must be the server's name"):
        Server(host=host)


async def test_b68_names_that_lead_inside(tmp_path: Path) -> None:
    """A good name that leads to our own machine is refused when it is connected to, unless the server is internal."""
    certificates = Certificates.make(tmp_path)
    server = ScriptedServer([], certificates.context)
    report = await delivered(server, certificates, host="localhost", internal=False)

    assert (report.stage, report.reply) == (Stage.CONNECT, None)
    assert "own network" in report.words
    assert ending(report) == AGAIN
    assert server.heard == []
    assert not ServerAccess("mail.company.dk", 25).internal  # nobody is by accident


@pytest.mark.parametrize("port", [22, 0, 65536, -1, 80, 443, 3306])
def test_b69_ports(port: int) -> None:
    """Only ports where mail is taken, or any of a server that a person called internal."""
    with pytest.raises(ValidationError):
        Server(host="mail.company.dk", port=port)
    if 0 < port < 65536:
        assert Server(host="mail.company.dk", port=port, internal=True).port == port


@pytest.mark.parametrize("port", [25, 465, 587, 2525])
def test_b69_ports_of_mail(port: int) -> None:
    """These are taken."""
    assert Server(host="mail.company.dk", port=port).port == port


def test_b64_the_settings_use_the_same_type() -> None:
    """A mailbox's address in the settings is judged by the same rules."""
    with pytest.raises(ValidationError, match="name@company"):
        DeclaredMailbox(cvr="13748136", address="a@x.dk, b@y.dk", server="direct", system_id="x", api_token="y")
