"""An inbox behind the delete fuse: every call that lets a letter leave Digital Post asks it first.

Promises: no receipt and no removal goes out without a committed permit for that letter, whoever asks for it; all other
calls pass untouched.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager

from nemboks.domain.mailbox import Mailbox
from nemboks.domain.proof import Receipt
from nemboks.logs import log
from nemboks.ports import Fuse, Inbox, Listed, Withheld


class FusedInbox:
    """The Inbox port around a real one."""

    def __init__(self, inbox: Inbox, fuse: Fuse, mailbox: Mailbox) -> None:
        self._inbox, self._fuse, self._mailbox = inbox, fuse, mailbox

    @property
    def keeps(self) -> bool:
        """As the inbox says."""
        return self._inbox.keeps

    @property
    def unusable(self) -> int:
        """As the inbox says."""
        return self._inbox.unusable

    async def list(self) -> Sequence[Listed]:
        """As the inbox says."""
        return await self._inbox.list()

    def fetch(self, upstream_id: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """As the inbox gives it."""
        return self._inbox.fetch(upstream_id)

    async def acknowledge(self, receipt: Receipt, repeated: bool) -> str:
        """Upstream's words, after the fuse's permit is committed. Withheld: then upstream was not asked."""
        try:
            await self._fuse.permit(self._mailbox.id, receipt.upstream_id)
        except Withheld as held:
            if held.tripped:
                log().error("fuse_tripped", mailbox=self._mailbox.cvr, words=str(held))
            raise
        return await self._inbox.acknowledge(receipt, repeated)

    async def news(self) -> None:
        """As the inbox tells."""
        await self._inbox.news()

    async def close(self) -> None:
        """Closes the inbox."""
        await self._inbox.close()
