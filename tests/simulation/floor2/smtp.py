"""A mail server by RFC 5321, 1870, 2920, 3030, 3207 and 4954: keeps a letter when it has its end, and says what it did.

Knows nothing of the program. What it sees of the client's manners goes to the oracle.
"""

import base64
import re

from tests.simulation.floor2.far import FarEnd
from tests.simulation.floor2.net import Line
from tests.simulation.floor2.plan import TLS
from tests.simulation.floor2.smtp_talk import MailHost, Talk


def accept(host: MailHost, line: Line) -> FarEnd:
    """The server's end of a new connection."""
    far = FarEnd(line)
    session = SmtpSession(host, far, line)
    wrong = host.plan.strike("smtp T", "strip", "454", "inject") if host.implicit else None
    far.start(session, session.tls(wrong) if host.implicit else None)
    return far


class SmtpSession(Talk):
    """One connection: what each command does."""

    # --- what comes in ---

    def begin(self) -> None:
        self._answer("G", b"220 " + self.host.host.encode() + b" ESMTP ready")

    def over(self) -> None:
        pass

    def received(self, data: bytes) -> None:
        if self._mute:
            return
        if self._waits == "Z":
            self.host.breach("order", "something followed the dot before it was answered")
        elif self._waits and not self._hasty:
            self.host.breach("order", f"something was said before {self._waits} was answered, without PIPELINING")
        self._buffer += data
        self._go_on()

    def _go_on(self) -> None:
        while self._buffer and not (self._mute or self.far.closed or self._waits):
            if self._body is not None:
                if not self._take_body():
                    return
            elif self._chunk is not None:
                if not self._take_chunk():
                    return
            else:
                line, found, rest = self._buffer.partition(b"\r\n")
                if not found:
                    return
                self._buffer = rest
                self._command(line)

    def _command(self, line: bytes) -> None:
        if self._asked:
            self._auth_login(line)
            return
        word = line.split(b" ")[0].upper().decode("ascii", "replace")
        if word in ("MAIL", "RCPT", "DATA", "BDAT", "AUTH") and not self.far.secure:
            self.host.breach("other", f"{word} in clear")
        handler = getattr(self, f"_{word.lower()}", None)
        if handler is None:
            self.far.send(b"500 5.5.2 what?\r\n")
        else:
            handler(line)

    def _ehlo(self, line: bytes) -> None:
        self._hello = True
        offers = sorted(self.host.offers)
        if not (self.host.implicit or self.far.secure):
            offers = [*offers, "STARTTLS"]
            if self.host.plan.strike("smtp T", "454", "inject", *TLS) == "strip":
                offers, self._stripped = sorted(self.host.offers), True
        if self.host.login and (self.far.secure or self._stripped):
            offers = [*offers, "AUTH LOGIN" if "AUTH_LOGIN" in self.host.offers else "AUTH PLAIN LOGIN"]
        words = ["SIZE 50000000" if offer == "SIZE" else offer for offer in offers if offer != "AUTH_LOGIN"]
        lines = [self.host.host, *words]
        text = [f"250{' ' if n == len(lines) - 1 else '-'}{x}" for n, x in enumerate(lines)]
        self._answer("E", "\r\n".join(text).encode())

    def _starttls(self, line: bytes) -> None:
        wrong = self.host.plan.strike("smtp T", "strip")
        if self._buffer:
            self.host.breach("order", "something followed STARTTLS before its answer")
        match wrong:
            case "454":
                self.far.send(b"454 4.7.0 not now\r\n")
            case "inject":
                self.far.send(b"220 go on\r\n250 2.0.0 injected\r\n")
            case _:
                self.far.send(b"220 go on\r\n")
                self.far.start_tls(self.tls(wrong))
        self._hello = False

    def _auth(self, line: bytes) -> None:
        words = line.split(b" ")
        if words[1].upper() == b"LOGIN":
            self._asked = "?"
            if len(words) > 2:
                self._auth_login(words[2])
            else:
                self.far.send(b"334 VXNlcm5hbWU6\r\n")
            return
        _, user, password = base64.b64decode(words[2]).decode().split("\0")
        self._check(user, password)

    def _auth_login(self, line: bytes) -> None:
        said = base64.b64decode(line).decode()
        if self._asked == "?":
            self._asked = said
            self.far.send(b"334 UGFzc3dvcmQ6\r\n")
        else:
            user, self._asked = self._asked, ""
            self._check(user, said)

    def _check(self, user: str, password: str) -> None:
        if (user, password) != self.host.login:
            self.host.breach("other", "a wrong login")
        self._answer("U", b"235 2.7.0 welcome", self._welcome)

    def _welcome(self) -> None:
        self._logged_in = True

    def _mail(self, line: bytes) -> None:
        if self._sender is not None or not (self._hello and self._logged_in):
            self.host.breach("order", "MAIL out of turn")
        self._answer("M", b"250 2.1.0 sender ok", lambda: self._transaction(line))

    def _transaction(self, line: bytes) -> None:
        self._sender, self._recipient, self._refused = line.decode(), None, False
        self._chunks.clear()

    def _rcpt(self, line: bytes) -> None:
        if self._sender is None:
            self.far.send(b"503 5.5.1 MAIL first\r\n")
            return
        if self._recipient is not None:
            self.host.breach("misdelivered", "a second recipient in one transaction")
        found = re.fullmatch(rb"RCPT TO:<([^<> ]+)>( .*)?", line, re.I)
        address = found[1].decode() if found else "?"
        self._refused = True
        self._answer("R", b"250 2.1.5 recipient ok", lambda: self._addressed(address))

    def _addressed(self, address: str) -> None:
        self._recipient, self._refused = address, False

    def _data(self, line: bytes) -> None:
        if self._recipient is None and not self._anyway():
            self.far.send(b"503 5.5.1 RCPT first\r\n")
            return
        self._answer("A", b"354 go on", self._body_begins)

    def _anyway(self) -> bool:
        return self._refused and self._recipient == ""

    def _body_begins(self) -> None:
        self._body, self._struck = bytearray(), False

    def _bdat(self, line: bytes) -> None:
        words = line.split()
        if "CHUNKING" not in self.host.offers:
            self.host.breach("other", "BDAT that was not offered")
        self._chunk = int(words[1]), len(words) > 2
        if not self._chunk[0]:
            self._take_chunk()

    def _rset(self, line: bytes) -> None:
        self._answer("Q", b"250 2.0.0 forgotten", self._forget)

    def _quit(self, line: bytes) -> None:
        self.far.send(b"221 2.0.0 bye\r\n")
        self.far.close()

    def _forget(self) -> None:
        self._sender = self._recipient = None
        self._refused = False
        self._chunks.clear()
