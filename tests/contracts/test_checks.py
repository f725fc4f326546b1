"""The Checks port: the latest look at every place, on the real ledger and the fake."""

from datetime import timedelta

from nemboks.ports import Check, Finding
from tests.helpers import builders as make
from tests.helpers.clock import START

DAY = timedelta(days=1)
FAULT = Finding("no_starttls", True, (("server", "mx.bageri.example:25"), ("words", "offers no STARTTLS")))
LOOK = Check(make.ADDRESS, make.SERVER, START, (FAULT, Finding("mx", False)), START)


async def test_a_look_replaces_the_one_before(ledger):
    """Of each place the latest look is kept, whole; the same address by another server is another place."""
    other = Check(make.ADDRESS, "direct", START, ())
    later = Check(make.ADDRESS, make.SERVER, START + DAY, (Finding("mx", False),))
    await ledger.checks.keep(LOOK)
    await ledger.checks.keep(other)
    assert [LOOK, other] == await ledger.checks.all()

    await ledger.checks.keep(later)
    assert [later, other] == await ledger.checks.all()


async def test_old_looks_are_forgotten(ledger):
    """What was not looked at since is removed."""
    await ledger.checks.keep(LOOK)
    await ledger.checks.keep(Check("", "", START + DAY, ()))

    await ledger.checks.forget(START + DAY)
    assert [Check("", "", START + DAY, ())] == await ledger.checks.all()


def test_a_trouble_is_a_fault_before_an_ending():
    """A certificate that ends soon must be told too, but not in place of a fault."""
    ending = Finding("certificate_ends", False, (("days", "9"),))
    told = [
        Check("", "", START, findings).trouble for findings in ((ending, FAULT), (ending,), (Finding("mx", False),))
    ]

    assert [FAULT, ending, None] == told
