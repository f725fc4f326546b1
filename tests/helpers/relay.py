"""A company's mail from end to end: a smart host, the company's own Postfix behind it, and Dovecot's mailboxes.

`relay` is the smart host (submission with login and STARTTLS); it passes everything on to the company's Postfix, whose
letters fall into Dovecot by LMTP, where a full mailbox is full. Mail to our return path ends in the same Dovecot. What
goes to hole.example the smart host takes and drops; what goes to plain.example it passes on without DSN; and what goes
to maildir.example the company's Postfix puts into the mailbox itself, for only then does it say "delivered".
"""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nemboks.clock import RealClock
from nemboks.delivery.access import ServerAccess
from nemboks.domain.pace import Pace
from nemboks.domain.proof import Way
from nemboks.intake.imap import ImapAccess
from nemboks.intake.landing import ImapLandings, Login
from nemboks.intake.returns import ImapReturnBox
from tests.delivery.postfix_peer import Postfix, running_postfix
from tests.helpers.dovecot import PASSWORD, Dovecot, dovecot

RETURN_DOMAIN = "retur.nemboks.example"
RETURN_USER = f"b@{RETURN_DOMAIN}"
COMPANY, FULL, ACCOUNTANT = "post@bakery.example", "full@bakery.example", "bo@revisor.example"
PLAIN, HOLE = "post@plain.example", "post@hole.example"
MAILDIR, SECOND_MAILDIR = "post@maildir.example", "bo@maildir.example"
_QUOTA = 200_000

_MAILBOXES = """
protocols = imap lmtp
mail_plugins = $mail_plugins quota
service lmtp {{
  unix_listener {base}/lmtp {{
    mode = 0666
  }}
}}
service quota-status {{
  executable = quota-status -p postfix
  inet_listener {{
    address = 127.0.0.1
    port = {quota}
  }}
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {auth}
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@bakery.example
}}
plugin {{
  quota = count:User quota
  quota_rule = *:bytes={limit}
  quota_grace = 0
  quota_vsizes = yes
  quota_status_success = DUNNO
  quota_status_nouser = DUNNO
  quota_status_overquota = "552 5.2.2 Mailbox is full"
}}
"""
_COMPANY = """\
virtual_mailbox_domains = bakery.example, revisor.example, plain.example, maildir.example, {returns}
virtual_transport = lmtp:unix:{lmtp}
virtual_mailbox_maps = texthash:{{home}}/mailboxes
recipient_delimiter = +
smtpd_error_sleep_time = 0
transport_maps = inline:{{{{maildir.example = virtual:}}}}
"""
_RELAY = """\
virtual_mailbox_domains =
relayhost = [127.0.0.1]:{mx}
transport_maps = inline:{{ {{hole.example = discard:}}, {{plain.example = smtp:[127.0.0.1]:{plain}}} }}
smtp_tls_security_level = may
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth}
smtpd_relay_restrictions = permit_sasl_authenticated, reject
"""
_IMPLICIT = "-o smtpd_tls_wrappermode=yes"
_SUBMISSION = "-o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes"


@dataclass
class MailTown:
    """What runs. `relay` and `company` are the two Postfixes."""

    relay: Postfix
    company: Postfix
    boxes: Dovecot

    def smart_host(self, service: str = "submission") -> ServerAccess:
        """How we reach the smart host."""
        return self.relay.access(service, username="post", password=PASSWORD, way=Way.RELAY)

    def own(self, service: str = "mx") -> ServerAccess:
        """How we reach the company's own server."""
        return self.company.access(service)

    def landings(self, pace: Pace) -> ImapLandings:
        """The look into the company's mailbox."""
        return ImapLandings({"bageri": self._login(COMPANY)}, pace, RealClock())

    def return_box(self, pace: Pace) -> ImapReturnBox:
        """Where returned mail lies."""
        return ImapReturnBox(self._login(RETURN_USER), pace, RealClock())

    def letters(self, user: str = COMPANY) -> list[bytes]:
        """What lies in the user's inbox."""
        return [file.read_bytes() for place in ("new", "cur") for file in (self.boxes.mail / user / place).glob("*")]

    def parts(self, user: str) -> list[bytes]:
        """The large mails that the company's Postfix itself put into the user's mailbox."""
        folder = self.company.home / "mail" / user.partition("@")[0] / "new"
        return [mail for file in folder.glob("*") if len(mail := file.read_bytes()) > 400_000]

    def fill(self, user: str) -> None:
        """The user's mailbox is full."""
        self.boxes.put(user, b"Subject: gammelt\r\n\r\n" + b"x" * 70 * 4_000, datetime.now(UTC))

    def knock(self, address: str) -> int:
        """The code that the company's Postfix has for a recipient, as another client sees it."""
        context = ssl.create_default_context(cafile=self.company.home / "ca.pem")
        with smtplib.SMTP_SSL("localhost", self.company.ports["quota"], context=context) as smtp:
            smtp.ehlo("client.example")
            smtp.mail("x@sender.example")
            return smtp.rcpt(address)[0]

    def _login(self, user: str) -> Login:
        return Login(ImapAccess("localhost", self.boxes.port, self.boxes.ca_file), user, PASSWORD)


@contextmanager
def mail_town() -> Iterator[MailTown]:
    """The whole town until the block ends."""
    places: list[Path] = []
    quota, auth = _free_port(), _free_port()

    def mailboxes(base: Path) -> str:
        places.append(base)
        return _MAILBOXES.format(base=base, quota=quota, auth=auth, limit=_QUOTA)

    with dovecot(mailboxes) as boxes:
        full = f"check_policy_service inet:127.0.0.1:{quota}"
        services = {
            "mx": "-o smtpd_tls_security_level=may", "plain": "-o smtpd_discard_ehlo_keywords=dsn",
            "quota": f"{_IMPLICIT} -o {{ smtpd_recipient_restrictions = {full} }}",
        }  # fmt: skip
        users = (COMPANY, FULL, ACCOUNTANT, PLAIN, MAILDIR, SECOND_MAILDIR, f"@{RETURN_DOMAIN}")
        known = "".join(f"{name} {name.partition('@')[0] or 'x'}/\n" for name in users)
        main = _COMPANY.format(returns=RETURN_DOMAIN, lmtp=places[0] / "lmtp")
        with running_postfix(services, main, {"mailboxes": known}, master="lmtp unix - - n - - lmtp\n") as company:
            main = _RELAY.format(mx=company.ports["mx"], plain=company.ports["plain"], auth=auth)
            services = {"submission": _SUBMISSION, "mute": f"{_SUBMISSION} -o smtpd_discard_ehlo_keywords=dsn"}
            with running_postfix(services, main, master="smtp unix - - n - - smtp\n") as relay:
                yield MailTown(relay, company, boxes)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
