"""Dovecot as a real neighbour: private configuration in a directory of its own, one free port, in the foreground."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path

import trustme

from tests.helpers.peers import require_peer

PASSWORD = "hemmelig-ost"
_SECONDS = 15.0

_CONFIG = """
base_dir = {base}/run
state_dir = {base}/state
instance_name = nemboks-tests
log_path = {base}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{base}/server.pem
ssl_key = <{base}/server.key
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = yes
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:{base}/mail/%u
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
mail_fsync = never
{who}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={base}/mail/%u
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  {jail}
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  {jail}
}}
{extra}
"""


@dataclass
class Dovecot:
    port: int
    ca_file: Path
    mail: Path
    uid: int
    gid: int
    kill: Callable[[], None]
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def put(self, user: str, letter: bytes, at: datetime) -> None:
        """A letter in the user's inbox, arrived at the given time."""
        folder = self.mail / user
        for part in (folder, *(folder / name for name in ("cur", "new", "tmp"))):
            if not part.exists():
                part.mkdir(mode=0o700)
                self._give(part)
        name = f"{int(at.timestamp())}.M{next(self._numbers)}P1.tests"
        beside = folder / "tmp" / name
        beside.write_bytes(letter)
        self._give(beside)
        os.utime(beside, (at.timestamp(), at.timestamp()))
        beside.rename(folder / "new" / name)

    def _give(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)


@contextmanager
def dovecot(extra: Callable[[Path], str] = lambda base: "") -> Iterator[Dovecot]:
    """A running Dovecot; `extra` brings more configuration, given its directory.

    Skips the test where it is not installed, unless NEMBOKS_REQUIRE_PEERS=1 forbids that.
    """
    program = require_peer("dovecot")
    base = Path(tempfile.mkdtemp(prefix="nemboks-dovecot-"))  # not under pytest's own: its user may not walk there
    try:
        with _running(program, base, extra(base)) as running:
            yield running
    finally:
        shutil.rmtree(base, ignore_errors=True)


@contextmanager
def _running(program: str, base: Path, extra: str) -> Iterator[Dovecot]:
    base.chmod(0o755)
    owner = pwd.getpwnam("mail") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    (base / "mail").mkdir()
    if os.geteuid() == 0:
        os.chown(base / "mail", owner.pw_uid, owner.pw_gid)
    port = _free_port()
    _write_configuration(base, owner, port, extra)
    process = subprocess.Popen([program, "-F", "-c", str(base / "dovecot.conf")], start_new_session=True)
    try:
        _wait(process, port, base / "dovecot.log")
        yield Dovecot(port, base / "ca.pem", base / "mail", owner.pw_uid, owner.pw_gid, lambda: _kill(process))
    finally:
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends master and sessions alike, at once: nothing here is worth a tidy end."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(_SECONDS)


def _write_configuration(base: Path, owner: pwd.struct_passwd, port: int, extra: str) -> None:
    ca = trustme.CA()
    (base / "ca.pem").write_bytes(ca.cert_pem.bytes())
    leaf = ca.issue_cert("127.0.0.1", "localhost")
    (base / "server.pem").write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    (base / "server.key").write_bytes(leaf.private_key_pem.bytes())
    root = os.geteuid() == 0
    who = "" if root else f"default_internal_user = {owner.pw_name}\ndefault_login_user = {owner.pw_name}"
    jail = "" if root else "chroot ="
    text = _CONFIG.format(
        base=base, user=owner.pw_uid, group=owner.pw_gid, who=who, jail=jail, password=PASSWORD, port=port, extra=extra
    )
    (base / "dovecot.conf").write_text(text)


def _free_port() -> int:
    with socket.socket() as probe:  # Dovecot cannot be asked which port it got
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"Dovecot did not start: {log.read_text() if log.exists() else ''}") from None
            time.sleep(0.02)
