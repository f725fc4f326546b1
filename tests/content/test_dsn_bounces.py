"""What real mail servers write into the return box, bounces without a report, and people's answers."""

import pytest

from nemboks.content.dsn import NotUnderstood, read
from nemboks.domain.returns import Action, StatusNotice
from tests.content.returned import DOMAIN, EXCHANGE, EXIM, KEY, OLD_EXCHANGE, POSTFIX, QMAIL, TOKEN, bounce, outcome


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (POSTFIX, StatusNotice(TOKEN, Action.FAILED, "5.1.1", "mail.firma.example", "550 5.1.1 <p***@firma.example>: "
                  "Recipient address rejected: User unknown in virtual mailbox table", "post@firma.example")),
        (EXIM, StatusNotice(TOKEN, Action.FAILED, "5.0.0", "mail.firma.example", "552 5.2.2 Mailbox full")),
        (EXCHANGE, StatusNotice(TOKEN, Action.DELIVERED, "2.0.0", "AM0PR01.firma.example", "")),
    ],
    ids=["postfix", "exim", "exchange"],
)  # fmt: skip
def test_reports_of_real_servers(mail, expected, ends):
    """The formats of three mail servers are understood, whatever ends their lines."""
    assert (expected,) == read(mail.replace("\n", ends).encode(), KEY, DOMAIN)


@pytest.mark.parametrize(
    ("mail", "words"),
    [
        (bounce(QMAIL), "Sorry, no mailbox here by that name. p***@eksempel.example (#5.1.1)"),
        (bounce(OLD_EXCHANGE, author="postmaster@eksempel.example"),
         "#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##rfc822;p***@eksempel.example"),
        (bounce("rejected: 550 5.1.1 unknown", author="robot@eksempel.example"), "rejected: 550 5.1.1 unknown"),
        (bounce("rejected: 5.1.1", head="X-Failed-Recipients: post@eksempel.example\r\n"), "rejected: 5.1.1"),
    ],
    ids=["qmail", "old-exchange", "robot", "x-failed"],
)  # fmt: skip
def test_plain_bounces(mail, words):
    """A bounce without a report is a failure, and not a word of the letter in it is kept."""
    assert (StatusNotice(TOKEN, Action.FAILED, "5.1.1", "", words),) == read(mail, KEY, DOMAIN)


def test_a_plain_bounce_without_a_code():
    """A mailer daemon's words without a code are a failure nobody explained; a warning is a delay."""
    silent = bounce("Your letter on Konkurs could not be delivered.\r\n")

    assert (StatusNotice(TOKEN, Action.FAILED, "5.0.0", "", ""),) == read(silent, KEY, DOMAIN)
    assert [(Action.DELAYED, "4.0.0")] == outcome(silent.replace(b"failure notice", b"Warning: could not send yet"))


@pytest.mark.parametrize(
    ("head", "sender", "author", "expected"),
    [
        ("Auto-Submitted: auto-replied (vacation)\r\n", "<>", "post@eksempel.example", NotUnderstood.ANSWER),
        ("Auto-Submitted: auto-replied; owner-email=x\r\n", "<>", "MAILER-DAEMON@x.example", NotUnderstood.ANSWER),
        ("Auto-Submitted: auto-notified\r\n", "<>", "post@eksempel.example", NotUnderstood.ANSWER),
        ("Precedence: auto_reply\r\n", "<>", "post@eksempel.example", NotUnderstood.ANSWER),
        ("X-Autoreply: yes\r\n", "<>", "post@eksempel.example", NotUnderstood.ANSWER),
        ("Auto-Submitted: auto-generated\r\n", "<>", "post@eksempel.example", NotUnderstood.UNCLEAR),
        ("", "<>", "post@eksempel.example", NotUnderstood.UNCLEAR),
        ("", "<post@eksempel.example>", "post@eksempel.example", NotUnderstood.UNCLEAR),
        ("", "<daemon@x.example>", "MAILER-DAEMON@x.example", NotUnderstood.UNCLEAR),
        ("X: y\r\nContent-Type: multipart/report; boundary=x\r\n", "<>", "MAILER-DAEMON@x", NotUnderstood.UNCLEAR),
    ],
)
def test_an_answer_is_no_bounce(head, sender, author, expected):
    """Holiday greetings, people's replies and read receipts never stop a letter (RFC 3834)."""
    assert expected == outcome(bounce("Jeg holder ferie til uge 32.", head=head, sender=sender, author=author))
