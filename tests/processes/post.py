"""What comes into Digital Post during the torture: letters over REST into the simulator, over IMAP into a Maildir."""

import base64
import hashlib
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.processes.oracle import Posted

EXPUNGED = re.compile(r"imap\(([^)]*)\).*expunge: box=INBOX, uid=(\d+), msgid=<([^>]*)>")


@dataclass(frozen=True)
class Company:
    """A company, with where its post comes from and where it goes."""

    cvr: str
    face: str
    address: str
    second: str  # another address of its own
    server: str


class Post:
    """Posts letters and remembers them. `expunged` is fed by the log of the Dovecot upstream."""

    def __init__(self, control: str, maildirs: Path, owner: tuple[int, int], seed: int) -> None:
        self._client = httpx2.Client(base_url=control, timeout=120, trust_env=False)
        self._maildirs, self._owner, self._seed = maildirs, owner, seed
        self.posted: dict[str, Posted] = {}  # REST: by key; IMAP: by message id, until its UID is known
        self.expunged: dict[str, float] = {}  # by message id
        self._uids: dict[tuple[str, str], str] = {}  # message id by user and UID
        self._number = 0

    def close(self) -> None:
        self._client.close()

    def put(self, companies: Sequence[Company], chance: random.Random) -> None:
        """One more letter, for one of the companies."""
        company = chance.choice(companies)
        self._number += 1
        if company.face == "rest":
            self._memo(company)
        else:
            self._mail(company, chance)

    def _memo(self, company: Company) -> None:
        body = {"cvr": company.cvr, "seed": self._seed, "index": self._number}
        item: dict[str, Any] = self._client.post("letters", json=body).raise_for_status().json()
        key = f"{company.cvr}/{item['message_uuid'].lower()}"
        self.posted[key] = Posted(key, company.cvr, tuple(one["sha256"] for one in item["documents"]))

    def _mail(self, company: Company, chance: random.Random) -> None:
        """Into the Maildir as another mail program does it: written beside, then moved (maildir(5))."""
        name = f"{self._seed}.{self._number}@myndighed.example"
        files = [chance.randbytes(chance.choice((200, 2_000, 20_000))) for _ in range(chance.randint(1, 3))]
        digests = tuple(hashlib.sha256(one).hexdigest() for one in files)
        self.posted[name] = Posted(name, company.cvr, digests)  # before it can be seen
        folder = self._maildirs / company.cvr
        file = f"{time.time_ns() // 10**9}.M{self._number}P1.torture"
        beside = folder / "tmp" / file
        beside.write_bytes(_mail(name, self._number, files))
        os.chown(beside, *self._owner)
        beside.rename(folder / "new" / file)

    def hear(self, at: float, line: str) -> None:
        """A line of the upstream Dovecot's log."""
        if found := EXPUNGED.search(line):
            self.expunged.setdefault(found[3], at)
            self._uids[found[1], found[2]] = found[3]

    def expunged_name(self, user: str, uid: str) -> str:
        """The message id of what was expunged under that UID; "" for what was not."""
        return self._uids.get((user, uid), "")

    def make_maildirs(self, companies: Sequence[Company]) -> None:
        """Empty mailboxes of the companies that have that face."""
        for company in companies:
            if company.face == "imap":
                for part in ("", "cur", "new", "tmp"):
                    (self._maildirs / company.cvr / part).mkdir(mode=0o700)
                    os.chown(self._maildirs / company.cvr / part, *self._owner)

    def lying(self) -> Iterator[str]:
        """The message ids that still lie in an IMAP mailbox."""
        for file in self._maildirs.glob("*/[cn]*/*"):
            with suppress(FileNotFoundError):
                yield _message_id(file.read_bytes())

    def rest(self) -> list[dict[str, Any]]:
        """The simulator's account of its letters."""
        items: list[dict[str, Any]] = self._client.get("letters").raise_for_status().json()["items"]
        return items


def _mail(name: str, number: int, files: Sequence[bytes]) -> bytes:
    lines = [
        "From: Skattestyrelsen <post@myndighed.example>", "To: <post@firma.example>", f"Subject: Afgoerelse {number}",
        "Date: Sun, 01 Nov 2026 09:00:00 +0100", f"Message-ID: <{name}>", "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="b{number}"', "", f"--b{number}",
        "Content-Type: text/plain; charset=us-ascii", "", ".et brev", "..med prikker", ".", "",
    ]  # fmt: skip
    for place, file in enumerate(files):
        lines += [
            f"--b{number}", "Content-Type: application/pdf", "Content-Transfer-Encoding: base64",
            f'Content-Disposition: attachment; filename="bilag{place}.pdf"', "",
            *base64.encodebytes(file).decode().splitlines(), "",
        ]  # fmt: skip
    return "\r\n".join([*lines, f"--b{number}--", ""]).encode()


def _message_id(mail: bytes) -> str:
    found = re.search(rb"(?m)^Message-ID: <([^>]*)>", mail)
    return found[1].decode() if found else ""


class Feeder:
    """Posts in a thread of its own, so that letters come while the daemon is killed."""

    def __init__(self, put: Callable[[], None]) -> None:
        self._put = put
        self._orders = threading.Semaphore(0)
        self._waiting = 0
        self._lock = threading.Lock()
        self._stop = False
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="feeder", daemon=True)
        self._thread.start()

    def more(self, number: int) -> None:
        """So many letters more, as quickly as they can be posted."""
        with self._lock:
            self._waiting += number
        self._orders.release(number)

    @property
    def waiting(self) -> int:
        """How many are not posted yet. Raises what the posting raised."""
        if self.error is not None:
            raise self.error
        return self._waiting

    def stop(self) -> None:
        self._stop = True
        self._orders.release()
        self._thread.join(30)

    def _run(self) -> None:
        while True:
            self._orders.acquire()
            if self._stop:
                return
            try:
                self._put()
            except Exception as error:
                self.error = error
                return
            with self._lock:
                self._waiting -= 1
