"""How a case ends for a mailbox and its letters: closed, or reversed; each inside an act.

Promises: after a reversal the company has its post again, and what the kurator got and nobody acknowledged stays in
Digital Post, however late it is confirmed. Never takes away what was acknowledged: it is not there any more.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from nemboks.desk.custody import drop_reminder, let_go, pause_again, start_shadow
from nemboks.desk.estate_effect import end_grants, let_letters_go, own_paths, tell_end
from nemboks.domain.circles import mail_path
from nemboks.domain.estates import CLOSED_BY, Estate, EstateState, Former
from nemboks.domain.letter import Bounced, Letter, State
from nemboks.domain.mailbox import Mailbox, Recipient, Role, Route
from nemboks.domain.wishes import addresses
from nemboks.ports import Books

LATE: Final = timedelta(days=14)  # after a reversal; no relay says later than that whether a letter arrived
AT_KURATOR: Final = "the decree was overturned: the kurator got it, and it stays in Digital Post"


def waiting(books: Books) -> bool:
    """Whether a kurator got a letter whose decree was overturned meanwhile."""
    return any(_late(books, one) for one in _overturned(books))


def take_effect(books: Books) -> int:
    """How many of those get no receipt without a person's word now."""
    return sum(_hold_late(books, one) for one in _overturned(books))


def close(books: Books, estate: Estate, box: Mailbox, by: str) -> None:
    """The case is over and the company gone: nothing is forwarded any more, neither to the kurator nor to others."""
    books.keep(replace(box, paused_at=books.at, paused_by=CLOSED_BY))
    books.note("mailbox_paused", box, by=by, case=estate.id)
    end_grants(books, box, books.at, by)
    tell_end(books, estate, box, EstateState.CLOSED, [mail_path("da", estate.address)])


def reverse(books: Books, estate: Estate, box: Mailbox, by: str) -> None:
    """The company has its post again, by the route it had before the first case in effect.

    What the kurator got and nobody acknowledged yet stays in Digital Post, where the company can read it; what is on
    the way to them must not leave before `_hold_late` has seen it confirmed.
    """
    former, before = estate.former or Former(), _route_before(books, box)
    on_the_way = books.letters(box, State.SENDING, State.HANDED_OVER)
    until = books.at + books.pace.probation if on_the_way else box.custody.probation_until
    custody = replace(box.custody, unproven=former.unproven, probation_until=until)
    books.keep(replace(box, frozen_at=None, boundary_at=None, options=former.options, custody=custody))
    back = replace(before, since=books.at, vouched_by=f"{_reversal(estate)} ({by})")
    drop_reminder(books, box)
    again = books.reroute(box, back)
    again = start_shadow(books, again, by) if custody.shadow_since else again
    again = pause_again(books, again, former.paused_by)
    end_grants(books, again, books.at, by)
    let_letters_go(books, again, by)
    for letter in books.letters(again, State.FORWARDED):
        if not letter.bounced and letter.route_version > before.version:
            books.move(letter, Bounced(AT_KURATOR))
    let_go(books, again, by)
    paths = [mail_path("da", estate.address), *own_paths(again)]
    tell_end(books, estate, again, EstateState.REVERSED, paths)


def _overturned(books: Books) -> list[Estate]:
    """Cases that were reversed while letters to the kurator may still have been on their way."""
    return [one for one in books.estates.since("ended_at", books.at - LATE) if one.state is EstateState.REVERSED]


def _late(books: Books, estate: Estate) -> list[Letter]:
    """Letters sent by the kurator's route, to none of the company's addresses, and confirmed after the reversal."""
    box, ended_at = books.mailbox_of(estate.mailbox), estate.ended_at
    back = next(route for route in books.routes(box) if route.vouched_by.startswith(_reversal(estate)))
    return [
        letter
        for letter in books.letters(box, State.FORWARDED)
        if not letter.bounced and letter.route_version < back.version
        if letter.confirmation and ended_at and letter.confirmation.at >= ended_at
        if letter.confirmation.address not in addresses(back)
    ]


def _hold_late(books: Books, estate: Estate) -> int:
    """How many of those get no receipt without a person's word now; the company gets a copy, by which they are known
    the next time."""
    box = books.mailbox_of(estate.mailbox)
    company, chosen = box.route, box.options
    copy = Recipient(Role.COPY, company.address, company.server, chosen.language, certificate=chosen.certificate)
    held = [letter for letter in _late(books, estate) if books.send_also(letter, copy)]
    return len([books.move(letter, Bounced(AT_KURATOR)) for letter in held])


def _reversal(estate: Estate) -> str:
    return f"estate {estate.id} reversed"


def _route_before(books: Books, box: Mailbox) -> Route:
    """The company's own last route: that before the first case that has not been overturned since."""
    cases = books.estates.all(mailbox=box.id)
    overturned = max(
        (one.ended_at for one in cases if one.state is EstateState.REVERSED and one.ended_at), default=None
    )
    run = [one for one in cases if one.effect_at and (overturned is None or one.effect_at > overturned)]
    since = min(one.effective_at for one in run)
    return [route for route in books.routes(box) if route.since < since][-1]
