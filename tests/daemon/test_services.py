"""The services as wired: what one mailbox's damage may stop."""

import asyncio
import ssl
from asyncio import sslproto

import pytest
from sqlalchemy import text

from nemboks.clock import RealClock
from nemboks.ports import Refused
from nemboks.settings import load
from nemboks.store.store import Store
from nemboks.wiring import TLS_BUFFER, _credentials, open_store, services
from tests.contracts.ledgers import vault
from tests.helpers.builders import declared


async def test_altered_credentials_park_their_mailbox_and_stop_nothing_else(tmp_path) -> None:
    """One row that was tampered with, or rotted, is that CVR's refusal, not the end of the daemon at every start."""
    store = Store.open(tmp_path / "nemboks.db", vault(tmp_path), RealClock())
    anna = await store.mailboxes.add(declared(), "anna")
    assert await _credentials(store, anna)
    rot = text("UPDATE mailboxes SET credentials = (SELECT zeroblob(90))")
    await store._writer.unit(lambda tx: tx.execute(rot).rowcount)

    with pytest.raises(Refused, match="credentials again") as refused:
        await _credentials(store, anna)
    assert refused.value.mailbox
    await store.close()


async def test_a_kept_connection_costs_the_daemon_a_quarter_of_what_asyncio_takes(tmp_path, monkeypatch) -> None:
    """A thousand CVRs over IMAP are a thousand kept connections, each with such a buffer and OpenSSL's beside it."""
    monkeypatch.setattr(sslproto.SSLProtocol, "max_size", sslproto.SSLProtocol.max_size)  # put back afterwards
    (tmp_path / "nemboks.toml").write_text(f'state_dir = "{tmp_path}"\nmaster_key_file = "{tmp_path}/master.key"\n')
    settings = load(tmp_path / "nemboks.toml", {})
    await open_store(settings, vault(tmp_path), new=True).close()
    async with services(settings):
        context = ssl.create_default_context()
        loop, waiter = asyncio.get_running_loop(), asyncio.Future[None]()
        one = sslproto.SSLProtocol(loop, asyncio.Protocol(), context, waiter, server_hostname="a.dk")
        assert len(one.get_buffer(-1)) == TLS_BUFFER == 64 * 1024
        one._get_app_transport().abort()
