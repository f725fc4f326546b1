"""Digital Post's IMAP face by RFC 3501, 2177 and 4315, with neighbours who remove letters too. Knows nothing of us."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from tests.simulation.floor2.certificates import papers
from tests.simulation.floor2.far import FarEnd
from tests.simulation.floor2.imap_box import Box
from tests.simulation.floor2.imap_odd import odd_letter, odd_list
from tests.simulation.floor2.letters import Post
from tests.simulation.floor2.net import Line
from tests.simulation.floor2.plan import IMAP_EVENTS, Plan
from tests.simulation.floor2.smtp_talk import FALSE_PAPERS, LATE, Breach, spoil

CAPABILITIES = b"IMAP4rev1 IDLE UIDPLUS"


@dataclass
class ImapHost:
    """All companies' inboxes."""

    host: str
    plan: Plan
    random: Random
    breach: Breach
    asked: Callable[[Post, str], None]  # the oracle hears of every mark and removal before it takes effect
    boxes: dict[str, Box] = field(default_factory=dict)  # by user:password


def accept(host: ImapHost, line: Line) -> FarEnd:
    """The server's end of a new connection."""
    far = FarEnd(line)
    wrong = host.plan.strike("imap T")
    if wrong in ("fin", "reset", "hole", "rubbish"):
        line.net.loop.call_later(0.01, spoil, far, wrong)
    far.start(ImapSession(host, far, line), papers().context(host.host, wrong if wrong in FALSE_PAPERS else ""))
    return far


class ImapSession:
    """One connection."""

    outlives: ClassVar = True  # a kill

    def __init__(self, host: ImapHost, far: FarEnd, line: Line) -> None:
        self.host, self.far, self.line = host, far, line
        self._buffer = b""
        self._box: Box | None = None
        self._selected = self._mute = self._busy = False
        self._idles = b""  # the tag of an IDLE

    def begin(self) -> None:
        self._answer("G", b"", b"* OK ready\r\n")

    def over(self) -> None:
        if self._box is not None:
            self._box.sessions.discard(self)

    def tell(self, data: bytes) -> None:
        """Something that happened in the box, said between two answers."""
        if self._selected and not self._busy:
            self.far.send(data)

    def drop(self) -> None:
        """The box is not what it was."""
        self.far.send(b"* BYE the mailbox was made anew\r\n")
        self.far.close()
        self.over()

    def received(self, data: bytes) -> None:
        self._buffer += data
        self._go_on()

    def _go_on(self) -> None:
        while not (self._busy or self._mute or self.far.closed):
            line, found, rest = self._buffer.partition(b"\r\n")
            if not found:
                return
            self._buffer = rest
            if self._idles:
                tag, self._idles = self._idles, b""
                if line.upper() != b"DONE":
                    self.host.breach("order", "an IDLE was not ended by DONE")
                self.far.send(tag + b" OK idled\r\n")
            else:
                self._command(line)

    def _command(self, line: bytes) -> None:
        tag, _, said = line.partition(b" ")
        words = said.split(b" ")
        name = b" ".join(words[: 2 if words[0].upper() == b"UID" else 1]).upper().decode()
        match name:
            case "CAPABILITY":
                self.far.send(b"* CAPABILITY " + CAPABILITIES + b"\r\n" + tag + b" OK done\r\n")
            case "LOGIN":
                self._login(tag, said)
            case "SELECT":
                self._select(tag)
            case "NOOP":
                self._noop(tag)
            case "UID FETCH" if words[2] == b"1:*":
                self._list(tag)
            case "UID FETCH":
                self._fetch(tag, _uids(words[2]), said)
            case "UID STORE":
                self._store(tag, _uids(words[2]), said)
            case "UID EXPUNGE":
                self._expunge(tag, _uids(words[2]))
            case "IDLE":
                self._idles = tag
                self._answer("W", tag, b"+ idling\r\n")
            case "LOGOUT":
                self.far.send(b"* BYE leaving\r\n" + tag + b" OK bye\r\n")
                self.far.close()
            case _:
                self.host.breach("order", f"the IMAP command {name}, which may hit other letters")
                self._careless(tag, name, words)

    def _careless(self, tag: bytes, name: str, words: list[bytes]) -> None:
        """What such a command does to a mailbox that others use too."""
        if self._box is not None and name == "EXPUNGE":
            for uid in sorted(self._box.deleted):
                self._remove(uid)
        self.far.send(tag + b" OK done\r\n")

    # --- what is asked ---

    def _login(self, tag: bytes, said: bytes) -> None:
        found = re.fullmatch(rb'LOGIN "([^"]*)" "([^"]*)"', said)
        box = self.host.boxes.get(b":".join(found.groups()).decode()) if found else None
        if box is None:
            self.host.breach("other", "a wrong log-in")
        self._box = box
        self._answer("U", tag, tag + b" OK in\r\n")

    def _select(self, tag: bytes) -> None:
        box = self._at_home()
        fault = self._happens("S")
        if self.far.closed:
            return
        count = b"* %d EXISTS\r\n" % len(box.uids)
        validity = b"" if fault == "no_validity" else b"* OK [UIDVALIDITY %d] valid\r\n" % box.validity
        mode = b"READ-ONLY" if fault == "read_only" else b"READ-WRITE"
        self._selected = True
        box.sessions.add(self)
        self._say(fault, tag, count + validity + tag + b" OK [" + mode + b"] selected\r\n")

    def _noop(self, tag: bytes) -> None:
        box = self._at_home()
        if not self._selected:
            self.host.breach("order", "a NOOP that can tell no news: nothing is selected")
        fault = self._happens("S")
        if not self.far.closed:
            self._say(fault, tag, b"* %d EXISTS\r\n" % len(box.uids) + tag + b" OK nothing more\r\n")

    def _list(self, tag: bytes) -> None:
        box = self._at_home()
        fault = self._happens("P")
        if self.far.closed:
            return
        lines = box.lines()
        for post in box.uids.values():
            post.listed = True
        self._say(fault, tag, odd_list(fault, lines) + tag + b" OK listed\r\n")

    def _fetch(self, tag: bytes, uids: list[int], said: bytes) -> None:
        box = self._at_home()
        step = "I" if b"HEADER" in said else "F" if b"BODY" in said else "V"
        if b"BODY" in said and b"BODY.PEEK" not in said:
            self.host.breach("order", "a fetch that marks the letter as seen")
        uid = self.host.random.choice(uids) if len(uids) > 1 else uids[0]  # the one that a fault is about
        fault = self._happens(step, uid)
        if self.far.closed:
            return
        if fault == "vanishes" and uid in box.uids:
            box.others_take(uid)
        if fault == "swapped" and uid in box.uids:
            box.swap(uid)
        here = [(one, box.uids[one]) for one in uids if one in box.uids]
        answer = b"".join(odd_letter(fault if one == uid else None, box, one, post, step) for one, post in here)
        self._say(fault, tag, answer + tag + b" OK fetched\r\n")

    def _store(self, tag: bytes, uids: list[int], said: bytes) -> None:
        if not re.fullmatch(rb"UID STORE [\d,]+ \+FLAGS(\.SILENT)? \(\\Deleted\)", said, re.I):
            self.host.breach("order", "a flag other than \\Deleted was set")
        box = self._at_home()
        here = [uid for uid in uids if uid in box.uids]
        for uid in here:
            self.host.asked(box.uids[uid], "mark")
        fault = self._happens("K", uids[0])
        if self.far.closed:
            return
        if fault not in ("no", "bad"):
            box.deleted.update(here)
        self._say(fault, tag, tag + b" OK stored\r\n")

    def _expunge(self, tag: bytes, uids: list[int]) -> None:
        box = self._at_home()
        fault = self._happens("X", uids[0])
        if self.far.closed:
            return
        said = b""
        done = fault in (None, "late", "drip", "done_unsaid", *IMAP_EVENTS)
        for uid in uids if done else ():
            if uid in box.deleted:
                said += b"* %d EXPUNGE\r\n" % box.place(uid)
                self._remove(uid)
        self._say("reset" if fault == "done_unsaid" else fault, tag, said + tag + b" OK expunged\r\n")

    def _remove(self, uid: int) -> None:
        assert self._box is not None
        post = self._box.uids[uid]
        self.host.asked(post, "removal")
        post.taken = "us"
        self._box.drop(uid)

    def _at_home(self) -> Box:
        assert self._box is not None, "a command before the log-in"
        self._box.arrived(self.line.net.loop.time())
        return self._box

    # --- how it is said ---

    def _happens(self, step: str, uid: int = 0) -> str | None:
        """The fault of this step; what neighbours do is done, and told."""
        fault = self.host.plan.strike(f"imap {step}")
        box = self._box
        if fault is None or box is None:
            return fault
        match fault:
            case "renumbered":
                box.renumber()
            case "neighbour":
                others = [x for x in box.uids if x != uid]
                if others:
                    taken = self.host.random.choice(others)
                    self.far.send(b"* %d EXPUNGE\r\n" % box.place(taken))
                    box.others_take(taken)
            case "flags":
                unmarked = [x for x in box.uids if x != uid and x not in box.deleted]
                if unmarked:
                    marked = self.host.random.choice(unmarked)
                    box.deleted.add(marked)
                    box.by_others.add(marked)
                    self.far.send(b"* %d FETCH (FLAGS (\\Deleted) UID %d)\r\n" % (box.place(marked), marked))
            case "exists":
                self.far.send(b"* %d EXISTS\r\n" % (len(box.uids) + 3))
        return fault

    def _answer(self, step: str, tag: bytes, whole: bytes) -> None:
        fault = self._happens(step)
        if not self.far.closed:
            self._say(fault, tag, whole)

    def _say(self, fault: str | None, tag: bytes, whole: bytes) -> None:
        match fault:
            case "fin" | "cut":
                self.far.close(farewell=fault == "fin")
            case "reset":
                self.far.send(whole[: len(whole) // 2])
                self.far.reset()
            case "silence":
                self._mute = True
            case "hole":
                self.far.silence()
            case "bye":
                self.far.send(b"* BYE going down\r\n")
                self.far.close()
            case "half":
                self._mute = True
                self.far.send(whole[: len(whole) * 2 // 3])
            case "no" | "no_inuse":
                self.far.send(tag + (b" NO [INUSE] wait\r\n" if fault == "no_inuse" else b" NO no\r\n"))
            case "bad":
                self.far.send(tag + b" BAD what\r\n")
            case "garbage":
                self.far.send(b"\xff\xfe {12 nobody\r\n" + whole)
            case "late":
                self._busy = True
                self.line.net.loop.call_later(self.host.random.choice(LATE), self._spoken, whole)
            case "drip":
                self._busy = True
                self.far.drip(whole[:100], 2.0)
                self.line.net.loop.call_later(2.0 * len(whole[:100]) + 1, self._spoken, whole[100:])
            case _:
                self.far.send(whole)

    def _spoken(self, data: bytes) -> None:
        self._busy = False
        self.far.send(data)
        self._go_on()


def _uids(named: bytes) -> list[int]:
    """Of a sequence set; a range may hold letters of others."""
    return [int(uid) for uid in named.split(b",")]
