"""A private Dovecot of Debian's: IMAPS and, where it is installed, POP3S; its own configuration, ports and folder."""

import os
import pwd
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.certificates import Certificates
from bench.letters import Letter
from bench.processes import free_port, need, server, wait_for_port

PASSWORD = "kun-til-maaling"  # noqa: S105 -- of mailboxes that live for a minute
CONFIGURATION = """
base_dir = {base}/run
state_dir = {base}/state
instance_name = nemboks-bench
log_path = {base}/dovecot.log
protocols = {protocols}
listen = 127.0.0.1
ssl = required
ssl_cert = <{certificates.chain}
ssl_key = <{certificates.key}
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = yes
auth_mechanisms = plain login
auth_failure_delay = 0
{who}
mail_location = maildir:{base}/mail/%u
mail_uid = {owner.pw_uid}
mail_gid = {owner.pw_gid}
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 0
mail_fsync = never
maildir_very_dirty_syncs = yes
default_vsz_limit = 1G
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={owner.pw_uid} gid={owner.pw_gid} home={base}/mail/%u
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
    port = {imap}
    ssl = yes
  }}
  service_count = 0
  process_min_avail = 2
  client_limit = 4000
}}
service imap {{
  service_count = 1000
  process_limit = 3000
}}
service auth {{
  client_limit = 10000
}}
service anvil {{
  {jail}
  client_limit = 10000
}}
service stats {{
  client_limit = 10000
}}
{more}
"""
POP3 = """
service pop3-login {{
  inet_listener pop3 {{
    port = 0
  }}
  inet_listener pop3s {{
    port = {pop3}
    ssl = yes
  }}
  service_count = 0
  client_limit = 4000
}}
service pop3 {{
  service_count = 1000
  process_limit = 2000
}}
"""


@dataclass
class Dovecot:
    """It runs. `pop3` is None where it was not installed or not wanted."""

    base: Path
    imap: int
    pop3: int | None
    owner: pwd.struct_passwd
    _rounds: Iterator[int] = field(default_factory=lambda: count(1))

    def prepare(self, users: Iterable[str]) -> None:
        """Empty mailboxes for these users, and for nobody else; what is there keeps its indexes, as in life."""
        users = set(users)
        root = self.base / "mail"
        for folder in root.iterdir():
            if folder.name not in users:
                shutil.rmtree(folder)
        for left in self._letters():
            left.unlink()
        for user in users:
            for name in ("", "cur", "new", "tmp"):
                self._own_folder(root / user / name)

    def deliver(self, letters: Iterable[Letter]) -> None:
        """Each letter as a new message in its mailbox; links, so that it costs nothing."""
        turn = next(self._rounds)
        for number, letter in enumerate(letters):
            self._give(letter.path)
            name = f"{1_760_000_000 + number // 1000}.M{number}P{turn}.bench"
            os.link(letter.path, self.base / "mail" / letter.cvr / "new" / name)

    def left(self) -> int:
        """How many letters lie in all mailboxes."""
        return sum(1 for _ in self._letters())

    def _letters(self) -> Iterator[Path]:
        for part in ("cur", "new"):
            yield from (self.base / "mail").glob(f"*/{part}/*")

    def _own_folder(self, folder: Path) -> None:
        if not folder.exists():
            folder.mkdir(mode=0o700)
            self._give(folder)

    def _give(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)


@contextmanager
def dovecot(folder: Path, certificates: Certificates, pop: bool = False) -> Iterator[Dovecot]:
    """A running Dovecot in the folder. Missing where it is not installed."""
    program = need("dovecot")
    root = os.geteuid() == 0
    owner = pwd.getpwnam("mail") if root else pwd.getpwuid(os.geteuid())
    base = folder / "dovecot"
    (base / "mail").mkdir(parents=True)
    running = Dovecot(base, free_port(), free_port() if pop and _pop_installed() else None, owner)
    running._give(base / "mail")
    (base / "dovecot.conf").write_text(_configuration(running, certificates, root))
    with server([program, "-F", "-c", str(base / "dovecot.conf")], base, "output") as process:
        wait_for_port(running.imap, process)
        if running.pop3:
            wait_for_port(running.pop3, process)
        yield running


def _configuration(running: Dovecot, certificates: Certificates, root: bool) -> str:
    name = running.owner.pw_name
    return CONFIGURATION.format(
        base=running.base, certificates=certificates, owner=running.owner, imap=running.imap, password=PASSWORD,
        protocols="imap pop3" if running.pop3 else "imap", more=POP3.format(pop3=running.pop3) if running.pop3 else "",
        who="" if root else f"default_internal_user = {name}\ndefault_login_user = {name}",
        jail="" if root else "chroot =",
    )  # fmt: skip


def _pop_installed() -> bool:
    return any((Path(place) / "dovecot/pop3").exists() for place in ("/usr/lib", "/usr/libexec"))
