"""One run of the simulator: all faces put together by hand, started and stopped as one.

Promises: when `start` returns, every port is open and every certificate written; `stop` closes everything quickly.
What an earlier run left in its own folders is removed first; nothing else in the state folder is touched.
"""

import asyncio
import shutil
import ssl
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Literal

from nemboks.simulator.certificates import make_certificates
from nemboks.simulator.companies import Companies, Company, Face
from nemboks.simulator.config_text import Addresses, config_text, ready_facts
from nemboks.simulator.control import ControlFace
from nemboks.simulator.deposit import Deposit, Postbox, single, with_turns
from nemboks.simulator.faults import Switchboard
from nemboks.simulator.http_server import HttpServer
from nemboks.simulator.imap_face import ImapFace
from nemboks.simulator.inboxes import Counter, Inboxes, Letter, Removal, Stored, Uid
from nemboks.simulator.letters import Order, memo_letter
from nemboks.simulator.letters_imap import mail_letter
from nemboks.simulator.mail_facts import read_mail
from nemboks.simulator.mail_server import MailServer
from nemboks.simulator.mailroom import Mailroom
from nemboks.simulator.memo_facts import Document
from nemboks.simulator.rest import RestFace
from nemboks.simulator.rest_send import SenderCall
from nemboks.simulator.standing import Standing

InboxMode = Literal["rest", "imap", "both"]


@dataclass(frozen=True)
class Plan:
    """What the command line asked for."""

    state_dir: Path
    companies: int = 3
    inbox: InboxMode | None = "rest"  # None: rest, and one company more with imap, so that each face has somebody
    removal: Removal = "on-receipt"
    seed: int = 1


class Simulation:
    """The whole pretend world; its parts are public so that the control interface can show and change them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.counter = Counter()
        self.faults = Switchboard()
        self.companies = Companies(plan.seed)
        self.inboxes = Inboxes(self.counter, plan.removal)
        folder, accepted = _fresh_folders(plan.state_dir)
        self._certificates = make_certificates(folder / "certificates")
        self.postbox = Postbox(self.companies, self.inboxes, folder / "letters")
        self.sender_call = SenderCall(self.postbox)
        rest = RestFace(self.companies, self.inboxes, self.faults, self.sender_call)
        self._rest = HttpServer(rest.app, **self._mutual_tls())
        self._control = HttpServer(ControlFace(self).app)
        self._mail_password = self.companies.new_secret()
        self.mailroom = Mailroom(self.counter, folder / "letters", accepted)
        self._mail = MailServer(self.faults, self.mailroom, self._certificates, self._mail_password)
        self._imap = ImapFace(self.companies, self.inboxes, self.faults, self._certificates, folder / "letters")
        for _ in range(plan.companies + (plan.inbox is None)):
            self.companies.register(self.next_face())

    async def start(self) -> None:
        """Nothing; everything listens."""
        mail_ports = await self._mail.start()
        self._addresses = Addresses(
            state_dir=self.plan.state_dir,
            certificates=self._certificates,
            rest_port=await self._rest.start(),
            imap_port=await self._imap.start(),
            implicit_tls_port=mail_ports["implicit"],
            starttls_port=mail_ports["starttls"],
            control_port=await self._control.start(),
            mail_password=self._mail_password,
        )

    async def stop(self) -> None:
        """Nothing; nothing listens, no connection is left."""
        await self._mail.stop()
        await self._imap.stop()
        await asyncio.gather(self._rest.stop(), self._control.stop())

    def next_face(self) -> Face:
        """The face of the next company when nobody says: with `both` they alternate."""
        number = len(list(self.companies))
        if self.plan.inbox is None:
            return "imap" if number == self.plan.companies else "rest"
        if self.plan.inbox != "both":
            return self.plan.inbox
        return "rest" if number % 2 == 0 else "imap"

    def ready_facts(self) -> dict[str, Any]:
        """The content of the ready file; only after `start`."""
        return ready_facts(self._addresses, self.companies)

    def config_text(self) -> str:
        """Settings for the program, with the companies of this moment; only after `start`."""
        return config_text(self._addresses, self.companies, self.inboxes.removal)

    async def post_generated(self, company: Company, order: Order) -> Letter:
        """An invented letter, now in the company's inbox.

        Raises MemoRefusedError when it was posted before, NoPostError when the company can be sent nothing.
        """
        source = f"generated:{order.seed}:{order.index}"
        if company.face == "imap":
            self.postbox.check_recipient(company.cvr)
            return await self._post_mail(company, order, source)
        return (await self.postbox.post(single(with_turns(memo_letter(order))), source, None))[0]

    def change_standing(self, company: Company, standing: Standing) -> Company:
        """The company with its new standing; whoever it keeps out is thrown out of the IMAP face at once."""
        changed = self.companies.change(company.cvr, standing)
        if changed.user and standing.no_entry():
            self._imap.drop_connections(changed.user)
        return changed

    def arm_fault(self, name: str, times: int | None) -> None:
        """Nothing; the fault is on. KeyError for an unknown name."""
        self.faults.arm(name, times)
        if name == "imap-uidvalidity":
            self._imap.renumber()

    def close_mailbox(self, address: str, closed: bool) -> None:
        """Nothing; from now on the mail server refuses the address, or takes its mails again."""
        (self._mail.closed.add if closed else self._mail.closed.discard)(address)

    async def _post_mail(self, company: Company, order: Order, source: str) -> Letter:
        with Deposit(self.postbox.new_path(".eml")) as deposit:
            async for piece in with_turns(mail_letter(order)):
                deposit.write(piece)
            facts = await read_mail(deposit.flush().path)

            def letter_of(stored: Stored, uid: Uid) -> Letter:
                return Letter(
                    id=len(self.inboxes) + 1,
                    source=source,
                    inbox="imap",
                    cvr=company.cvr,
                    kind="DIGITALPOST",
                    label=facts.text("Subject") or "",
                    sender=parseaddr(facts.text("From") or "")[0],
                    documents=tuple(Document(part.name or "", part.sha256, part.size) for part in facts.documents()),
                    stored=stored,
                    uids=(uid,),
                )

            return await self._imap.deliver(company, deposit, letter_of)

    def _mutual_tls(self) -> dict[str, Any]:
        return {
            "ssl_certfile": str(self._certificates.server.cert),
            "ssl_keyfile": str(self._certificates.server.key),
            "ssl_ca_certs": str(self._certificates.ca),
            "ssl_cert_reqs": ssl.CERT_REQUIRED,
        }


def _fresh_folders(state_dir: Path) -> tuple[Path, Path]:
    folder, accepted = state_dir / "simulator", state_dir / "accepted"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "letters").mkdir(parents=True, mode=0o700)
    accepted.mkdir(exist_ok=True, mode=0o700)
    for left_over in accepted.glob("[0-9][0-9][0-9][0-9]*.eml"):
        left_over.unlink()
    return folder, accepted
