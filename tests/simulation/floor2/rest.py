"""Digital Post's REST face by DIGITAL-POST 2.1 to 2.3, over HTTP/1.1 with client certificates. Knows nothing of us."""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar
from urllib.parse import parse_qs, unquote

from tests.simulation.floor2.certificates import papers
from tests.simulation.floor2.far import FarEnd
from tests.simulation.floor2.letters import Post, rest_id
from tests.simulation.floor2.net import Line
from tests.simulation.floor2.plan import Plan
from tests.simulation.floor2.rest_odd import Answer, odd_answer, odd_page
from tests.simulation.floor2.smtp_talk import FALSE_PAPERS, LATE, spoil


@dataclass
class RestHost:
    """All companies' letters. `policy`: what takes a letter off the list (receipt, delete, or already the fetch)."""

    host: str
    policy: str
    page_size: int
    plan: Plan
    random: Random
    asked: Callable[[Post, str], None]  # the oracle hears of every receipt and deletion before it takes effect
    boxes: dict[str, list[Post]] = field(default_factory=dict)  # by system:token
    hidden: set[int] = field(default_factory=set)  # off the list, but still to be fetched
    receipted: set[int] = field(default_factory=set)


def accept(host: RestHost, line: Line) -> FarEnd:
    """The server's end of a new connection."""
    far = FarEnd(line)
    wrong = host.plan.strike("http T")
    if wrong in ("fin", "reset", "hole", "rubbish"):
        line.net.loop.call_later(0.01, spoil, far, wrong)
    far.start(RestSession(host, far, line), papers().context(host.host, wrong if wrong in FALSE_PAPERS else ""))
    return far


class RestSession:
    """One connection with its requests."""

    outlives: ClassVar = True  # a kill

    def __init__(self, host: RestHost, far: FarEnd, line: Line) -> None:
        self.host, self.far, self.line = host, far, line
        self._buffer = b""
        self._busy = self._mute = False

    def begin(self) -> None:
        pass

    def over(self) -> None:
        pass

    def received(self, data: bytes) -> None:
        self._buffer += data
        self._go_on()

    def _go_on(self) -> None:
        while not (self._busy or self._mute or self.far.closed):
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            headers = {
                name.lower(): value for name, _, value in (x.partition(": ") for x in head.decode().split("\r\n")[1:])
            }
            length = int(headers.get("content-length", "0"))
            if len(rest) < length:
                return
            self._buffer = rest[length:]
            method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
            self._call(method, target, headers, rest[:length])

    def _call(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        login = base64.b64decode(headers.get("authorization", "Basic ").removeprefix("Basic ")).decode()
        box = self.host.boxes.get(login)
        if box is None:
            self._say(Answer(401))
            return
        path, _, query = target.partition("?")
        names = [unquote(part) for part in path.removeprefix("/apis/v1/").split("/")]
        if names == ["memos", ""] and method == "GET":
            self._list(box, {name: int(values[0]) for name, values in parse_qs(query).items()})
            return
        there = [post for post in box if rest_id(post.number) == names[1].lower() and not post.taken]
        match method:
            case "GET":
                self._fetch(there, box)
            case "POST":
                self._receipt(there, json.loads(body))
            case _:
                self._delete(there)

    # --- what is asked ---

    def _list(self, box: list[Post], query: dict[str, int]) -> None:
        fault = self.host.plan.strike("http P")
        listed = [post for post in box if not post.taken and post.number not in self.host.hidden]
        now = self.line.net.loop.time()
        ids = [rest_id(post.number) for post in listed if post.since <= now]
        for post in listed:
            post.listed = post.listed or post.since <= now
        size = min(query["size"], self.host.page_size)
        page = odd_page(fault, ids, query["page"], size, self.host.random)
        if page is not None:
            self._say(page)
        else:
            content = ids[query["page"] * size : (query["page"] + 1) * size]
            pages = -(-len(ids) // size)
            answer = {"content": content, "number": query["page"], "size": size, "totalElements": len(ids),
                      "totalPages": pages}  # fmt: skip
            self._answer(fault, Answer(200, json.dumps(answer).encode()))

    def _fetch(self, there: list[Post], box: list[Post]) -> None:
        if not there:
            self._say(Answer(404))
            return
        (post,) = there
        fault = self.host.plan.strike("http F")
        if fault == "vanishes":
            post.taken = "others"
            self._say(Answer(404))
            return
        if self.host.policy == "hides" and post.number not in self.host.hidden:
            self.host.hidden.add(post.number)
        raw = post.raw
        if fault == "truncated":
            raw = raw[: len(raw) * 2 // 3]
        if fault == "other":
            raw = re.sub(rb"LETTER-", b"OTHERS-", box[0].raw if box[0] is not post else raw)
        self._answer(fault, Answer(200, raw, "application/xml"))

    def _receipt(self, there: list[Post], receipt: dict[str, str]) -> None:
        if not there:
            self._say(Answer(404))
            return
        (post,) = there
        self.host.asked(post, "receipt")
        post.transmissions.add(receipt["transmissionId"])
        if post.number in self.host.receipted:
            self._say(Answer(409, b'{"code": "SETTLED", "message": "already settled"}'))
            return
        fault = self.host.plan.strike("http K")
        if fault in (None, "late", "drip", "then_fin", "done_unsaid", "204", "short", "reset_mid") or (
            fault in ("fin", "cut", "reset", "silence", "hole", "half", "garbage") and self.host.random.random() < 0.5
        ):
            self.host.receipted.add(post.number)
            if self.host.policy != "delete":
                post.taken = "us"
        self._answer(fault, Answer(200))

    def _delete(self, there: list[Post]) -> None:
        if not there:
            self._say(Answer(404))
            return
        (post,) = there
        self.host.asked(post, "deletion")
        fault = self.host.plan.strike("http X")
        if fault in (None, "late", "done_unsaid"):
            post.taken = "us"
        self._answer(fault, Answer(204))

    # --- how it is said ---

    def _answer(self, fault: str | None, good: Answer) -> None:
        whole = good.encode(chunked=self.host.random.random() < 0.3)
        match fault:
            case None:
                self.far.send(whole)
            case "fin" | "cut":
                self.far.close(farewell=fault == "fin")
            case "reset" | "done_unsaid":
                self.far.reset()
            case "silence":
                self._mute = True
            case "hole":
                self.far.silence()
            case "half":
                self._mute = True
                self.far.send(whole[:9])
            case "late":
                self._busy = True
                self.line.net.loop.call_later(self.host.random.choice(LATE), self._spoken, whole)
            case "drip":
                self._busy = True
                self.far.drip(whole[:100], 2.0)
                self.line.net.loop.call_later(201.0, self._spoken, whole[100:])
            case "then_fin":
                self.far.send(whole)
                self.far.close()
            case "short":
                self.far.send(whole[:-3])
                self.far.close()
            case "reset_mid":
                self.far.send(whole[: len(whole) // 2])
                self.far.reset()
            case _:
                said, closes = odd_answer(fault, good, self.host.random)
                self.far.send(said)
                if closes:
                    self.far.close()

    def _spoken(self, data: bytes) -> None:
        self._busy = False
        self.far.send(data)
        self._go_on()

    def _say(self, answer: Answer) -> None:
        self.far.send(answer.encode(chunked=False))
