"""The chain of types that is the promise: no receipt without a confirmation, no confirmation without a verified 2yz."""

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from nemboks.domain.guard import receipt_may_go
from nemboks.domain.letter import State
from nemboks.domain.proof import Receipt, Reply
from tests.domain.samples import AT, LATER, MAILBOX, TLS, confirmation, letter


@pytest.mark.parametrize("code", [200, 250, 251, 252, 299])
def test_any_2yz_confirms(code: int) -> None:
    """RFC 5321 4.2.1: the first digit decides."""
    assert confirmation(reply=Reply(code, "", "")).reply.code == code


@pytest.mark.parametrize("code", [0, 25, 199, 300, 354, 421, 450, 550, 599, 2500])
def test_no_other_code_confirms(code: int) -> None:
    """What is not 2yz is refused where the confirmation is made."""
    with pytest.raises(ValueError):
        confirmation(reply=Reply(code, "2.0.0", "ok"))


@pytest.mark.parametrize(
    "facts",
    [{"version": "TLSv1.1"}, {"version": "TLSv1"}, {"version": "SSLv3"}, {"version": ""}, {"verified_name": ""}],
    ids=str,
)
def test_a_confirmation_needs_verified_tls(facts: dict[str, Any]) -> None:
    """An old version, or a name that was not checked, confirms nothing."""
    with pytest.raises(ValueError):
        confirmation(tls=replace(TLS, **facts))


def test_a_receipt_is_made_from_a_confirmation_only() -> None:
    """A reply, a 250 or a yes is not one."""
    assert Receipt(confirmation(), "id", "t", AT, 1).confirmation.attempt == 1
    for other in (None, True, 250, Reply(250, "2.0.0", "ok"), "250 ok"):
        with pytest.raises(TypeError):
            Receipt(other, "id", "t", AT, 1)  # type: ignore[arg-type]


def test_proofs_do_not_change() -> None:
    """What is proved cannot be edited afterwards."""
    with pytest.raises(FrozenInstanceError):
        confirmation().attempt = 2  # type: ignore[misc]


@pytest.mark.parametrize("state", State)
def test_a_receipt_may_go_from_forwarded_only(state: State) -> None:
    """Every other state brings a reason, a confirmation on the row or not."""
    allowed = receipt_may_go(letter(state, confirmation=confirmation()), MAILBOX, AT) == ""
    assert allowed == (state is State.FORWARDED)


def test_no_receipt_without_the_confirmation_on_the_row() -> None:
    """FORWARDED alone is not believed."""
    assert receipt_may_go(letter(State.FORWARDED, confirmation=None), MAILBOX, AT)


def test_a_pause_stops_no_receipt_but_a_parked_mailbox_does() -> None:
    """D16: the company has its letter; upstream's refusal is waited out, to the second."""
    forwarded = letter(State.FORWARDED)
    assert receipt_may_go(forwarded, replace(MAILBOX, paused_at=AT), LATER) == ""
    assert receipt_may_go(forwarded, replace(MAILBOX, parked_until=LATER), AT)
    assert receipt_may_go(forwarded, replace(MAILBOX, parked_until=LATER), LATER) == ""
