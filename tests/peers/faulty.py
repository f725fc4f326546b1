"""A Postfix with every fault that it can be made to have, and a Dovecot that knows its logins."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.delivery.faulty_postfix import BAD, MAIN, SAYS, SERVICES, bad_certificates
from tests.delivery.postfix_peer import Postfix, running_postfix
from tests.helpers.dovecot import dovecot

__all__ = ["BAD", "faulty_postfix"]


@contextmanager
def faulty_postfix() -> Iterator[Postfix]:
    """Postfix until the block ends. Its services are those of the wire's own tests."""
    tables = {
        f"{stage}_says": "".join(f"{stage}-{says[:3]}{says[4:9]}@sender.example {says}\n" for says in answers)
        for stage, answers in SAYS.items()
    }
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    def logins(_: Path) -> str:
        inet = f"inet_listener {{\n address = 127.0.0.1\n port = {port}\n }}"
        return f"service auth {{\n {inet}\n}}\nauth_username_format = %n\n"

    main = MAIN.replace("{auth}", str(port))
    with dovecot(logins), running_postfix(SERVICES, main, tables, bad_certificates) as running:
        yield running
