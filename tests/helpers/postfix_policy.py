"""A policy service for Postfix (SMTPD_POLICY_README): whatever the test says is the answer to RCPT."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Asked = dict[str, str]


@contextmanager
def policy(answer: Callable[[Asked], str]) -> Iterator[int]:
    """The port of a running service. `answer` makes an action, such as "DUNNO" or "450 4.7.1 later"."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked: Asked = {}
            for line in self.rfile:
                name, _, value = line.decode().strip().partition("=")
                if name:
                    asked[name] = value
                else:
                    self.wfile.write(f"action={answer(asked)}\n\n".encode())
                    asked = {}

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


class Greylist:
    """Sends every new triplet away once, as Postgrey does, and takes it when it comes back after `seconds`."""

    def __init__(self, now: Callable[[], float], seconds: float = 300) -> None:
        self._now, self._seconds = now, seconds
        self._seen: dict[tuple[str, ...], float] = {}
        self.early = 0  # who came back too soon

    def __call__(self, asked: Asked) -> str:
        triplet = tuple(asked[name] for name in ("client_address", "sender", "recipient"))
        since = self._now() - self._seen.setdefault(triplet, self._now())
        if since >= self._seconds:
            return "DUNNO"
        self.early += since > 0
        return "DEFER_IF_PERMIT 4.2.0 Greylisted, see https://postgrey.example/help"
