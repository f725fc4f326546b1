"""The Domains port: what is remembered of recipient domains, on the real ledger and the fake."""

from datetime import timedelta

from nemboks.domain.proof import Level
from nemboks.ports import Domain
from tests.helpers.clock import START

NAME = "bageri.example"


async def test_nothing_is_known_of_a_new_domain(ledger):
    """It is at the lowest level, without exchangers and without a policy."""
    assert Domain(NAME) == await ledger.domains.get(NAME)


async def test_a_level_rises_and_never_falls_by_itself(ledger):
    """A delivery at a lower level than before changes nothing."""
    levels = []
    for level in (Level.UNSIGNED_MX, Level.DANE, Level.MTA_STS, Level.UNSIGNED_MX):
        await ledger.domains.delivered(NAME, level)
        levels.append((await ledger.domains.get(NAME)).level)

    assert [Level.UNSIGNED_MX, Level.DANE, Level.DANE, Level.DANE] == levels


async def test_a_person_lets_a_level_fall(ledger):
    """Relaxed, the domain is learnt anew."""
    await ledger.domains.delivered(NAME, Level.DANE)
    await ledger.domains.relax(NAME, "anna", "they gave DNSSEC up")
    assert Level.UNSIGNED_MX is (await ledger.domains.get(NAME)).level

    await ledger.domains.delivered(NAME, Level.MTA_STS)
    assert Level.MTA_STS is (await ledger.domains.get(NAME)).level


async def test_the_exchangers_before_are_told(ledger):
    """Each look brings what the one before saw, in whatever order DNS gives them."""
    assert () == await ledger.domains.seen(NAME, ["b.example", "a.example"])
    assert ("a.example", "b.example") == await ledger.domains.seen(NAME, ["a.example", "b.example"])
    assert ("a.example", "b.example") == await ledger.domains.seen(NAME, ["c.example"])
    known = await ledger.domains.get(NAME)
    assert (("c.example",), ("a.example", "b.example")) == (known.mx, known.mx_before)
    assert known.mx_changed_at == START


async def test_a_policy_is_kept_beside_the_rest(ledger):
    """The last policy stands, with its id and its end; level and exchangers stay."""
    await ledger.domains.delivered(NAME, Level.MTA_STS)
    await ledger.domains.seen(NAME, ["a.example"])
    until = START + timedelta(days=7)
    await ledger.domains.keep_policy(NAME, "1", "version: STSv1", START)
    await ledger.domains.keep_policy(NAME, "2", "version: STSv1\nmode: enforce", until)

    expected = Domain(NAME, Level.MTA_STS, ("a.example",), "2", "version: STSv1\nmode: enforce", until)
    assert expected == await ledger.domains.get(NAME)
    await ledger.domains.keep_policy(NAME, "", "", None)
    assert "" == (await ledger.domains.get(NAME)).sts_policy
