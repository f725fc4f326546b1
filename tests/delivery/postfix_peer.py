"""A private Postfix for tests: own configuration, queue and certificates, on loopback ports of its own.

It needs root, because Postfix gives each of its programs only the rights that it needs. Where it cannot run, the
tests are skipped with the reason; with NEMBOKS_REQUIRE_PEERS=1 they fail instead.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import trustme

from nemboks.delivery.access import ServerAccess
from tests.helpers.peers import do_without, require_peer

SIZE_LIMIT = 1_000_000
SERVICES = {
    "bdat": "-o smtpd_tls_wrappermode=yes",
    "data": "-o smtpd_tls_wrappermode=yes -o smtpd_discard_ehlo_keywords=chunking",
    "starttls": "-o smtpd_tls_security_level=encrypt",
    "sizeless": "-o smtpd_tls_wrappermode=yes -o smtpd_discard_ehlo_keywords=size,chunking",
    "sizeless_bdat": "-o smtpd_tls_wrappermode=yes -o smtpd_discard_ehlo_keywords=size",
}
MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/log
maillog_file_prefixes = {home}
myhostname = mail.bakery.example
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
biff = no
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_chain_files = {home}/server.pem
smtpd_tls_session_cache_database =
message_size_limit = {limit}
mailbox_size_limit = 0
virtual_mailbox_limit = 0
virtual_mailbox_domains = bakery.example
virtual_mailbox_maps = texthash:{home}/mailboxes
virtual_mailbox_base = {home}/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
"""
MASTER = """\
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """A running Postfix; `ports` by service name."""

    home: Path
    ports: dict[str, int]
    implicit: frozenset[str]  # the services with TLS from the first byte

    def access(self, service: str, **changes: Any) -> ServerAccess:
        """How the courier reaches one of its services."""
        port, ca_file = self.ports[service], self.home / "ca.pem"
        return replace(ServerAccess("localhost", port, service in self.implicit, ca_file, internal=True), **changes)

    def letters(self) -> list[bytes]:
        """What lies in the mailbox now."""
        return [file.read_bytes() for file in (self.home / "mail/post/new").glob("*")]


@contextmanager
def running_postfix(
    services: Mapping[str, str] = SERVICES,
    main: str = "",
    files: Mapping[str, str] | None = None,
    issue: Callable[[trustme.CA, Path], None] = lambda authority, home: None,
    master: str = "",
) -> Iterator[Postfix]:
    """A Postfix until the block ends.

    `main` is more of its configuration, where {home} is its directory, and `master` names more of its programs;
    `files` are written there, and `issue` may put certificates there.
    """
    program = require_peer("postfix")
    if os.geteuid() != 0:
        do_without("Postfix can only be started by root")
    with ExitStack() as stack:
        for more in (True, True, False):
            home = Path(tempfile.mkdtemp(prefix="nemboks-postfix-"))
            stack.callback(shutil.rmtree, home)
            postfix = _configured(home, services, main, files or {}, issue, master)
            command = [program, "-c", str(home / "etc")]
            started = subprocess.run([*command, "start"], capture_output=True, text=True, timeout=60)
            if not started.returncode:
                break
            if not more:  # else a port that was free a moment ago is somebody's by now
                log = home / "log"
                do_without(f"Postfix does not start: {log.read_text() if log.exists() else started.stderr}")
        stack.callback(subprocess.run, [*command, "stop"], capture_output=True, timeout=60)
        for port in postfix.ports.values():
            _await(port)
        yield postfix


def _configured(
    home: Path,
    services: Mapping[str, str],
    main: str,
    files: Mapping[str, str],
    issue: Callable[[trustme.CA, Path], None],
    master: str,
) -> Postfix:
    home.chmod(0o755)
    for name, owner in (("etc", None), ("queue", None), ("data", "postfix"), ("mail", "nobody")):
        (home / name).mkdir(mode=0o755)
        if owner:
            shutil.chown(home / name, owner)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(home / "ca.pem"))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(home / "server.pem"))
    (home / "server.pem").chmod(0o600)
    issue(authority, home)
    for name, text in {"mailboxes": "post@bakery.example post/\n", **files}.items():
        (home / name).write_text(text)
    ports = dict(zip(services, _free_ports(len(services)), strict=True))
    lines = [
        f"127.0.0.1:{ports[name]} inet n - n - - smtpd {options.replace('{home}', str(home))}\n"
        for name, options in services.items()
    ]
    settings = _overruled(MAIN.format(home=home, limit=SIZE_LIMIT), main.replace("{home}", str(home)))
    (home / "etc/main.cf").write_text(settings)
    (home / "etc/master.cf").write_text(MASTER + master + "".join(lines))
    implicit = frozenset(name for name, options in services.items() if "wrappermode=yes" in options)
    return Postfix(home, ports, implicit)


def _overruled(usual: str, more: str) -> str:
    """The usual settings without those that `more` names, and then these.

    Of a setting that is there twice every program warns, postlogd too: with its own socket full of others' lines it
    would wait for itself, and all of Postfix for it.
    """
    named = {line.partition("=")[0].strip() for line in more.splitlines()}
    return "".join(f"{line}\n" for line in usual.splitlines() if line.partition("=")[0].strip() not in named) + more


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _await(port: int) -> None:
    """Returns when somebody listens. Postfix says nothing when it is ready."""
    limit = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.05)
