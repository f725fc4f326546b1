"""Notices made by a real Postfix, read by us."""

import smtplib
import ssl
import time

import pytest

from nemboks.content.dsn import read
from nemboks.domain.returns import Action, Token
from tests.delivery.postfix_peer import running_postfix

pytestmark = pytest.mark.peer

KEY = b"an invented key of thirty-two b."
DOMAIN = "bounce.nemboks.example"
MAIN = f"""\
virtual_mailbox_domains = bakery.example, {DOMAIN}
virtual_alias_maps = texthash:{{home}}/aliases
transport_maps = texthash:{{home}}/transport
recipient_delimiter = +
"""
FILES = {
    "mailboxes": f"post@bakery.example post/\nchef@bakery.example chef/\ngone@bakery.example gone/\nb@{DOMAIN} box/\n",
    "aliases": "all@bakery.example post@bakery.example, gone@bakery.example\nlate@bakery.example gone@bakery.example\n",
    "transport": "gone@bakery.example error:5.1.6 <gone@bakery.example> moved away, 010101-0000\n",
}


@pytest.fixture(scope="module")
def postfix():
    """A Postfix with a return box, a recipient that takes mail and one that refuses it later."""
    services = {"data": "-o smtpd_tls_wrappermode=yes"}
    with running_postfix(services, MAIN, FILES) as postfix:
        yield postfix


def returned(postfix, token, recipient, notices, with_id=True, notify="SUCCESS,FAILURE"):
    """What comes back for a mail to the recipient."""
    context = ssl.create_default_context(cafile=postfix.home / "ca.pem")
    with smtplib.SMTP_SSL("localhost", postfix.ports["data"], timeout=20, context=context) as server:
        server.sendmail(
            f"b+{token.text(KEY)}@{DOMAIN}",
            recipient,
            "From: post@nemboks.example\r\nSubject: Konkurs\r\n\r\nBrev\r\n",
            [f"ENVID={token.text(KEY)}"] if with_id else [],
            [f"NOTIFY={notify}"],
        )
    until = time.monotonic() + 30
    box = postfix.home / "mail/box/new"
    while True:
        found = [one for file in sorted(box.glob("*")) for one in read(file.read_bytes(), KEY, DOMAIN)]
        found = [one for one in found if getattr(one, "token", None) == token]
        if len(found) >= notices:
            return found
        assert time.monotonic() < until, found
        time.sleep(0.05)


def test_a_delivered_mail(postfix):
    """The notice of success names the letter, says delivered, and who says so."""
    (notice,) = returned(postfix, Token(1, 1, 1), "post@bakery.example", 1)

    assert (Action.DELIVERED, "2.0.0", "mail.bakery.example") == (notice.action, notice.status, notice.server)


@pytest.mark.parametrize("with_id", [True, False])
def test_a_late_bounce(postfix, with_id):
    """A refusal after the 250 names the letter, by the envelope id or by the return path alone."""
    (notice,) = returned(postfix, Token(2, 1, 1 + with_id), "late@bakery.example", 1, with_id, "FAILURE")

    assert (Action.FAILED, "5.1.6", "mail.bakery.example") == (notice.action, notice.status, notice.server)
    assert notice.words.endswith("moved away, [CPR]")
    assert "gone@" not in notice.words


def test_an_alias_of_two(postfix):
    """An alias that is expanded proves no delivery: Postfix says so, and that one of its targets refused."""
    notices = returned(postfix, Token(3, 1, 1), "all@bakery.example", 2)

    assert {Action.EXPANDED, Action.FAILED} == {one.action for one in notices}
