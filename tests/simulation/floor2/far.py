"""A server's end of a connection: TLS over memory, and every way to end it. What is said is the session's business."""

import ssl
from contextlib import suppress
from typing import ClassVar, Protocol

from tests.simulation.floor2.net import Line


class Session(Protocol):
    """One conversation on the server's side."""

    def begin(self) -> None:
        """The connection stands, under TLS if it is implicit."""

    def received(self, data: bytes) -> None: ...

    def over(self) -> None:
        """The other side closed, or the connection broke."""


class FarEnd:
    """Bytes in and out for one session; `secure` once TLS stands."""

    outlives: ClassVar = True  # a kill

    def __init__(self, line: Line) -> None:
        self._line = line
        self.session: Session
        self.secure = self.closed = False
        self._tls: ssl.SSLObject | None = None
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._begun = False

    # --- for the session ---

    def start(self, session: Session, context: ssl.SSLContext | None) -> None:
        """Begin, with TLS first where a context is given."""
        self.session = session
        if context is None:
            self._line.net.loop.call_soon(self._begin)
        else:
            self.start_tls(context)

    def start_tls(self, context: ssl.SSLContext) -> None:
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)

    def send(self, data: bytes) -> None:
        if self.closed or not data:
            return
        if self._tls is None:
            self._line.down.send(data)
        elif self.secure:
            self._tls.write(data)
            self._flush()

    def later(self, seconds: float, data: bytes, close: bool = False) -> None:
        """Send after a while."""
        self._line.net.loop.call_later(seconds, self._late, data, close)

    def drip(self, data: bytes, seconds: float) -> None:
        """A byte at a time."""
        for number in range(len(data)):
            self._line.net.loop.call_later(seconds * (number + 1), self._late, data[number : number + 1], False)

    def close(self, farewell: bool = True) -> None:
        """FIN; without `farewell` no close_notify before it."""
        if self.closed:
            return
        if farewell and self.secure and self._tls is not None:
            with suppress(ssl.SSLError):
                self._tls.unwrap()
            self._flush()
        self.closed = True
        self._line.down.end(reset=False)

    def reset(self) -> None:
        self.closed = True
        self._line.reset()

    def silence(self) -> None:
        self.closed = True
        self._line.silence()

    def rubbish(self, data: bytes) -> None:
        """Clear text into the handshake; nothing after it."""
        self._line.down.send(data)
        self.closed = True

    def stop_reading(self) -> None:
        self._line.up.hold = True

    # --- from the network ---

    def arrived(self, data: bytes) -> None:
        if self.closed:
            return
        if self._tls is None:
            self.session.received(data)
            return
        self._in.write(data)
        try:
            self._turn()
        except ssl.SSLError:
            self._flush()  # the alert
            self.close(farewell=False)
            self.session.over()

    def ended(self, reset: bool) -> None:
        self.closed = True
        self._line.down.end(reset=False)
        self.session.over()

    def _turn(self) -> None:
        assert self._tls is not None
        if not self.secure:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                return
            self.secure = True
            self._flush()
            self._begin()
        clear = bytearray()
        try:
            while piece := self._tls.read(65_536):
                clear += piece
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            self._flush()  # after a farewell, FIN follows
        if clear and not self.closed:
            self.session.received(bytes(clear))

    def _begin(self) -> None:
        if not self._begun and not self.closed:
            self._begun = True
            self.session.begin()

    def _flush(self) -> None:
        if data := self._out.read():
            self._line.down.send(data)

    def _late(self, data: bytes, close: bool) -> None:
        self.send(data)
        if close:
            self.close()
