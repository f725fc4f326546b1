"""How the mail server answers: rightly, or as the plan has it; and how it takes a letter's body."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from ssl import SSLContext
from typing import ClassVar

from tests.simulation.floor2.certificates import papers
from tests.simulation.floor2.far import FarEnd
from tests.simulation.floor2.net import Line
from tests.simulation.floor2.plan import Plan

Breach = Callable[[str, str], None]
Keep = Callable[[str, str, bytes], None]
TEMPORARY = {"R": (b"450 4.2.1", b"451 4.7.1", b"452 4.2.2"), "Z": (b"451 4.3.0", b"452 4.3.1")}
PERMANENT = {
    "R": (b"550 5.1.1", b"551 5.1.6", b"552 5.2.2", b"550 5.7.1"), "Z": (b"554 5.6.0", b"552 5.3.4"),
    "M": (b"550 5.7.1", b"552 5.3.4"), "U": (b"535 5.7.8", b"534 5.7.9"),
}  # fmt: skip
LATE = (1.0, 59.0, 61.0, 299.0, 301.0, 599.0, 601.0, 900.0)
FALSE_PAPERS = ("name", "expired", "stranger", "old")


@dataclass
class MailHost:
    """One server: how it is reached, what it offers, and where its letters go."""

    name: str
    host: str
    implicit: bool
    offers: frozenset[str]
    login: tuple[str, str] | None
    plan: Plan
    random: Random
    breach: Breach
    keep: Keep
    dotted: Callable[[bytes], None]


class Talk(ABC):
    """One connection, from the answering side."""

    outlives: ClassVar = True  # a kill

    def __init__(self, host: MailHost, far: FarEnd, line: Line) -> None:
        self.host, self.far, self.line = host, far, line
        self._buffer = b""
        self._mute = self._hello = self._stripped = False
        self._logged_in = host.login is None
        self._sender: str | None = None
        self._recipient: str | None = None
        self._refused = False  # the recipient
        self._body: bytearray | None = None  # while DATA runs
        self._chunks = bytearray()
        self._chunk: tuple[int, bool] | None = None
        self._struck = False  # the body met its fault
        self._waits = ""  # for an answer that is on its way late
        # Whether commands may come before the answer to the one before: they may, too, when an answer came twice.
        self._hasty = "PIPELINING" in host.offers
        self._glued = self._bound = (
            False  # an answer lay before the dot; a promise that was on its way when it was sent
        )
        self._asked = ""  # the user name, while AUTH LOGIN runs

    def tls(self, wrong: str | None) -> SSLContext:
        """The context for the handshake; what is to go wrong with it is prepared."""
        if wrong in ("fin", "reset", "hole", "rubbish"):
            self.line.net.loop.call_later(0.01, spoil, self.far, wrong)
        return papers().context(self.host.host, wrong if wrong in FALSE_PAPERS else "")

    @abstractmethod
    def _go_on(self) -> None:
        """Whatever has come and was not looked at yet."""

    # --- answers ---

    def _answer(self, step: str, text: bytes, good: Callable[[], None] = lambda: None) -> None:
        """`good` is what the server does when it means what it says."""
        if self._buffer and step in "GEUMRA" and not self._hasty:
            self.host.breach("order", f"something was said before {step} was answered, without PIPELINING")
        # Known gap: over CHUNKING all answers are 250. One too many that overtakes the next cannot be told from it, and
        # a chunk's answer stands for the letter's. With DATA the 354 keeps them in step.
        chunking = "CHUNKING" in self.host.offers
        fault = self.host.plan.strike(f"smtp {step}", *(("twice", "early") if chunking and step in "MRB" else ()))
        reply = text + b"\r\n"
        if fault is None:
            good()
            self.far.send(reply)
        elif not (self._means_it(fault, reply, step, good) or self._refuses(fault, step)):
            if step == "Z" and self.host.random.random() < 0.5:
                good()  # it kept the letter, and nobody will ever know
            self._breaks(fault, reply)

    def _means_it(self, fault: str, reply: bytes, step: str, good: Callable[[], None]) -> bool:
        """Answers that say what happened, oddly."""
        code = reply[:3]
        odd = {
            "twice": reply * 2, "lines": code + b"-one\r\n" + code + b"-two\r\n" + reply, "bare": code + b"\r\n",
            "other_2yz": b"252 2.0.0 somehow\r\n", "then_fin": reply, "then_reset": reply,
            "then_421": reply + b"421 4.3.2 closing\r\n", "early": reply + b"250 2.0.0 queued as fake\r\n",
        }  # fmt: skip
        if fault == "late":
            good()
            self._waits = step
            self.line.net.loop.call_later(self.host.random.choice(LATE), self._spoken, reply)
        elif fault == "drip":
            good()
            self._waits = step
            self.far.drip(reply, 2.0)
            self.line.net.loop.call_later(2.0 * len(reply), self._spoken, b"")
        elif fault in odd:
            good()
            self._hasty = self._hasty or fault in ("twice", "early")
            self._glued = fault == "early"
            self.far.send(odd[fault])
            if fault in ("then_fin", "then_421"):
                self.far.close()
            elif fault == "then_reset":
                self.far.reset()
        else:
            return False
        return True

    def _spoken(self, reply: bytes) -> None:
        self._waits = ""
        self.far.send(reply)
        self._go_on()

    def _refuses(self, fault: str, step: str) -> bool:
        """Answers that say no; then nothing was done."""
        pick = self.host.random.choice
        match fault:
            case "4xx":
                self.far.send(pick(TEMPORARY.get(step, (b"451 4.3.0",))) + b" later\r\n")
            case "5xx":
                self.far.send(pick(PERMANENT.get(step, (b"554 5.3.0",))) + b" never\r\n")
            case "421" | "421_stays":
                self.far.send(b"421 4.3.2 closing\r\n")
                if fault == "421":
                    self.far.close()
            case "354_anyway":
                self.far.send(b"450 4.2.1 later\r\n")
                self._recipient, self._refused = "", True
            case _:
                return False
        if step == "B":
            self._sender = self._recipient = None
        return True

    def _breaks(self, fault: str, reply: bytes) -> None:
        """No answer at all, or nothing that is one."""
        rubbish = {
            "garbage": b"\xff what?\r\n", "mixed": b"250-one\r\n451 4.0.0 two\r\n", "half": reply[:2],
            "endless": b"250 " + b"x" * 70_000, "three": b"350 3.0.0 hm\r\n", "nul": b"250 \0 ok\r\n",
            "blank": b"\r\n" + reply,
        }  # fmt: skip
        self._mute = True
        match fault:
            case "fin" | "cut":
                self.far.close(farewell=fault == "fin")
            case "reset":
                self.far.reset()
            case "hole":
                self.far.silence()
            case "stop_reading":
                self.far.stop_reading()
            case "silence":
                pass
            case _:
                self.far.send(rubbish[fault])

    # --- the letter ---

    def _take_body(self) -> bool:
        """Whether the letter is at its end; what came is taken off the buffer."""
        assert self._body is not None
        self._body += self._buffer
        self._buffer = b""
        if not self._struck:
            self._struck = True
            if fault := self.host.plan.strike("smtp B"):
                self._interrupted(fault)
                if self._mute or self.far.closed:
                    return False
        found = re.search(rb"(\A|\r\n)\.\r\n", self._body)
        if found is None:
            return False
        letter = b"\r\n" + bytes(self._body[: found.start()]) + found[1]
        self._buffer, self._body = bytes(self._body[found.end() :]), None
        self._ended(letter.replace(b"\r\n.", b"\r\n")[2:])
        return True

    def _interrupted(self, fault: str) -> None:
        """The server speaks, or goes, while the letter comes. Only "early" reads on as if nothing were."""
        if fault == "early":
            # It may cross with the dot: nobody could then tell it from the answer, so the server has to keep its word.
            self._bound = True
            self.far.send(b"250 2.0.0 queued as early\r\n")
        elif self._refuses(fault, "B"):
            self._mute = True
            self.far.close()
        else:
            self._breaks(fault, b"250 2.0.0 half\r\n")

    def _take_chunk(self) -> bool:
        """Whether the whole chunk is here."""
        assert self._chunk is not None
        size, last = self._chunk
        if len(self._buffer) < size:
            return False
        self._chunks += self._buffer[:size]
        self._buffer, self._chunk = self._buffer[size:], None
        if self._recipient is None or self._refused:
            self.far.send(b"503 5.5.1 RCPT first\r\n")
        elif last:
            self._ended(bytes(self._chunks))
        else:
            self._answer("B", b"250 2.0.0 taken")
        return True

    def _ended(self, letter: bytes) -> None:
        """The letter has its end: who keeps it is the recipient's server."""
        host, recipient, sender = self.host, self._recipient, self._sender or ""
        if self._refused or not recipient:
            host.breach("order", "a dot after a refused recipient")
            self._answer("Z", b"250 2.0.0 kept nothing")
            return
        if self._buffer:
            host.breach("order", "something followed the dot before it was answered")
        announced = re.search(r" SIZE=(\d+)", sender)
        if announced and int(announced[1]) != len(letter):
            host.breach("other", f"SIZE={announced[1]} for {len(letter)} bytes")
        host.dotted(letter)
        if self._glued:
            host.breach("order", "a dot although an answer lay before it")
        self._sender = self._recipient = None
        self._chunks.clear()
        if self._bound:
            host.keep(host.name, recipient, letter)
            self.far.send(b"250 2.0.0 queued as promised\r\n")
        else:
            self._answer("Z", b"250 2.0.0 queued as 4711", lambda: host.keep(host.name, recipient, letter))


def spoil(far: FarEnd, wrong: str) -> None:
    """In the middle of a handshake."""
    match wrong:
        case "fin":
            far.close(farewell=False)
        case "reset":
            far.reset()
        case "hole":
            far.silence()
        case _:
            far.rubbish(b"220 what is a handshake?\r\n")


spoil.outlives = True  # type: ignore[attr-defined]
