"""Removals of letters that wait for one connection go together: one look, one STORE, one UID EXPUNGE for all of them.

Promises: each asker gets the answer of its own letter; a letter is asked for once, and not after its asker is gone; a
failure in the middle is Unavailable for all that were under way, for nobody can say what was done.
"""

import asyncio
import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nemboks.domain.proof import Receipt
from nemboks.intake.kept import KeptConnection
from nemboks.intake.session import Session
from nemboks.ports import Gone, InboxError, Refused, Unavailable

MOST: Final = 50  # letters at a time: a failure costs each of them a repetition


@dataclass(eq=False)
class _Asked:
    """A letter that is to be removed, and its asker's answer."""

    validity: int
    uid: int
    receipt: Receipt
    answer: "asyncio.Future[str]"

    def told(self, outcome: str | InboxError) -> None:
        if self.answer.done():
            return
        if isinstance(outcome, str):
            self.answer.set_result(outcome)
        else:
            self.answer.set_exception(copy.copy(outcome))  # each asker raises its own
            self.answer.exception()  # seen, should the asker be gone


class Removals:
    """Of one mailbox."""

    def __init__(self, connection: KeptConnection) -> None:
        self._connection = connection
        self._waiting: list[_Asked] = []

    async def remove(self, validity: int, uid: int, receipt: Receipt) -> str:
        """Removes exactly the receipt's letter; brings words. InboxError."""
        asked = _Asked(validity, uid, receipt, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        try:
            async with self._connection.use() as session:
                while asked in self._waiting:  # else whoever was before us took ours along
                    await self._together(session)
        except InboxError:
            if not asked.answer.done():  # what becomes of the connection now says nothing of our letter
                raise
        finally:
            if asked in self._waiting:
                self._waiting.remove(asked)
        return asked.answer.result()

    async def _together(self, session: Session) -> None:
        taken = list({one.uid: one for one in reversed(self._waiting[:MOST])}.values())
        self._waiting = [one for one in self._waiting if one not in taken]
        try:
            await _removed(session, taken)
        except BaseException as error:
            end = error if isinstance(error, InboxError) else Unavailable("given up in the middle of a removal")
            for one in taken:
                one.told(end)
            raise


async def _removed(session: Session, asked: Sequence[_Asked]) -> None:
    """Tells each of them what became of its letter. Raises what tells of all of them."""
    if "UIDPLUS" not in session.capabilities:
        raise Refused("the IMAP server offers no UIDPLUS: one letter cannot be removed alone", mailbox=True)
    await session.select()
    left = {one.uid: one for one in asked if one.validity == session.validity}
    for one in asked:
        if one.uid not in left:
            one.told(Gone("UIDVALIDITY changed: no letter stands under this number any more"))
    if not left:
        return
    for uid, why in (await session.strangers({uid: one.receipt for uid, one in left.items()})).items():
        left.pop(uid).told(why)
    if not left:
        return
    stay = await session.remove(left)
    for uid, one in left.items():
        still = Unavailable("the letter still stands there after its removal")
        one.told(still if uid in stay else f"removed (UID EXPUNGE {uid})")
