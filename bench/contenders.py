"""Who carries the letters from the IMAP mailboxes to the mail server: Nemboks, and Debian's own tools where installed.

Fair on purpose to the others: fetchmail sends without TLS, for it has none towards a mail server; none keeps a durable
journal. `+msmtp` is the way by which each of them does reach a verified mail server: a process for every letter.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.dovecot import PASSWORD
from bench.letters import recipient
from bench.processes import has, need

SENDER = "retur@nemboks.example"


@dataclass(frozen=True)
class Job:
    """Empty these users' mailboxes; `folder` is empty, and the contender's own."""

    folder: Path
    users: Sequence[str]
    ca: Path
    imap: int
    pop3: int | None
    tls: int
    starttls: int
    program: Callable[..., list[str]]  # brings the command that runs Nemboks with these words

    def write(self, name: str, text: str) -> Path:
        """A file with secrets in the folder."""
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return path


@dataclass(frozen=True)
class Contender:
    """`command` writes what it needs into the job's folder, and brings the command that does the job once."""

    name: str
    command: Callable[[Job], list[str]]
    needs: tuple[str, ...] = ()
    pop3: bool = False
    slow: bool = False  # a process for each letter: one round of it says enough

    def here(self, pop3: bool) -> bool:
        """Whether it can run on this machine."""
        return has(*self.needs) and (pop3 or not self.pop3)


def nemboks(job: Job) -> list[str]:
    """The program as it is shipped: durable journal, both ends verified."""
    lines = (f"{user}\t{PASSWORD}\t{recipient(user)}\n" for user in job.users)
    contract = {
        "state_dir": str(job.folder / "state"),
        "imap": {"host": "localhost", "port": job.imap, "ca": str(job.ca)},
        "smtp": {"host": "localhost", "port": job.tls, "ca": str(job.ca), "mail_from": SENDER},
        "users_file": str(job.write("users.tsv", "".join(lines))),
    }
    (job.folder / "state").mkdir()
    return job.program("drain", "--bench", str(job.write("job.json", json.dumps(contract))))


def _msmtp(job: Job) -> Path:
    return job.write(
        "msmtprc",
        f"defaults\nhost localhost\nport {job.tls}\ntls on\ntls_starttls off\ntls_trust_file {job.ca}\nauth off\n"
        f"from {SENDER}\naccount default\n",
    )


def fetchmail(job: Job) -> list[str]:
    """IMAPS in; out in plaintext."""
    return _fetchmail(job, lambda to: f'smtphost "localhost/{job.starttls}" smtpname "{to}"')


def fetchmail_msmtp(job: Job) -> list[str]:
    """IMAPS in; out over verified TLS, a process for each letter."""
    settings = _msmtp(job)
    return _fetchmail(job, lambda to: f'mda "msmtp -C {settings} -- {to}"')


def _fetchmail(job: Job, out: Callable[[str], str]) -> list[str]:
    rows = ["set no bouncemail", "set no spambounce"]
    rows += [
        f'poll cvr{user} via localhost service {job.imap} protocol IMAP auth password no dns timeout 120 user "{user}"'
        f' password "{PASSWORD}" ssl sslproto "TLS1.2+" sslcertck sslcertfile "{job.ca}" fetchall no keep no rewrite '
        + out(recipient(user))
        for user in job.users
    ]
    settings = job.write("fetchmailrc", "\n".join(rows) + "\n")
    ours = ["--pidfile", str(job.folder / "pid"), "-i", str(job.folder / "ids")]
    return [need("fetchmail"), "-f", str(settings), "--nosyslog", "--silent", *ours]


def getmail(job: Job) -> list[str]:
    """IMAPS in; out over verified TLS, a process for each letter."""
    settings, words = _msmtp(job), []
    for user in job.users:
        job.write(
            f"rc-{user}",
            f"[retriever]\ntype = SimpleIMAPSSLRetriever\nserver = localhost\nport = {job.imap}\nusername = {user}\n"
            f'password = {PASSWORD}\nca_certs = {job.ca}\nmailboxes = ("INBOX",)\n[destination]\ntype = MDA_external\n'
            f'path = {need("msmtp")}\narguments = ("-C", "{settings}", "--", "{recipient(user)}")\n'
            "allow_root_commands = true\n[options]\nread_all = true\ndelete = true\nverbose = 0\n"
            "delivered_to = false\nreceived = false\n",
        )
        words += ["-r", f"rc-{user}"]
    return [need("getmail"), "--getmaildir", str(job.folder), *words]


def mpop(job: Job) -> list[str]:
    """POP3S in; out over verified TLS, a process for each letter."""
    settings = _msmtp(job)
    rows = [
        "defaults", "host localhost", f"port {job.pop3}", "tls on", "tls_starttls off", f"tls_trust_file {job.ca}",
        f"password {PASSWORD}", "keep off", "received_header off", "auth user",
    ]  # fmt: skip
    for user in job.users:
        rows += [f"account a{user}", f"user {user}", f"uidls_file {job.folder / 'uidls'}-%U",
                 f'delivery mda "msmtp -C {settings} -- {recipient(user)}"']  # fmt: skip
    return [need("mpop"), "-C", str(job.write("mpoprc", "\n".join(rows) + "\n")), "-a", "-q"]


BASE = "fetchmail"
ALL = (
    Contender("nemboks", nemboks),
    Contender(BASE, fetchmail, ("fetchmail",)),
    Contender("fetchmail+msmtp", fetchmail_msmtp, ("fetchmail", "msmtp"), slow=True),
    Contender("getmail6+msmtp", getmail, ("getmail", "msmtp"), slow=True),
    Contender("mpop+msmtp", mpop, ("mpop", "msmtp"), pop3=True, slow=True),
)
