"""One schedule's world outside the program: companies, mail servers, Digital Post's two faces, and what goes wrong.

It outlives every kill; the program (life.py) does not.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

from nemboks.delivery.access import ServerAccess
from nemboks.domain.mailbox import Address, Cvr, Face
from nemboks.intake.imap import ImapAccess
from nemboks.intake.rest_calls import RestAccess
from nemboks.store.mailboxes import Declared
from tests.simulation.clock import START
from tests.simulation.floor2 import imap, rest, smtp
from tests.simulation.floor2.certificates import papers
from tests.simulation.floor2.imap import ImapHost
from tests.simulation.floor2.imap_box import Box
from tests.simulation.floor2.letters import Post, mail_post, memo_post
from tests.simulation.floor2.near import NetLoop
from tests.simulation.floor2.net import Net
from tests.simulation.floor2.oracle import Oracle
from tests.simulation.floor2.plan import make_plan
from tests.simulation.floor2.rest import RestHost
from tests.simulation.floor2.smtp_talk import MailHost

CVRS = (Cvr("13748136"), Cvr("29189846"), Cvr("17150413"))
MAIL_SERVERS = ("mx-1", "mx-2")
LOGIN = ("nemboks", "hemmelig")
DAY = 86_400.0


@dataclass(frozen=True)
class Company:
    """A mailbox that is served."""

    cvr: Cvr
    face: Face
    server: str
    address: Address

    def declared(self) -> Declared:
        first, second = ("system_id", "api_token") if self.face is Face.REST else ("user", "password")
        login = {first: f"user-{self.cvr}", second: f"word-{self.cvr}"}
        return Declared(self.cvr, f"Selskab {self.cvr}", self.face, self.address, self.server, login)


@dataclass
class Kill:
    """Where the program dies: at the n-th step of the loop, commit (before or after it) or write of a life."""

    name: str
    what: str
    at: int


@dataclass
class Town:
    """Made whole by `build`."""

    seed: int
    folder: Path
    random: Random
    net: Net
    loop: NetLoop
    oracle: Oracle
    companies: list[Company]
    posts: list[Post] = field(default_factory=list)
    kills: list[Kill] = field(default_factory=list)
    accesses: dict[str, ServerAccess] = field(default_factory=dict)
    boxes: list[Box] = field(default_factory=list)
    lives: int = 0
    heal_at: float = 0.0
    dying: bool = False
    rest: RestHost = field(init=False)
    imap: ImapHost = field(init=False)

    healed_at: float = 0.0
    _steps: int = 0  # of the loop, when this life began

    @property
    def healed(self) -> bool:
        return bool(self.healed_at)

    def may_heal(self) -> bool:
        """Whether the faults have had their time, or are all done; late letters have come by then."""
        over = self.oracle.plan.quiet() and not self.kills
        return self.loop.time() >= self.heal_at or (over and self.loop.time() >= 2_600.0)

    def heal(self) -> None:
        self.healed_at = self.loop.time()
        self.kills.clear()
        self.oracle.plan.heal()
        for box in self.boxes:
            box.heal()
        self.oracle.note("healed")

    def next_event(self) -> float:
        """When the town wants to be looked at again."""
        return self.loop.time() + DAY if self.healed else max(self.heal_at, self.loop.time() + 1.0)

    def dies(self, what: str, count: int) -> bool:
        """Whether the program dies at this call; then the loop ends before its next step."""
        if self.kills and (self.kills[0].what, self.kills[0].at) == (what, count):
            self.dying = True
            self.loop.call_soon(int)  # a step to die before, should nothing else be ready
        return self.dying

    def doomed(self, steps: int) -> bool:
        return self.dies("step", steps - self._steps) or self.dying

    def begin_life(self) -> None:
        self.lives += 1
        self.dying = False
        self._steps = self.loop.steps
        self.oracle.note(f"life {self.lives}")

    def gone(self) -> None:
        """The schedule is over; what is still heard of the program counts no more."""
        self.dying = True

    def bury_life(self) -> None:
        """After a kill: which, and where the letters stood."""
        kill = self.kills.pop(0)
        rows = self.oracle.ask("select state, dot_begun_at, receipt_begun_at, contents_file from letters")
        places = sorted({_place(*row) for row in rows}) or ["nothing"]
        for place in places:
            self.oracle.plan.cells[f"kill {kill.what} × {place}"] += 1
        self.oracle.plan.fired.append(kill.name)
        self.oracle.note(f"killed, {kill.name}, {places}")
        self.loop.kill()

    @property
    def rest_access(self) -> RestAccess:
        own = papers()
        return RestAccess(
            "https://rest.example/apis/v1", own.ca_file, own.client_cert, own.client_key, self.rest.policy == "delete"
        )

    @property
    def imap_access(self) -> ImapAccess:
        return ImapAccess("imap.example", 993, papers().ca_file)


def build(seed: int, folder: Path, only: Collection[str] | None) -> Town:
    """The town of a seed; every choice is made here, or by a part with a chance of its own."""
    random = Random(f"town {seed}")
    net = Net(seed)
    loop = NetLoop(seed, net)
    faces = random.choice(((Face.REST,), (Face.IMAP,), (Face.REST, Face.IMAP), (Face.REST, Face.IMAP, Face.REST)))
    parties = {"smtp", *("http" if face is Face.REST else "imap" for face in faces)}
    plan = make_plan(seed, parties, only)
    oracle = Oracle(plan, loop, folder / "nemboks.db")
    companies = [
        Company(cvr, face, random.choice(MAIL_SERVERS), Address(f"post-{n}@selskab-{n}.example"))
        for n, (cvr, face) in enumerate(zip(CVRS, faces, strict=False), 1)
    ]
    town = Town(seed, folder, random, net, loop, oracle, companies)
    town.heal_at = random.choice((2_000.0, 5_000.0, 12_000.0))
    net.trouble, loop.doomed = partial(_trouble, town), town.doomed
    _mail_servers(town)
    _upstream(town)
    _letters(town)
    _kills(town, only)
    return town


def _trouble(town: Town, step: str, host: str, port: int) -> str | None:
    party = {443: "http", 993: "imap"}.get(port, "smtp")
    others = ("refused", "unreachable", "hole") if step == "dns" else ("dns_fails", "dns_silent")
    return town.oracle.plan.strike(f"{party} D", *others)


def _mail_servers(town: Town) -> None:
    for number, name in enumerate(MAIL_SERVERS, 1):
        random = town.random
        words = ("PIPELINING", "CHUNKING", "SIZE", "8BITMIME", "AUTH_LOGIN", "ENHANCEDSTATUSCODES")
        offers = frozenset(word for word in words if random.random() < 0.6)
        implicit, login = random.random() < 0.5, LOGIN if random.random() < 0.5 else None
        host = MailHost(
            name, f"{name}.example", implicit, offers, login, town.oracle.plan, Random(f"{name} {town.seed}"),
            town.oracle.breach, town.oracle.kept, town.oracle.dotted,
        )  # fmt: skip
        port = 465 if implicit else 587
        town.net.listen(host.host, f"20.1.1.{number}", port, partial(smtp.accept, host))
        user, word = login or (None, None)
        town.accesses[name] = ServerAccess(host.host, port, implicit, papers().ca_file, user, word)


def _upstream(town: Town) -> None:
    policy = town.random.choice(("receipt", "receipt", "delete", "hides"))
    plan, oracle = town.oracle.plan, town.oracle
    town.rest = RestHost(
        "rest.example", policy, town.random.choice((1, 2, 1000)), plan, Random(f"rest {town.seed}"), oracle.asked
    )
    town.net.listen("rest.example", "20.1.1.8", 443, partial(rest.accept, town.rest))
    town.imap = ImapHost("imap.example", plan, Random(f"imap {town.seed}"), oracle.breach, oracle.asked)
    town.net.listen("imap.example", "20.1.1.9", 993, partial(imap.accept, town.imap))


def _letters(town: Town) -> None:
    by_box: dict[Cvr, list[Post]] = {company.cvr: [] for company in town.companies}
    for number in range(1, town.random.choice((1, 2, 3, 4, 6)) + 1):
        box = town.random.randrange(len(town.companies))
        since = town.random.choice((0.0, 0.0, 0.0, 700.0, 2_500.0))
        post = _post(town, number, box, since)
        by_box[town.companies[box].cvr].append(post)
    for number, company in enumerate(town.companies):
        login = f"user-{company.cvr}:word-{company.cvr}"
        if company.face is Face.REST:
            town.rest.boxes[login] = by_box[company.cvr]
            continue
        box = Box(list(by_box[company.cvr]), partial(_another, town, number))
        town.imap.boxes[login] = box
        town.boxes.append(box)
        for since in sorted({post.since for post in by_box[company.cvr] if post.since}):
            town.loop.call_at(since, box.arrival, since)


def _post(town: Town, number: int, box: int, since: float) -> Post:
    company = town.companies[box]
    make = memo_post if company.face is Face.REST else mail_post
    post = make(number, box, company.cvr, town.random, START + timedelta(seconds=since))
    post.since, post.address, post.server = since, company.address, company.server
    town.posts.append(post)
    town.oracle.posts[post.token] = post
    return post


def _another(town: Town, box: int) -> Post:
    return _post(town, len(town.posts) + 1, box, town.loop.time())


def _kills(town: Town, only: Collection[str] | None) -> None:
    random = Random(f"kills {town.seed}")
    for number in range(random.choice((0, 0, 1, 1, 2, 3))):
        what = random.choice(("step", "commit", "committed", "write"))
        at = int(10 ** random.uniform(1, 3.5)) if what == "step" else random.randint(1, 30)
        name = f"k{number}: {what} {at}"
        if only is None or name in only:
            town.kills.append(Kill(name, what, at))


def _place(state: str, dot: str | None, receipt: str | None, contents: str | None) -> str:
    """Where a letter is on its way, as the ledger has it."""
    marks = {
        "SENDING": (dot, "with a dot"),
        "FORWARDED": (receipt, "with a receipt out"),
        "FOUND": (contents, "sealing"),
    }
    mark, words = marks.get(state, (None, ""))
    return f"{state} {words}" if mark else state
