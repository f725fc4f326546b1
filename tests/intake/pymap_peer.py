"""pymap as the IMAP face's neighbour: a whole IMAP server, in our loop, over implicit TLS."""

import asyncio
import ssl
from argparse import Namespace
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import trustme
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxSet
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

from nemboks.intake.imap import ImapAccess

USER, PASSWORD = 'anna "bageren"', 'hemme\\lig "ost"'


@dataclass
class Pymap:
    access: ImapAccess
    mailboxes: MailboxSet
    drop: Callable[[], None]  # every connection, now
    stop: Callable[[], None]  # and no new ones

    async def put(self, letter: bytes, at: datetime) -> str:
        """The upstream id of a letter that lies there now."""
        inbox = await self.mailboxes.get_mailbox("INBOX")
        message = await inbox.append(AppendMessage(letter, at, frozenset()))
        inbox._updated.set()  # what pymap's own APPEND does after its commands
        return f"{inbox.uid_validity}.{message.uid}"

    async def ids(self) -> list[str]:
        inbox = await self.mailboxes.get_mailbox("INBOX")
        return [f"{inbox.uid_validity}.{message.uid}" async for message in inbox.messages()]


@asynccontextmanager
async def pymap_peer(folder: Path) -> AsyncIterator[Pymap]:
    ca = trustme.CA()
    (folder / "imap-ca.pem").write_bytes(ca.cert_pem.bytes())
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("127.0.0.1", "localhost").configure_cert(tls)
    config = Config(
        Namespace(proxy_protocol=None, passlib_cfg=None), demo_data=False, demo_user="", demo_password="", host=None,
        port=0, ssl_context=tls, tls_enabled=False, hash_context=Cleartext(), invalid_user_sleep=0.0,
        cpu_subsystem=Subsystem.for_asyncio(),
    )  # fmt: skip
    login = Login(config)
    login.users_dict[USER] = UserMetadata(config, USER, password=PASSWORD)
    mailboxes = MailboxSet()
    config.set_cache[USER] = (mailboxes, FilterSet())
    serve = IMAPServer(login, config)
    open_now: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        open_now[task] = writer
        try:
            with suppress(Exception):  # a client that goes away is none of its business
                await serve(reader, writer, SocketInfo.get(writer, None, unique_id=uuid4().bytes))
        except asyncio.CancelledError:
            pass
        finally:
            del open_now[task]
            writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)

    def drop() -> None:
        for writer in open_now.values():
            writer.transport.abort()

    def stop() -> None:
        server.close()
        drop()

    try:
        yield Pymap(
            ImapAccess("localhost", server.sockets[0].getsockname()[1], folder / "imap-ca.pem"), mailboxes, drop, stop
        )
    finally:
        stop()
        tasks = list(open_now)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
