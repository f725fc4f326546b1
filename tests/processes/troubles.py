"""What goes wrong during the torture, each with a beginning and an end; chosen and numbered by the seed."""

import random
import signal
from collections.abc import Callable
from dataclasses import dataclass

from tests.processes.daemon import nemboks
from tests.processes.ledger import Ledger
from tests.processes.post import Company
from tests.processes.proxy import Fault, Kind
from tests.processes.say import CODES, GREYLIST
from tests.processes.servers import Dovecot, freeze
from tests.processes.town import SERVERS, Town

LINKS = (*SERVERS, "rest", "imap")
FROZEN_SECONDS = (0.2, 3.0)


@dataclass(frozen=True)
class Trouble:
    """Its name in the count, and how it begins and ends. `slow`: either takes long, so neither keeps a kill waiting."""

    name: str
    begin: Callable[[], object]
    end: Callable[[], object]
    slow: bool = False


def any_trouble(town: Town, chance: random.Random) -> Trouble:
    """One of them, with its particulars."""
    kinds = ((link, 10), (answer, 6), (service, 4), (server, 4), (frozen, 3), (quota, 1), (desk, 3))
    (make,) = chance.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])
    return make(town, chance)


def link(town: Town, chance: random.Random) -> Trouble:
    """A link is slow, cut, in a hole, half open or drips."""
    name = chance.choice(LINKS)
    kind = chance.choice([x for x in Kind if x is not Kind.OPEN])
    number = {
        Kind.SLOW: chance.uniform(0.02, 0.4), Kind.CUT: 10 ** chance.uniform(2, 5), Kind.DRIP: chance.randint(1, 400),
        Kind.RESET: 10 ** chance.uniform(2, 5),
    }.get(kind, 0.0)  # fmt: skip
    one = town.proxy.links[name]
    face = name if name in ("rest", "imap") else "mail"
    return Trouble(f"{kind}:{face}", lambda: one.be(Fault(kind, number)), lambda: one.be(Fault()))


def answer(town: Town, chance: random.Random) -> Trouble:
    """Postfix' access map has another answer, or the greylist, at RCPT or at the dot."""
    name = chance.choice((*CODES, GREYLIST))
    stage = "RCPT" if name == GREYLIST else chance.choice(("RCPT", "END-OF-MESSAGE"))
    told = f"{name}:{'dot' if stage != 'RCPT' else 'rcpt'}"
    return Trouble(told, lambda: town.say.swap(name, stage), town.say.heal)


def service(town: Town, chance: random.Random) -> Trouble:
    """A server shows a certificate of another name, or takes nothing that is larger than 500 octets."""
    kind, name = chance.choice(("wrong", "small")), chance.choice(SERVERS)
    one = town.proxy.links[name]
    told = {"wrong": "certificate", "small": "message_size_limit"}[kind]
    return Trouble(told, lambda: one.lead(town.service(name, kind)), lambda: one.lead(town.service(name)))


def quota(town: Town, chance: random.Random) -> Trouble:
    """Every mailbox is full."""

    def full(rule: str) -> None:
        town.boxes.quota = rule
        town.boxes.reload()

    return Trouble("quota", lambda: full("*:bytes=1"), lambda: full(""), slow=True)


def server(town: Town, chance: random.Random) -> Trouble:
    """A server is stopped, or killed at once."""
    name = chance.choice(("postfix", "boxes", "upstream"))
    number = chance.choice((signal.SIGTERM, signal.SIGKILL))
    one = _server(town, name)
    return Trouble(f"{number.name}:{name}", lambda: one.stop(number), one.start, slow=True)


def frozen(town: Town, chance: random.Random) -> Trouble:
    """A server with all its processes stands still, and goes on."""
    name = chance.choice(("postfix", "boxes", "upstream"))
    one = _server(town, name)
    return Trouble(f"SIGSTOP:{name}", lambda: freeze(one.pid, signal.SIGSTOP), lambda: freeze(one.pid, signal.SIGCONT))


def _server(town: Town, name: str) -> Dovecot:
    # Mta has the same three methods and `pid`.
    return {"postfix": town.mta, "boxes": town.boxes, "upstream": town.upstream}[name]  # type: ignore[return-value]


def desk(town: Town, chance: random.Random) -> Trouble:
    """Somebody at the command line: pauses and resumes, adds and removes a rule, holds and releases a letter."""
    company = chance.choice(town.companies)
    act = chance.choice(("pause", "rule", "hold"))
    begin, end = {"pause": _pause, "rule": _rule, "hold": _hold}[act](town, company)
    return Trouble(f"desk:{act}", begin, end, slow=True)


Acts = tuple[Callable[[], object], Callable[[], object]]


def _pause(town: Town, company: Company) -> Acts:
    return (
        lambda: nemboks(town.config, "cvr", "pause", company.cvr),
        lambda: nemboks(town.config, "cvr", "resume", company.cvr),
    )


def _rule(town: Town, company: Company) -> Acts:
    words = ("class", "ordinary", company.second, "--server", company.server, "--sure")
    return (
        lambda: nemboks(town.config, "route", "rule", "add", company.cvr, *words),
        lambda: nemboks(town.config, "route", "rule", "remove", company.cvr, "1"),
    )


def _hold(town: Town, company: Company) -> Acts:
    held: list[int] = []

    def hold() -> None:
        rows = Ledger(town.state / "nemboks.db").entries()
        ready = [one.id for one in rows if one.cvr == company.cvr and one.state in ("WAITING", "FOUND")]
        held.extend(ready[:1])
        for number in held:
            nemboks(town.config, "letter", "hold", str(number), "--reason", "torture")

    def release() -> None:
        for number in held:
            nemboks(town.config, "letter", "release", str(number))

    return hold, release
