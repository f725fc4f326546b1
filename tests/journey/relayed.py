"""A letter that a relay took, the box that returned mail falls into, and the company's mailbox, all in memory."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from nemboks.domain.letter import Letter, State
from nemboks.domain.mailbox import Address, Options
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Report, Stage, Way
from nemboks.domain.returns import Token
from nemboks.journey.world import Returning, World
from nemboks.ports import Attempted
from tests.helpers import builders as make
from tests.helpers.clock import START, PretendClock
from tests.helpers.fake_boxes import FakeBox, FakeLandings
from tests.helpers.fake_contents import FakeContents
from tests.helpers.fake_courier import FakeCourier
from tests.helpers.fake_deliveries import FakeDeliveries
from tests.helpers.fake_inbox import FakeInbox
from tests.helpers.fakes import FakeLetters, FakeMailboxes
from tests.journey.town import SENDER, FakeInboxes

KEY = b"0" * 32
DOMAIN = "retur.nemboks.example"
SILENT = timedelta(hours=4)


def dsn(
    token: Token, action: str = "failed", status: str = "5.1.1", key: bytes = KEY, original: str = "", more: str = ""
) -> bytes:
    """A delivery status notification as Postfix writes it. `more`: of another recipient."""
    named = f"Original-Recipient: rfc822;{original}\n" if original else ""
    path = f"b+{token.text(key)}@{DOMAIN}"
    return f"""Return-Path: <>
Delivered-To: {path}
From: MAILER-DAEMON@relay.example
To: {path}
Subject: Delivery Status
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain

Om brevet.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example
Original-Envelope-Id: {token.text(key)}

Final-Recipient: rfc822; anna@bageri.example
{named}Action: {action}
Status: {status}
Remote-MTA: dns; mx.bageri.example
Diagnostic-Code: smtp; 550 {status} as it is
{more}
--x--
""".replace("\n", "\r\n").encode()


class Relayed:
    """One letter of Anna's, in whatever state a test wants, with an attempt that a relay took."""

    def __init__(self, landing: str = "bageri", **changes: Any) -> None:
        self.clock = PretendClock()
        mailboxes = FakeMailboxes(self.clock, make.mailbox(options=Options(landing=landing)))
        self.letters, self.box, self.landings = FakeLetters(self.clock, mailboxes), FakeBox(), FakeLandings()
        self.contents = FakeContents()
        self.world = World(
            self.letters, mailboxes, self.contents, FakeInboxes(FakeInbox(keeps=False)), FakeCourier(), self.clock,
            Pace(), SENDER, FakeDeliveries(self.clock, mailboxes, self.letters),
            returning=Returning(DOMAIN, KEY, self.box), landings=self.landings,
        )  # fmt: skip
        held = {"deadline_at": START + SILENT, "fence": 1, "headline": make.headline(), "copy": make.copy()}
        self.put(make.letter(**{"state": State.HANDED_OVER, "contents": make.sealed(), **held, **changes}))
        self.sent(1)

    @property
    def letter(self) -> Letter:
        return self.letters.rows[1]

    def put(self, letter: Letter) -> None:
        self.letters.rows[1] = letter

    def sent(self, number: int, part: int = 1, **changes: Any) -> None:
        """The record of an attempt that went to the relay."""
        report = replace(make.report(Stage.DOT, reply=make.reply(), way=Way.RELAY), **changes)
        self.record(number, part, report)

    def record(
        self, number: int, part: int, report: Report | None, address: str = "anna@bageri.example", dot: bool = False
    ) -> None:
        self.letters.attempts[1, number] = Attempted(number, part, Address(address), "smart", report, dot)

    def events(self) -> list[type]:
        return [type(event) for _, event in self.letters.past]
