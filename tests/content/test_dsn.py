"""What the return box holds: reports of several mail servers, plain bounces, people's answers, and lies."""

import re
from base64 import b64encode
from time import perf_counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nemboks.content.dsn import READ, NotUnderstood, read
from nemboks.domain.returns import Action, StatusNotice, Token

KEY = b"an invented key of thirty-two b."
DOMAIN = "bounce.nemboks.example"
TOKEN = Token(letter=17, attempt=2, part=1)
TEXT = TOKEN.text(KEY)
FORGED = Token(letter=18, attempt=2, part=1).text(b"another key")
RETURNED = f"Return-Path: <b+{TEXT}@{DOMAIN}>\r\nFrom: post@nemboks.example\r\nSubject: Brev\r\n\r\n"


def report(*groups, head="", returned="", envelope_id=TEXT, kind="message/delivery-status", encoding="7bit", words=""):
    """A report as RFC 3464 has it: one group of fields for the mail and those given, for each recipient."""
    message = f"Reporting-MTA: dns; mx1.eksempel.example\r\nOriginal-Envelope-Id: {envelope_id}\r\n"
    status = "\r\n".join([message, *groups]).encode()
    if encoding == "base64":
        status = b64encode(status)
    parts = [
        f"Content-Type: text/plain\r\n\r\n{words}".encode(),
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + status,
        f"Content-Type: message/rfc822\r\n\r\n{returned}".encode(),
    ]
    top = (
        f"{head}From: MAILER-DAEMON@eksempel.example\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="A=_b/1.mx"\r\n\r\nin MIME\r\n'
    )
    return top.encode() + b"".join(b"\r\n--A=_b/1.mx\r\n" + part for part in parts) + b"\r\n--A=_b/1.mx--\r\n"


def group(action="failed", status="5.1.1", diagnostic="smtp; 550 5.1.1 no such user", remote="", recipient="post"):
    """The fields of one recipient."""
    remote = f"Remote-MTA: dns; {remote}\r\n" if remote else ""
    return (
        f"Final-Recipient: rfc822; {recipient}@eksempel.example\r\nAction: {action}\r\nStatus: {status}\r\n{remote}"
        f"Diagnostic-Code: {diagnostic}\r\n"
    )


def bounce(body, head="", sent_to=f"b+{TEXT}@{DOMAIN}", sender="<>", author="MAILER-DAEMON@mx1.eksempel.example"):
    """A bounce in the style of before 1996: words, and no report."""
    top = f"Return-Path: {sender}\r\nDelivered-To: {sent_to}\r\n{head}From: {author}\r\nSubject: failure notice\r\n\r\n"
    return (top + body).encode()


def outcome(raw):
    """What is understood of the mail: action and status for each notice, else the reason."""
    found = read(raw, KEY, DOMAIN)
    return found if isinstance(found, NotUnderstood) else [(one.action, one.status) for one in found]


POSTFIX = f"""Return-Path: <>
Delivered-To: b+{TEXT}@{DOMAIN}
Received: by mx1.eksempel.example (Postfix)
\tid 4XyZ1b2c3d; Sat, 21 Nov 2026 14:05:20 +0100 (CET)
Date: Sat, 21 Nov 2026 14:05:20 +0100 (CET)
From: MAILER-DAEMON@eksempel.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: b+{TEXT}@{DOMAIN}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4XyZ1a9f8e.1795266320/mx1.eksempel.example"
Message-Id: <20261121130520.4XyZ1b2c3d@mx1.eksempel.example>

This is a MIME-encapsulated message.

--4XyZ1a9f8e.1795266320/mx1.eksempel.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--4XyZ1a9f8e.1795266320/mx1.eksempel.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx1.eksempel.example
Original-Envelope-Id: {TEXT}
X-Postfix-Queue-ID: 4XyZ1a9f8e
X-Postfix-Sender: rfc822; b+{TEXT}@{DOMAIN}
Arrival-Date: Sat, 21 Nov 2026 14:05:12 +0100 (CET)

Final-Recipient: rfc822; post@firma.example
Original-Recipient: rfc822;post@firma.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.firma.example
Diagnostic-Code: smtp; 550 5.1.1 <post@firma.example>: Recipient address
    rejected: User unknown in virtual mailbox table

--4XyZ1a9f8e.1795266320/mx1.eksempel.example
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <b+{TEXT}@{DOMAIN}>
From: "Skattestyrelsen via Nemboks" <post@nemboks.example>

--4XyZ1a9f8e.1795266320/mx1.eksempel.example--
"""

EXIM = f"""Return-path: <>
Envelope-to: b+{TEXT}@{DOMAIN}
Received: from mailnull by smtp.vaert.example with local (Exim 4.96)
\tid 1tEa5x-0001Aa-2B
\tfor b+{TEXT}@{DOMAIN};
\tSat, 21 Nov 2026 14:05:21 +0100
X-Failed-Recipients: post@firma.example
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@smtp.vaert.example>
To: b+{TEXT}@{DOMAIN}
Content-Type: multipart/report; report-type=delivery-status; boundary=1795266321-eximdsn-1804289383
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender

--1795266321-eximdsn-1804289383
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

--1795266321-eximdsn-1804289383
Content-type: message/delivery-status

Reporting-MTA: dns; smtp.vaert.example

Action: failed
Final-Recipient: rfc822;post@firma.example
Status: 5.0.0
Remote-MTA: dns; mail.firma.example
Diagnostic-Code: smtp; 552 5.2.2 Mailbox full

--1795266321-eximdsn-1804289383
Content-type: message/rfc822

Return-path: <b+{TEXT}@{DOMAIN}>
Subject: Brev

--1795266321-eximdsn-1804289383--
"""

EXCHANGE = f"""Return-Path: <>
From: <postmaster@firma.example>
To: <b+{TEXT}@{DOMAIN}>
Date: Sat, 21 Nov 2026 13:05:22 +0000
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="0f3c2c1e-7a55-4a5e-9d0e-000000000001"
X-MS-Exchange-Message-Is-Ndr:
Content-Language: da-DK
Subject: Leveret: Nyt brev
Auto-Submitted: auto-replied
MIME-Version: 1.0

--0f3c2c1e-7a55-4a5e-9d0e-000000000001
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="0f3c2c1e-7a55-4a5e-9d0e-000000000002"

--0f3c2c1e-7a55-4a5e-9d0e-000000000002
Content-Type: text/plain; charset="utf-8"

Din meddelelse er leveret.

--0f3c2c1e-7a55-4a5e-9d0e-000000000002
Content-Type: text/html; charset="utf-8"

<p>Din meddelelse er leveret.</p>

--0f3c2c1e-7a55-4a5e-9d0e-000000000002--

--0f3c2c1e-7a55-4a5e-9d0e-000000000001
Content-Type: message/delivery-status

Original-Envelope-Id: {TEXT}
Reporting-MTA: dns;AM0PR01.firma.example
Received-From-MTA: dns;smtp.vaert.example
Arrival-Date: Sat, 21 Nov 2026 13:05:13 +0000

Final-Recipient: rfc822;post@firma.example
Action: delivered
Status: 2.0.0

--0f3c2c1e-7a55-4a5e-9d0e-000000000001
Content-Type: text/rfc822-headers

Subject: Nyt brev

--0f3c2c1e-7a55-4a5e-9d0e-000000000001--
"""

QMAIL = """Hi. This is the qmail-send program at mx1.eksempel.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<post@eksempel.example>:
Sorry, no mailbox here by that name. post@eksempel.example (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <b+1-1-1-0.aaaaaaaaaaaaaaaa@bounce.nemboks.example>
Subject: Konkurs 550 5.9.9 hemmelig
"""

OLD_EXCHANGE = """Delivery has failed to these recipients or distribution lists:

post@eksempel.example
The recipient's e-mail address was not found.

Diagnostic information for administrators:
Generating server: mail.eksempel.example
post@eksempel.example
#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##rfc822;post@eksempel.example

Original message headers:
Subject: Konkurs 550 5.9.9 hemmelig
"""


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


def test_strangers_words_are_redacted_and_capped():
    """Addresses, numbers shaped like a CPR number and control characters do not get into the ledger."""
    said = "smtp; 550 \x1b[31mpost@eksempel.example 010101-0000 <script>" + "å" * 3000
    notice = read(report(group(diagnostic=said, remote="mx\x07.eksempel.example")), KEY, DOMAIN)[0]

    assert notice.words.startswith("550 [3***@eksempel.example [CPR] <script>å")
    assert (512, "mx.eksempel.example") == (len(notice.words), notice.server)


def deep(levels):
    """A report at the bottom of so many multiparts."""
    mail = report(group())
    for level in range(levels):
        mail = f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n".encode() + mail
    return mail


HOSTILE = {
    "deep": deep(3000),
    "one line": b"x" * READ * 2,
    "blank lines": b"Content-Type: message/delivery-status\r\n\r\n" + b"\r\n" * READ,
    "spaces": b"Content-Type: message/delivery-status\r\n\r\n" + b"\n " * READ,
    "boundaries": b"Content-Type: multipart/report; boundary=a\r\n\r\n" + b"--a\n" * (READ // 4),
    "half boundaries": b"Content-Type: multipart/report; boundary=a\r\n\r\n" + b"--a \t " * (READ // 6),
    "one field": b"To: " + b"b+1-1-1-0." * (READ // 10),
    "fields": b"To: b+1-1-1-0.aaaaaaaaaaaaaaaa@bounce.nemboks.example\r\n" * 20_000,
    "folds": b"To: x" + b"\r\n " * READ,
    "type": b"Content-Type: multipart/report" + b"; boundary " * (READ // 12),
    "digits": b"Original-Envelope-Id: " + b"1" * READ,
    "recipients": report(*[group()] * 8000),
    "numbers": bounce("5.1." * (READ // 4)),
    "dashes": bounce("- " * (READ // 2)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_takes_no_time(name):
    """A MiB made to be slow is read in well under two seconds, and names no letter but the one it proves."""
    began = perf_counter()
    found = read(HOSTILE[name], KEY, DOMAIN)

    assert perf_counter() - began < 2
    assert isinstance(found, NotUnderstood) or {one.token for one in found} == {TOKEN}


PIECES = [*re.split(rb"(\r\n|: |; |=|--)", report(group(), head=f"To: b+{TEXT}@{DOMAIN}\r\n", returned=RETURNED)),
          b"\0", b"\xff", b"\r", b"\n", b'"', b"Content-Type: multipart/report; boundary=a\n\n--a\n"]  # fmt: skip


@given(st.one_of(st.binary(max_size=400), st.lists(st.sampled_from(PIECES), max_size=80).map(b"".join)))
@example(b"Content-Type: multipart/x; boundary=\n\n--\n")
@example(b"\n")
def test_never_raises(raw):
    """Whatever lies in the box, the reader says something."""
    found = read(raw, KEY, DOMAIN)

    assert isinstance(found, NotUnderstood) or all(one.token == TOKEN for one in found)


@given(st.data())
def test_never_raises_for_a_damaged_report(data):
    """A report with octets missing, doubled or changed says the same, less, or nothing: never of another letter."""
    raw = bytearray(report(group("delivered", "2.0.0"), returned=RETURNED))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    found = read(bytes(raw), KEY, DOMAIN)

    assert isinstance(found, NotUnderstood) or all(one.token == TOKEN for one in found)
