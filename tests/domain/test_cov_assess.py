"""A letter that comes back alone, right after another was told of, whose own trouble is over."""

from nemboks.domain.incidents import Cause
from tests.domain.troubles import PACE, Troubles, ill


def test_a_letter_that_takes_a_told_ones_place_is_told_in_its_turn() -> None:
    """The first was cured meanwhile and nothing else is wrong: the second is heard of once people have had quiet."""
    town = Troubles()
    assert [one.letters for one in town.told(ill(1, Cause.BOUNCED))] == [(1,)]

    town.sick = [ill(2, Cause.BOUNCED)]
    assert town.look(1) == []
    (incident,) = town.incidents.values()
    assert (incident.letters, incident.quiet_since) == ((1,), None)
    assert [one.letters for one in town.look(PACE.quiet_seconds)] == [(2,)]
