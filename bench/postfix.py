"""A private Postfix of Debian's: it queues durably before its 250, as real mail servers do, and throws away after.

Needs root: its parts run as users of their own.
"""

import os
import pwd
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.certificates import Certificates
from bench.processes import Missing, environment, free_port, need, server, wait_for_port

MAIN = """
compatibility_level = 3.6
queue_directory = {base}/spool
data_directory = {base}/data
mail_owner = postfix
myhostname = localhost
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
default_transport = discard:
relay_transport = discard:
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificates.chain}
smtpd_tls_key_file = {certificates.key}
message_size_limit = 209715200
mailbox_size_limit = 0
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
in_flow_delay = 0
maillog_file = {base}/log/maillog
maillog_file_prefixes = {base}/log
disable_dns_lookups = yes
smtpd_peername_lookup = no
"""
MASTER = """
127.0.0.1:{starttls} inet n - n - - smtpd
127.0.0.1:{tls} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes -o smtpd_tls_security_level=encrypt
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace",
          "maildrop", "public")  # fmt: skip
SETTLE_SECONDS = 20.0


@dataclass
class Postfix:
    """It runs."""

    base: Path
    tls: int
    starttls: int

    def taken(self, expected: int) -> Counter[tuple[str, str]]:
        """Recipient and Message-ID of what it queued and delivered, once there are so many or it took too long."""
        limit = time.monotonic() + SETTLE_SECONDS
        while (got := self._delivered()).total() < expected and time.monotonic() < limit:
            time.sleep(0.1)
        return got

    def _delivered(self) -> Counter[tuple[str, str]]:
        log = self.base / "log" / "maillog"
        text = log.read_text(errors="replace") if log.exists() else ""
        ids = dict(re.findall(r"postfix/cleanup\[\d+\]: (\w+): message-id=(\S+)", text))
        sent = re.findall(r"postfix/discard\[\d+\]: (\w+): to=<([^>]*)>.*status=sent", text)
        return Counter((to, ids.get(queue, "")) for queue, to in sent)


@contextmanager
def postfix(folder: Path, certificates: Certificates) -> Iterator[Postfix]:
    """A running Postfix with an empty queue and log. Missing where it is not installed, or we are not root."""
    postconf = need("postconf")
    if os.geteuid() != 0:
        raise Missing("Postfix needs root")
    running = Postfix(folder / "postfix", free_port(), free_port())
    _write(running, certificates)
    where = ["-c", str(running.base / "conf")]
    asked = subprocess.run(  # noqa: S603 -- Debian's own command
        [postconf, *where, "-h", "daemon_directory"], check=True, capture_output=True, text=True, env=environment()
    )
    master = [f"{asked.stdout.strip()}/master", *where, "-s"]
    with server(master, running.base, "output", MAIL_CONFIG=where[1]) as process:
        wait_for_port(running.tls, process)
        yield running


def _write(running: Postfix, certificates: Certificates) -> None:
    owner, base = pwd.getpwnam("postfix"), running.base
    for name in ("conf", "data", "log", "spool", "spool/pid", *(f"spool/{queue}" for queue in QUEUES)):
        (base / name).mkdir(parents=True)
    for name in ("data", *(f"spool/{queue}" for queue in QUEUES)):
        os.chown(base / name, owner.pw_uid, owner.pw_gid)
    (base / "conf" / "main.cf").write_text(MAIN.format(base=base, certificates=certificates))
    (base / "conf" / "master.cf").write_text(MASTER.format(starttls=running.starttls, tls=running.tls))
