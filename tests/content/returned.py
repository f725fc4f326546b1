"""Mails as the return box gets them: reports and bounces made to order, and those of several mail servers."""

from base64 import b64encode

from nemboks.content.dsn import NotUnderstood, read
from nemboks.domain.returns import Token

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
Content-Type: multipart/report; report-type=delivery-status; boundary=1795266321-eximdsn-1000000001
MIME-Version: 1.0
Subject: Mail delivery failed: returning message to sender

--1795266321-eximdsn-1000000001
Content-type: text/plain; charset=us-ascii

This message was created automatically by mail delivery software.

--1795266321-eximdsn-1000000001
Content-type: message/delivery-status

Reporting-MTA: dns; smtp.vaert.example

Action: failed
Final-Recipient: rfc822;post@firma.example
Status: 5.0.0
Remote-MTA: dns; mail.firma.example
Diagnostic-Code: smtp; 552 5.2.2 Mailbox full

--1795266321-eximdsn-1000000001
Content-type: message/rfc822

Return-path: <b+{TEXT}@{DOMAIN}>
Subject: Brev

--1795266321-eximdsn-1000000001--
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
