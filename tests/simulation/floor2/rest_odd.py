"""The answers of the REST face that should not be: pages, statuses, lengths."""

import gzip
import json
from dataclasses import dataclass, field
from random import Random


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    def encode(self, chunked: bool, length: int | None = None) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Words", f"Content-Type: {self.kind}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if chunked and self.status == 200:
            middle = len(self.body) // 2
            parts = [part for part in (self.body[:middle], self.body[middle:]) if part]
            body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
            lines.append("Transfer-Encoding: chunked")
        else:
            body = self.body
            if self.status != 204:
                lines.append(f"Content-Length: {len(body) if length is None else length}")
        return "\r\n".join([*lines, "", ""]).encode() + body


FAULT = b'{"code": "ODD", "message": "invented"}'
DATES = ("Sat, 21 Nov 2026 10:00:00 GMT", "Sat, 21 Nov 2099 10:00:00 GMT", "yesterday", "Sat, 01 Jan 2000 00:00:00 GMT")


def odd_answer(fault: str, good: Answer, random: Random) -> tuple[bytes, bool]:
    """The bytes of an odd answer, and whether the server closes after them."""
    if fault.isdigit() and fault not in ("204", "206"):
        headers = {"Retry-After": "30"} if fault in ("429", "503") else {}
        return Answer(int(fault), random.choice((FAULT, b"", b"<html>no</html>")), headers=headers).encode(False), False
    match fault:
        case "429_odd":
            value = random.choice(("-5", "99999999999999", "soon", "1e9", ""))
            return Answer(429, FAULT, headers={"Retry-After": value}).encode(False), False
        case "429_date":
            return Answer(429, FAULT, headers={"Retry-After": random.choice(DATES)}).encode(False), False
        case "204":
            return Answer(204).encode(False), False
        case "206":
            return Answer(206, good.body[: len(good.body) // 2], good.kind).encode(False), False
        case "html":
            return Answer(200, b"<html><form>Log in</form></html>", "text/html").encode(False), False
        case "gzip":
            headers = {"Content-Encoding": "gzip"}
            return Answer(200, gzip.compress(good.body, mtime=0), good.kind, headers).encode(False), False
        case "redirect":
            where = {"Location": random.choice(("http://elsewhere.example/", "https://elsewhere.example/", "/login"))}
            return Answer(302, b"", headers=where).encode(False), False
        case "garbage":
            return b"\xff\xfe nobody speaks so\r\n\r\n", False
        case "no_length":
            return (
                f"HTTP/1.1 200 OK\r\nContent-Type: {good.kind}\r\nConnection: close\r\n\r\n".encode() + good.body,
                True,
            )
        case "bad_chunk":
            head = f"HTTP/1.1 200 OK\r\nContent-Type: {good.kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
            return head + b"%x\r\n" % (len(good.body) + 9) + good.body + b"\r\n0\r\n\r\n", True
        case _:
            return good.encode(False), False  # what is odd about it is in its body, or in what was not done


def odd_page(fault: str | None, ids: list[str], number: int, size: int, random: Random) -> Answer | None:
    """A page of the list that is odd in itself; None for one that is not."""
    page: dict[str, object] = {"content": ids, "number": number, "size": size, "totalElements": len(ids),
                               "totalPages": 1}  # fmt: skip
    match fault:
        case "json":
            return Answer(200, json.dumps(page).encode()[:-4])
        case "charset":
            return Answer(200, json.dumps(page).encode("utf-16"))
        case "twice":
            page["content"] = ids * 2
        case "endless":
            page |= {"content": ids[:1], "totalPages": 1_000_000, "totalElements": 1_000_000}
        case "missing":
            page["content"] = ids[1:]
        case "reversed":
            page["content"] = ids[::-1]
        case "number":
            page = {"content": ids, "number": "0", "totalPages": None}
        case "odd_id":
            page["content"] = [*ids, random.choice(("../../x", "a b", "", "x" * 256, 7, None))]
        case _:
            return None
    return Answer(200, json.dumps(page).encode())
