"""Whether connections that are over are gone at once, without the collector of circles: their buffers are large."""

import asyncio
import gc
from asyncio import sslproto
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


def _clients() -> set[int]:
    found = (each for each in gc.get_objects() if type(each) is sslproto.SSLProtocol)
    return {id(each) for each in found if not each._server_side}


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """Around the life of some connections of ours; AssertionError when anything of their TLS still lives."""
    gc.collect()
    before = _clients()
    gc.disable()
    try:
        yield
        for _ in range(50):
            await asyncio.sleep(0.01)
            if not _clients() - before:
                break
        assert not _clients() - before
    finally:
        gc.enable()
