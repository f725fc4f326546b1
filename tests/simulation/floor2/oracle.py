"""Watches both ends and the ledger: every promise of floor 2, checked when something happens and when all is over."""

import email
import email.policy
import re
import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.simulation.floor2.letters import Post
from tests.simulation.floor2.plan import Plan
from tests.simulation.loop import VirtualLoop
from tests.simulation.outcome import Kind

_TOKEN = re.compile(r"LETTER-\d{4}-OF-\d{8}")


@dataclass(frozen=True)
class Mail:
    """A mail that a server kept."""

    server: str
    recipient: str
    data: bytes
    whole: bool


@dataclass
class Oracle:
    """Knows what is true; the program never sees it."""

    plan: Plan
    loop: VirtualLoop
    ledger: Path
    posts: dict[str, Post] = field(default_factory=dict)
    breaches: list[tuple[Kind, str]] = field(default_factory=list)
    mails: dict[str, list[Mail]] = field(default_factory=lambda: defaultdict(list))
    dots: Counter[str] = field(default_factory=Counter)
    trace: list[str] = field(default_factory=list)
    _digest: Any = field(default_factory=sha256)
    _reader: sqlite3.Connection | None = None

    # --- what happens ---

    def note(self, words: str) -> None:
        """One line of the trace."""
        line = f"{self.loop.time():.3f} {words}"
        self._digest.update(line.encode() + b"\n")
        self.trace.append(line)

    @property
    def trace_hash(self) -> str:
        return str(self._digest.hexdigest())

    def breach(self, kind: Kind, words: str) -> None:
        self.note(f"BREACH {kind}: {words}")
        self.breaches.append((kind, f"{self.loop.time():.1f} s: {words}"))

    def dotted(self, letter: bytes) -> None:
        """A server has the end of a letter; whether it keeps it is another matter."""
        token = token_of(letter)
        self.note(f"dot of {token}")
        self.dots[token] += 1
        post = self.posts.get(token)
        begun = self.ask(
            "select count(*) from attempts where dot_begun_at is not null and letter_id in "
            "(select id from letters where sha256 = ?)", digest(post),
        )[0][0] if post else 0  # fmt: skip
        if self.dots[token] > begun:
            self.breach("order", f"dot number {self.dots[token]} of {token}, and {begun} committed dot_begun")

    def kept(self, server: str, recipient: str, letter: bytes) -> None:
        """A server answers for a letter from now on."""
        token = token_of(letter)
        self.note(f"{server} keeps {token} for {recipient} {sha256(letter).hexdigest()[:8]}")
        post = self.posts.get(token)
        if post is None:
            self.breach("other", f"a mail of no letter: {letter[:200]!r}")
            return
        if (recipient, server) != (post.address, post.server):
            self.breach("misdelivered", f"{token} went to {recipient} at {server}, not {post.address} at {post.server}")
        whole = essence_in(letter, post)
        if not whole:
            self.breach("other", f"the mail of {token} does not hold the whole letter")
        self.mails[token].append(Mail(server, recipient, letter, whole))

    def asked(self, post: Post, what: str) -> None:
        """Upstream hears a receipt, mark, removal or deletion, and has not acted on it yet."""
        self.note(f"{what} of {post.token}")
        rows = self.ask("select state, confirmation from letters where sha256 = ?", digest(post))
        if not any(state in ("FORWARDED", "ACKNOWLEDGED") and confirmation for state, confirmation in rows):
            self.breach("premature", f"{what} of {post.token}, whose row says {rows}")
        elif not any(mail.whole for mail in self.mails[post.token]):
            self.breach("premature", f"{what} of {post.token}, which no server has")

    # --- when all is over ---

    def settled(self) -> bool:
        """Whether every letter that came is where it should be in the end."""
        return not self.open_posts()

    def open_posts(self) -> list[Post]:
        done = {row[0] for row in self.ask("select sha256 from letters where state = 'ACKNOWLEDGED'")}
        return [post for post in self.posts.values() if post.since > self.loop.time() or self._open(post, done)]

    def _open(self, post: Post, done: set[str]) -> bool:
        return not (post.gave_up or post.taken == "others" or digest(post) in done)

    def close(self) -> None:
        """The last look."""
        for row in self.ask("select at, letter_id, event, from_state, to_state from events order by id"):
            self._digest.update(repr(row).encode())  # the ledger's own history, by which two runs are compared too
        for post in self.posts.values():
            self._check(post)
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _check(self, post: Post) -> None:
        rows = self.ask("select id, state, confirmation from letters where sha256 = ?", digest(post))
        mails = self.mails[post.token]
        there = any(mail.whole for mail in mails)
        if post.taken == "us" and not there:
            self.breach("lost", f"{post.token} was removed and no server has it")
        if any(state in ("FORWARDED", "ACKNOWLEDGED") for _, state, _ in rows) and not there:
            self.breach("lost", f"{post.token} is {rows[0][1]} and no server has it")
        uncertain = self.uncertain_of(post)
        if len(mails) > 1 + uncertain:
            self.breach("copies", f"{len(mails)} copies of {post.token}, {uncertain} uncertain ends")
        if len({mail.data for mail in mails}) > 1:
            self.breach("copies", f"the copies of {post.token} differ")
        if len(post.transmissions) > 1:
            self.breach("other", f"{post.token} has receipts with {len(post.transmissions)} numbers")

    def uncertain_of(self, post: Post) -> int:
        """Ends of this letter's attempts that nobody knows."""
        return int(self.ask(
            "select count(*) from attempts where outcome = 'uncertain' and letter_id in "
            "(select id from letters where sha256 = ?)", digest(post),
        )[0][0])  # fmt: skip

    @property
    def copies(self) -> int:
        return sum(max(0, len(mails) - 1) for mails in self.mails.values())

    def ask(self, question: str, *values: str) -> list[Any]:
        """Rows of the ledger, as they are committed now."""
        if self._reader is None:
            self._reader = sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True, isolation_level=None)
        return self._reader.execute(question, values).fetchall()


def digest(post: Post) -> str:
    return sha256(post.raw).hexdigest()


def token_of(letter: bytes) -> str:
    """The letter's token, wherever in the mail it stands."""
    if found := _TOKEN.search(letter.decode("latin-1")):
        return found[0]
    for part in email.message_from_bytes(letter, policy=email.policy.compat32).walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and (found := _TOKEN.search(payload.decode("latin-1"))):
            return found[0]
    return "nothing"


def essence_in(letter: bytes, post: Post) -> bool:
    """Whether the authority's document, or the letter's body, is in the mail to the last byte."""
    for part in email.message_from_bytes(letter, policy=email.policy.compat32).walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes) and post.essence in payload:
            return True
    return post.essence in letter
