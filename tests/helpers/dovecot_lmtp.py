"""Dovecot as a company's mail server: folders with their special use, LMTP, and Sieve scripts that sort."""

import asyncio
import imaplib
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nemboks.intake.imap import ImapAccess
from nemboks.intake.landing import Login
from tests.helpers.dovecot import PASSWORD, Dovecot, dovecot

USER = "anna@bageri.example"

JUNK_RULE = 'require "fileinto"; if header :contains "Subject" "Brev" { fileinto "Junk"; }'
FILED_RULE = 'require "fileinto"; if header :contains "Subject" "Brev" { fileinto "Post fra det offentlige"; }'
NO_DUPLICATES = 'require "duplicate"; if duplicate { discard; stop; }'  # RFC 7352: by Message-ID

_CONFIG = """
protocols = imap lmtp
service lmtp {{
  unix_listener {base}/lmtp {{
    mode = 0666
  }}
}}
protocol lmtp {{
  mail_plugins = $mail_plugins sieve
  postmaster_address = postmaster@bageri.example
}}
plugin {{
  sieve_before = {script}
}}
namespace inbox {{
  separator = /
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
  mailbox Trash {{
    auto = create
    special_use = \\Trash
  }}
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox "Post fra det offentlige" {{
    auto = create
  }}
}}
"""


@dataclass
class Company:
    """The bakery's mail server."""

    server: Dovecot
    lmtp: Path

    @property
    def login(self) -> Login:
        return Login(ImapAccess("localhost", self.server.port, self.server.ca_file), USER, PASSWORD)

    async def deliver(self, mail: bytes) -> None:
        """The mail comes in, as from its mail server."""
        await asyncio.to_thread(self._deliver, mail)

    def _deliver(self, mail: bytes) -> None:
        with smtplib.LMTP(str(self.lmtp)) as lmtp:
            assert lmtp.sendmail("b@nemboks.example", [USER], mail) == {}

    async def do(self, folder: str, *command: str) -> list[bytes]:
        """What another client, with a library of its own, gets as the answer to a UID command in the folder."""
        return await asyncio.to_thread(self._do, folder, *command)

    def _do(self, folder: str, *command: str) -> list[bytes]:
        with self._client() as client:
            client.select(f'"{folder}"')
            status, data = client.uid(*command)
            assert status == "OK", data
            return [line for line in data if line]

    async def create(self, folder: str) -> None:
        """A new folder; its name in modified UTF-7."""
        await asyncio.to_thread(self._create, folder)

    def _create(self, folder: str) -> None:
        with self._client() as client:
            assert client.create(f'"{folder}"')[0] == "OK"

    def _client(self) -> imaplib.IMAP4_SSL:
        context = ssl.create_default_context(cafile=self.server.ca_file)
        client = imaplib.IMAP4_SSL("localhost", self.server.port, ssl_context=context)
        client.login(USER, PASSWORD)
        return client

    async def count(self, folder: str) -> int:
        """How many mails lie in the folder."""
        return len(b" ".join(await self.do(folder, "SEARCH", "ALL")).split())


@contextmanager
def company(*rules: str) -> Iterator[Company]:
    """A running mail server of a company, with its Sieve rules."""
    places: list[Path] = []

    def extra(base: Path) -> str:
        places.append(base)
        folder = base / "sieve"
        folder.mkdir(mode=0o755)
        (folder / "before.sieve").write_text("\n".join(rules) or "keep;\n")
        return _CONFIG.format(base=base, script=folder / "before.sieve")

    with dovecot(extra) as server:
        yield Company(server, places[0] / "lmtp")
