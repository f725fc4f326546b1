"""What must be true when all has come to rest, seen from both ends and from the ledger (DESIGN 3, Invariants)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from nemboks.domain.delivery import Delivery
from nemboks.domain.events import Collected, Confirmed, DotBegun
from nemboks.domain.letter import Letter, State
from nemboks.domain.proof import Receipt
from tests.helpers import builders as make
from tests.helpers.fake_courier import FakeCourier, Sent
from tests.helpers.fake_inbox import FakeInbox, Removal

Journal = Sequence[tuple[Any, ...]]


def check(
    journal: Journal,
    letters: Sequence[Letter],
    inbox: FakeInbox,
    courier: FakeCourier,
    further: Sequence[Delivery] = (),
) -> None:
    """AssertionError with the journal's names if any letter is lost, early, astray or copied without a count.

    A mail is told from the others by its Message-ID: each part of a letter and each further recipient has its own.
    """
    told = "\n".join(str(entry[0]) + _event(entry) for entry in journal)
    copies = defaultdict(list)
    for sent in courier.sent:
        copies[_id_of(sent.letter)].append(sent)
    for letter in letters:
        mine = copies[letter.upstream_id]
        assert letter.state is State.ACKNOWLEDGED or _may_vanish(letter, journal, inbox), f"{letter.state}\n{told}"
        rows = {make.ADDRESS: letter.uncertain, **{x.address: x.uncertain for x in further if x.letter == letter.id}}
        assert {sent.mail.recipient for sent in mine} <= rows.keys(), told
        for address, uncertain in rows.items():
            _same([x for x in mine if x.mail.recipient == address], uncertain, told)
        assert letter.contents is None or letter.state is State.VANISHED, told
        if letter.state is State.ACKNOWLEDGED:
            decisive = letter.confirmation.address if letter.confirmation else ""
            there = {_message_id(x.letter) for x in mine if x.kept and x.mail.recipient == decisive}
            parts = letter.parts if decisive == make.ADDRESS else 1
            assert len(there) >= parts and letter.upstream_id not in inbox.letters, told
    _receipts(journal, letters, inbox, told)
    _dots(journal, len(courier.sent), told)


def _same(mails: Sequence[Sent], uncertain: int, told: str) -> None:
    """To one recipient: each mail once and once more for each uncertain end, always the same octets."""
    for id_ in {_message_id(x.letter) for x in mails}:
        twins = [x.letter for x in mails if _message_id(x.letter) == id_]
        assert len(twins) <= 1 + uncertain, f"{len(twins)} copies, {uncertain} uncertain ends\n{told}"
        assert len(set(twins)) == 1, f"copies differ\n{told}"


def _receipts(journal: Journal, letters: Sequence[Letter], inbox: FakeInbox, told: str) -> None:
    """Each came after the commit of a confirmation, and all of a letter's carry one number."""
    confirmed: set[str] = set()
    numbers: Mapping[str, set[str]] = defaultdict(set)
    for name, *args in journal:
        if name == "move" and isinstance(args[1], Confirmed):
            confirmed.add(args[0].upstream_id)
        if name == "acknowledge":
            receipt: Receipt = args[0]
            assert receipt.upstream_id in confirmed, f"a receipt before its commit\n{told}"
            numbers[receipt.upstream_id].add(receipt.transmission_id)
    assert all(len(x) == 1 for x in numbers.values()), told
    assert {x.upstream_id for x in inbox.receipts} <= confirmed, told


def _dots(journal: Journal, sent: int, told: str) -> None:
    begun = sum(name in ("move", "copy_move") and isinstance(args[1], DotBegun) for name, *args in journal)
    assert sent <= begun, f"a dot without dot_begun\n{told}"


def _may_vanish(letter: Letter, journal: Journal, inbox: FakeInbox) -> bool:
    """The one gap: upstream forgot the letter with its fetch, and we died before the letter was ours."""
    ours = any(n == "move" and isinstance(a[1], Collected) and a[0].id == letter.id for n, *a in journal)
    return letter.state is State.VANISHED and inbox.removal is Removal.FORGETS and not ours


def _event(entry: tuple[Any, ...]) -> str:
    return f" {type(entry[2]).__name__} of {entry[1].id}" if entry[0].endswith("move") else ""


def _id_of(mail: bytes) -> str:
    return _field(mail, b"Nemboks-Letter: ")


def _message_id(mail: bytes) -> str:
    return _field(mail, b"Message-ID: ")


def _field(mail: bytes, name: bytes) -> str:
    line = next(x for x in mail.split(b"\r\n") if x.startswith(name))
    return line.removeprefix(name).decode()
