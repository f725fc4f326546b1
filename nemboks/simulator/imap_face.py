"""The IMAP face: a mailbox server (implicit TLS) for companies whose letters come as ordinary mails.

pymap runs in our loop; each company of this face has a user with an INBOX. Offers IDLE, UIDPLUS, MOVE. Promises: no
password is hashed and no thread started, for there is nothing to protect; a client can end its own connection by odd
input, never the server.
"""

import asyncio
import contextlib
import logging
import ssl
from argparse import Namespace
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Identity, Login
from pymap.backend.dict.filter import FilterSet
from pymap.concurrent import Subsystem
from pymap.exceptions import InvalidAuth
from pymap.imap import IMAPServer
from pymap.user import UserMetadata
from pysasl.creds.server import ServerCredentials
from pysasl.hashing import Cleartext

from nemboks.simulator.certificates import Certificates
from nemboks.simulator.companies import Companies, Company
from nemboks.simulator.deposit import Deposit
from nemboks.simulator.faults import Switchboard
from nemboks.simulator.imap_mailbox import FileContent, Mailboxes, current_wire
from nemboks.simulator.imap_wire import Wire
from nemboks.simulator.inboxes import Inboxes, Letter

LINE_LIMIT = 1 << 20  # long UID sets are legal


class ImapFace:
    """The server; `start` and `stop` belong to one loop."""

    def __init__(
        self,
        companies: Companies,
        inboxes: Inboxes,
        faults: Switchboard,
        certificates: Certificates,
        folder: Path,
    ) -> None:
        self._companies = companies
        self._inboxes = inboxes
        self._faults = faults
        self._folder = folder
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._tls.load_cert_chain(certificates.server.cert, certificates.server.key)
        self._config = Config(
            Namespace(proxy_protocol=None, passlib_cfg=None),
            demo_data=False,
            demo_user="",
            demo_password="",
            host=None,
            port=0,
            ssl_context=self._tls,
            tls_enabled=False,  # no STARTTLS: the port speaks TLS from the first byte
            hash_context=Cleartext(),
            cpu_subsystem=Subsystem.for_asyncio(),
        )
        self._imap = IMAPServer(_Login(self._config, self), self._config)
        self._connections: dict[asyncio.Task[Any], Wire] = {}
        self._rebuilt: set[str] = set()

    async def start(self) -> int:
        """The port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self._tls, limit=LINE_LIMIT)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Nothing; the port is closed and every connection is gone."""
        self._server.close()
        tasks = list(self._connections)
        self.drop_connections()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def deliver(self, company: Company, deposit: Deposit, letter_of: Any) -> Letter:
        """The letter, now in the company's INBOX; `letter_of` makes it from stored bytes and key."""
        stored = deposit.keep()
        content = FileContent(stored.path, stored.size)
        inbox = self._mailboxes(company).inbox
        return await inbox.deliver(content, lambda uid: self._inboxes.post_message(letter_of(stored, uid)))

    def renumber(self) -> None:
        """Nothing; everyone is thrown out, and the fault `imap-uidvalidity` hits each user at the next login."""
        self._rebuilt.clear()
        self.drop_connections()

    def drop_connections(self, user: str | None = None) -> None:
        """Nothing; that user's connections are gone, or everybody's."""
        for wire in list(self._connections.values()):
            if user is None or wire.user == user:
                wire.drop()

    def admit(self, user: str) -> UserMetadata | None:
        """What pymap needs to check the password, or None when a fault, the company's standing or ignorance says no."""
        company = next((one for one in self._companies if one.user == user and user), None)
        if company is None:
            return None
        self._inboxes.calls.count(company.cvr, "list")
        if company.standing.no_entry() or self._faults.hit("imap-login-no"):
            return None
        mailboxes = self._mailboxes(company)
        if user not in self._rebuilt and self._faults.hit("imap-uidvalidity"):
            self._rebuilt.add(user)
            self.drop_connections(user)
            mailboxes.rebuild()
        wire = current_wire.get()
        if wire is not None:
            wire.user = user
        return UserMetadata(self._config, user, password=company.password)

    def _mailboxes(self, company: Company) -> Mailboxes:
        assert company.user is not None
        if company.user not in self._config.set_cache:
            fresh = Mailboxes(self._inboxes, self._faults, self._folder)
            self._config.set_cache[company.user] = (fresh, FilterSet())
        return cast(Mailboxes, self._config.set_cache[company.user][0])

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(writer)
        current_wire.set(wire)
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = wire
        info = SocketInfo.get(writer, None, unique_id=uuid4().bytes)
        try:
            await self._imap(reader, cast(asyncio.StreamWriter, wire), info)
        except Exception as error:
            logging.getLogger(__name__).debug("an IMAP client's connection ended: %r", error)
        finally:
            del self._connections[task]
            with contextlib.suppress(Exception):
                wire.close()


class _Login(Login):
    def __init__(self, config: Config, face: ImapFace) -> None:
        super().__init__(config)
        self._face = face

    async def authenticate(self, credentials: ServerCredentials) -> Identity:
        user = self._face.admit(credentials.authcid)
        if user is None:
            raise InvalidAuth()
        self.users_dict[user.name] = user
        return await super().authenticate(credentials)
