"""What the return box holds: reports in every form, and where they name our letter."""

import pytest

from nemboks.content.dsn import READ, NotUnderstood, read
from nemboks.domain.returns import Action
from tests.content.returned import DOMAIN, FORGED, KEY, QMAIL, RETURNED, TEXT, TOKEN, bounce, group, outcome, report


@pytest.mark.parametrize(
    ("action", "status", "expected"),
    [
        ("delivered", "2.0.0", (Action.DELIVERED, "2.0.0")),
        ("Delivered (to mailbox)", "2.1.5 (ok)", (Action.DELIVERED, "2.1.5")),
        ("relayed", "2.0.0", (Action.RELAYED, "2.0.0")),
        ("expanded", "2.0.0", (Action.EXPANDED, "2.0.0")),
        ("delayed", "4.4.1", (Action.DELAYED, "4.4.1")),
        ("failed", "4.4.7", (Action.FAILED, "4.4.7")),
        ("failed", "", (Action.FAILED, "5.1.1")),
        ("failed", "2.0.0", (Action.FAILED, "5.0.0")),
        ("relayed", "5.0.0", (Action.RELAYED, "2.0.0")),
    ],
)
def test_every_action(action, status, expected):
    """Each action of RFC 3464 is read; a status that is missing or cannot be is replaced by a general one."""
    assert [expected] == outcome(report(group(action, status)))


@pytest.mark.parametrize("status", ["5.1.1", "4.0.0", "", "2", "2.0", "22.0.0", "12.0.0", "2.0.0.0"])
def test_delivered_needs_its_status(status):
    """A `delivered` that its status does not bear out confirms nothing."""
    assert NotUnderstood.UNCLEAR == outcome(report(group("delivered", status)))


@pytest.mark.parametrize(
    "fields",
    [
        group("arrived", "2.0.0"),
        group("", "2.0.0"),
        group("delivered-not", "2.0.0"),
        group("failed") + "Action: delivered\r\n",
        "Final-Recipient: rfc822; post@eksempel.example\r\n",
        "",
        "Status: 2.0.0",
        "Action: =?utf-8?q?delivered?=\r\nStatus: 2.0.0",
    ],
)
def test_what_is_not_said_is_not_taken(fields):
    """An unknown action, two at once, or none say nothing."""
    assert NotUnderstood.UNCLEAR == outcome(report(fields))


def test_several_recipients():
    """An alias that was expanded by the server gives a notice for each of its recipients."""
    fields = [group("delivered", "2.0.0"), group("failed", "5.2.2", recipient="b"), group("expanded", "2.0.0")]
    expected = [(Action.DELIVERED, "2.0.0"), (Action.FAILED, "5.2.2"), (Action.EXPANDED, "2.0.0")]

    assert expected == outcome(report(*fields))
    assert 100 == len(outcome(report(*fields * 100)))


@pytest.mark.parametrize(
    "mail",
    [
        report(group(), kind="message/global-delivery-status").replace(b"rfc822; post", "utf-8; pøst".encode()),
        report(group(), encoding="base64"),
        report(group()).replace(b'"A=_b/1.mx"', b"A=_b/1.mx"),
        report(group()).replace(b"\r\n--A=_b/1.mx--\r\n", b""),
        b"Content-Type: multipart/mixed; boundary=out\r\n\r\n--out\r\n" + report(group()) + b"\r\n--out--\r\n",
        report(group(), returned=report(group("delivered", "2.0.0")).decode()),
        report(group(), returned="Subject: stort brev\r\n\r\n" + "x" * READ),
    ],
    ids=["utf-8", "base64", "unquoted", "no-end", "wrapped", "nested", "large"],
)
def test_forms_of_a_report(mail):
    """What servers and gateways do to a report, and what lies in the returned mail, does not change what it says."""
    assert [(Action.FAILED, "5.1.1")] == outcome(mail)


@pytest.mark.parametrize(
    "mail",
    [
        report(group(), envelope_id=TEXT.upper()),
        report(group(), envelope_id="", head=f"Delivered-To: B+{TEXT.upper()}@{DOMAIN.upper()}\r\n"),
        report(group(), envelope_id=FORGED, head=f"X-Original-To: b+{TEXT}@{DOMAIN}\r\n"),
        report(group(), envelope_id="", head=f"Envelope-To: <b+{TEXT}@{DOMAIN}>\r\n"),
        report(group(), envelope_id="", head=f"To: Nemboks <b+{TEXT}@{DOMAIN}>\r\n"),
        report(group(), envelope_id="", head=f"Received: by mx (P)\r\n\tfor <b+{TEXT}@{DOMAIN}>; Sat\r\n"),
        report(group(), envelope_id="", returned=RETURNED),
        report(
            group(), envelope_id="", returned=RETURNED.replace("<b+", "<SRS0=x=y=b+").replace(DOMAIN, "vaert.example")
        ),
    ],
)
def test_where_the_token_stands(mail):
    """Envelope id, the address the report was sent to, the returned mail's return path: each names the letter."""
    assert TOKEN == read(mail, KEY, DOMAIN)[0].token


@pytest.mark.parametrize(
    "mail",
    [
        report(group("delivered", "2.0.0"), envelope_id=FORGED, head=f"To: b+{FORGED}@{DOMAIN}\r\n"),
        report(group(), envelope_id="17-2-1-0.aaaaaaaaaaaaaaaa"),
        report(group(), envelope_id=TEXT.replace("17-", "18-")),
        report(group(), envelope_id="", returned=f"Nemboks-Letter: {TEXT}\r\nSubject: {TEXT}\r\n\r\n"),
        report(group(), envelope_id="", head=f"To: b+{TEXT}@{DOMAIN}.ond.example\r\n"),
        report(group(), envelope_id="", head=f"Subject: b+{TEXT}@{DOMAIN}\r\n"),
        bounce(QMAIL, sent_to=f"b+{FORGED}@{DOMAIN}"),
        b"",
        b"\r\n\r\n",
        b"Subject: hej\r\n\r\nhej",
    ],
)
def test_without_our_mac_nothing_is_known(mail):
    """A forged or foreign return path, or one that stands where anyone may write, names no letter."""
    assert NotUnderstood.FOREIGN == outcome(mail)
