"""What every scene ends with: the promises, judged by what Digital Post and the mail server saw themselves."""

from collections.abc import Collection, Mapping
from typing import Any

from tests.scenes.town import Town

Item = dict[str, Any]
REMOVING = ("receipt", "deleted", "expunged")


def kept(town: Town, to: Mapping[str, Collection[str]], copies: Collection[str] = ()) -> None:
    """Nothing; each promise was kept.

    `to`: by CVR the addresses that its letters may go to. `copies`: addresses whose 250 confirms nothing.
    """
    letters, mails = town.all_letters(), town.all_mails()
    assert whole(town)
    for mail in mails:
        if uuid := _said(mail, "Nemboks-Letter"):
            (letter,) = [one for one in letters if uuid in _keys(one)]
            assert mail["to"] in to[letter["cvr"]], f"{mail['to']} got a letter to {letter['cvr']}"
            assert letter["cvr"] == _said(mail, "Nemboks-Cvr")
    for letter in letters:
        got = [mail["n"] for mail in mails if _confirmed(mail, letter) and mail["to"] not in copies]
        gone = [act["n"] for act in letter["acts"] if act["act"] in REMOVING]
        assert not gone or (got and min(got) < min(gone)), f"a receipt without a confirmation: {letter}"
        assert got or letter["listed"], f"lost: {letter}"
    sent = [(mail["to"], uuid) for mail in mails if (uuid := _said(mail, "Nemboks-Letter"))]
    assert len(sent) == len(set(sent)), "somebody got a letter twice"


def whole(town: Town) -> bool:
    """Whether the history is."""
    verified: bool = town.nemboks("audit", "verify")["whole"]
    return verified


def _confirmed(mail: Item, letter: Item) -> bool:
    """Whether it has all of the letter, and whoever sent it got the 250."""
    return _carries(mail, letter) and "kept_only" not in mail


def _carries(mail: Item, letter: Item) -> bool:
    """Whether every document of the letter is in the mail, byte for byte."""
    found = {one["sha256"] for one in mail["attachments"]}
    return _said(mail, "Nemboks-Letter") in _keys(letter) and all(one["sha256"] in found for one in letter["documents"])


def _keys(letter: Item) -> list[str]:
    if letter["message_uuid"]:
        return [letter["message_uuid"].lower()]
    return [f"{one['uidvalidity']}.{one['uid']}" for one in letter["uids"]]


def _said(mail: Item, field: str) -> str:
    return str(mail["headers"].get(field, "")).lower()
