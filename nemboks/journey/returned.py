"""What comes back to our return path: delivery notices and bounces, each on the letter it is about.

Read `_event` as a table. `delivered` confirms the part that is missing. `failed` counts only for the mail that the
letter rests on: the hand-over that is waited for, or a confirmation. Anything about another mail of the letter (an
older attempt, a part that nobody waits for, a further recipient that did not decide it) is logged and changes
nothing. Nor is `delivered` believed of another address than ours went to, or beside a `failed`: an alias may lead to
several, and one lacks it.
A message is settled only after its events are committed: a crash between the two repeats harmlessly.
"""

from nemboks.content.dsn import NotUnderstood, read
from nemboks.domain.elsewhere import held_by
from nemboks.domain.events import Bounced, Event, Reason, Returned, ReturnedElsewhere
from nemboks.domain.letter import Letter, Stale, State
from nemboks.domain.proof import Evidence, Reply, among
from nemboks.domain.returns import Action, StatusNotice, Token
from nemboks.domain.states import UNDELIVERED
from nemboks.journey.landed import proof, sent
from nemboks.journey.world import Returning, World
from nemboks.logs import log
from nemboks.ports import InboxError, ReturnedMail

BATCH = 8  # messages at a time, of at most 1 MiB each
ROUNDS = 50  # batches at one look: whoever fills the box with nonsense must not bury the bounces
_CONFIRMABLE = (State.SENDING, State.HANDED_OVER, State.WAITING, State.HELD)


async def read_returns(world: World) -> int:
    """How many messages of the return box were settled. A box that cannot be read is logged; it is asked again."""
    if world.returning is None:
        return 0
    settled = 0
    try:
        for _ in range(ROUNDS):
            mails = await world.returning.box.waiting(BATCH)
            done = [await _settle(mail, world.returning, world) for mail in mails]
            settled += sum(done)
            if len(mails) < BATCH or not all(done):
                break
    except InboxError as e:
        log().warning("returns_unavailable", words=str(e))
    return settled


async def _settle(mail: ReturnedMail, returning: Returning, world: World) -> bool:
    """Whether the message is settled: all its notices are acted on, or it is flagged for people."""
    notices = read(mail.raw, returning.key, returning.domain)
    if isinstance(notices, NotUnderstood):
        log().info("return_read", action="kept", words=notices.value)
        await returning.box.settle(mail.key, understood=False)
        return True
    failed = any(notice.action is Action.FAILED for notice in notices)
    believed = [notice for notice in notices if not (failed and notice.action is Action.DELIVERED)]
    acted = [await _act(notice, world) for notice in believed]
    if not all(acted):
        return False
    await returning.box.settle(mail.key, understood=True)
    return True


async def _act(notice: StatusNotice, world: World) -> bool:
    """Whether the notice may be forgotten; False when it has to be read again in a while."""
    token, words = notice.token, _words(notice)
    letter = await _letter_of(token, world)
    if letter and letter.state is State.SENDING and _too_early(letter, notice):
        return False
    log().info(
        "return_read", letter=token.letter, attempt=token.attempt, part=token.part, delivery=token.delivery,
        action=notice.action, words=words,
    )  # fmt: skip
    event = await _event(letter, notice, words, world) if letter else None
    if letter and event:
        try:
            after = await world.letters.move(letter, event)
        except Stale:  # it moved between our look and the commit: judged anew; else the rules refuse it for good
            return await world.letters.get(letter.id) == letter
        log().warning(_name(event), letter=letter.id, state=after.state, why=after.why, words=words)
    return True


async def _letter_of(token: Token, world: World) -> Letter | None:
    """The letter that rests, or may rest, on the mail. On a further recipient's it does where that decided it."""
    letter = await world.letters.get(token.letter)
    if letter is None or not token.delivery:
        return letter
    (one,) = [x for x in await world.deliveries.of(letter.id) if x.id == token.delivery] or (None,)
    proof = letter.confirmation
    if one is None or proof is None or proof.attempt or proof.address != one.address:
        return None
    return letter if among(one.proofs, token.part, token.attempt) else None


def _too_early(letter: Letter, notice: StatusNotice) -> bool:
    """Whether the open attempt has to end before the notice can be noted; until then it is not forgotten."""
    if notice.action not in (Action.DELIVERED, Action.FAILED):
        return False
    if notice.token.attempt == letter.fence:  # quicker than our commit of what the server said
        return True
    # An earlier part came back: one that this attempt goes on from, or one at an address that the letter has left.
    return notice.action is Action.FAILED and (_rests_on(letter, notice.token) or bool(_left(letter, notice.token)))


def _words(notice: StatusNotice) -> str:
    return " ".join(filter(None, (notice.status, notice.words, f"({notice.server})" if notice.server else "")))


def _name(event: Event) -> str:
    match event:
        case Returned():
            return "letter_returned"
        case Bounced():
            return "letter_bounced"
        case ReturnedElsewhere():
            return "letter_returned_elsewhere"
    return "letter_confirmed"


async def _event(letter: Letter, notice: StatusNotice, words: str, world: World) -> Event | None:
    """What the notice does to the letter; None for nothing."""
    token = notice.token
    if notice.action is Action.DELIVERED:
        return await _delivered(letter, notice, world)
    if notice.action is not Action.FAILED:
        return None
    if address := _left(letter, token):
        return ReturnedElsewhere(address, token.part, words) if letter.state in UNDELIVERED else None
    if not _rests_on(letter, token):
        return None
    match letter.state:
        case State.HANDED_OVER | State.WAITING | State.FOUND | State.HELD:
            return Returned(Reason.RETURNED, words, token.part)
        case State.FORWARDED | State.ACKNOWLEDGED if not letter.bounced:
            return Bounced(words)
    return None


def _rests_on(letter: Letter, token: Token) -> bool:
    """Whether the letter's state rests on this mail: it is the hand-over, or one of the confirmations."""
    if token.delivery:
        return True  # as _letter_of found
    if letter.state is State.HANDED_OVER and token.part == letter.part:
        return token.attempt == letter.fence
    proofs = (*letter.proofs, *([letter.confirmation] if letter.confirmation else ()))
    return among(proofs, token.part, token.attempt)


def _left(letter: Letter, token: Token) -> str:
    """The address that had this mail before the letter went to another; "" for none."""
    return "" if token.delivery else held_by(letter, token.part, token.attempt)


async def _delivered(letter: Letter, notice: StatusNotice, world: World) -> Event | None:
    """The confirmation of the part that is missing, sent by whichever attempt; None when nothing is."""
    token = notice.token
    if letter.state not in _CONFIRMABLE or token.part != letter.part or letter.headline is None:
        return None
    attempted = await sent(letter, token.part, world, token.attempt)
    if attempted is None or not notice.speaks_of(attempted.address):
        return None
    reply = Reply(250, notice.status if notice.status.startswith("2.") else "2.0.0", notice.words)
    return proof(letter, attempted, Evidence.DSN, reply, world)
