"""A letter that goes to another address than before: what the earlier one has got of it stays known.

A route changes in the midst of a letter of several mails, and may change back. Nobody is left with half a letter, so
the new address gets all of it; and nobody gets again what he has confirmed, so the earlier one goes on where it was.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import takewhile
from typing import Any

from nemboks.domain.proof import among, at_address
from nemboks.domain.states import UNCERTAIN_LIMIT, Elsewhere, Letter


def towards(letter: Letter, address: str) -> Mapping[str, Any]:
    """The columns that change when the letter goes to `address` from now on.

    What the last address has, or may have, is put by with the form of its mails: it gets the same ones, or none.
    """
    copy, put_by = letter.copy, {one.copy.address: one for one in letter.elsewhere}
    if copy is None or not (letter.proofs or letter.uncertain or letter.elsewhere):
        return {}
    if copy.address == address:
        # A fallback that was cut off while it decided may have left proofs of its own behind those of this address.
        still = tuple(takewhile(lambda proof: proof.address == address, letter.proofs))
        return {} if still == letter.proofs else {"proofs": still, "composed": None}
    if copy.address and (letter.proofs or letter.uncertain > copy.before):
        put_by[copy.address] = Elsewhere(copy, letter.proofs)
    if known := put_by.pop(address, None):
        here = known
    elif copy.address:
        here = Elsewhere(replace(copy, address="", signatures=()), ())
    elif (proofs := at_address(letter.proofs, address)) == letter.proofs:
        return {}
    else:
        here = Elsewhere(copy, proofs)
    changed = {"copy": here.copy, "proofs": here.proofs, "composed": None, "elsewhere": tuple(put_by.values())}
    return {**changed, "uncertain": _counted(letter.uncertain, here.again)} if here.again else changed


def _counted(uncertain: int, again: int) -> int:
    """The uncertain ends with these besides. Past the number at which a person would have been asked it is rounded up,
    so that the next uncertain end asks (RELIABILITY I3)."""
    total = uncertain + again
    asked = total // UNCERTAIN_LIMIT > uncertain // UNCERTAIN_LIMIT
    return (total // UNCERTAIN_LIMIT + 1) * UNCERTAIN_LIMIT - 1 if asked else total


def part_at(letter: Letter, address: str) -> int:
    """The part that `address` gets next, from 1."""
    return len(towards(letter, address).get("proofs", letter.proofs)) + 1


def went_whole_to(letter: Letter, address: str) -> bool:
    """Whether an address that the letter has left was sent all of it in one mail, and may have it."""
    return letter.parts == 1 and any(one.copy.address == address and one.copy.count == 1 for one in letter.elsewhere)


def came_back(letter: Letter, address: str, part: int) -> Mapping[str, Any]:
    """The columns that change when a part comes back from an address that the letter has left.

    It and those after it are sent again if the letter goes there again; the latter may be there already, and count.
    """
    return {"elsewhere": tuple(_without(one, part) if one.copy.address == address else one for one in letter.elsewhere)}


def held_by(letter: Letter, part: int, attempt: int) -> str:
    """The address that the letter has left and that has this part from this attempt; "" for none."""
    return next((one.copy.address for one in letter.elsewhere if among(one.proofs, part, attempt)), "")


def _without(one: Elsewhere, part: int) -> Elsewhere:
    return replace(one, proofs=one.proofs[: part - 1], again=one.again + max(0, len(one.proofs) - part))
