"""What the daily check found, as an incident: beside letters' own troubles, and never told through itself."""

from nemboks.domain.circles import failing
from nemboks.domain.incidents import Cause, NoticeKind
from tests.domain.troubles import BY_MAIL, DAY, HOUR, PACE, TO_ANNA, Troubles, company, ill, kinds
from tests.helpers import builders as make

FOUND = ill(None, Cause.PREFLIGHT, words="recipient_unknown: words=550 5.1.1", destination="")
ENDS = ill(None, Cause.PREFLIGHT, words="certificate_ends: days=9", definite=False)


def test_a_letter_that_met_the_fault_tells_it_alone():
    """People hear of a dead address once, by its letters; when those are through and the fault is not, by the check."""
    town = Troubles()
    told = town.told(ill(), FOUND)
    assert [(Cause.ADDRESS, BY_MAIL)] == [(notice.cause, notice.path) for notice in told]
    assert town.watch(HOUR) == []

    town.sick = [FOUND]
    causes = [notice.cause for notice in town.watch(HOUR)]
    assert [Cause.PREFLIGHT, Cause.ADDRESS] == causes


def test_a_fault_that_was_told_stays_open_when_a_letter_meets_it():
    """It is not solved then."""
    town = Troubles()
    assert [NoticeKind.STOPPED] == kinds(town.told(FOUND))
    town.sick = [FOUND, ill()]

    assert [Cause.ADDRESS] == [notice.cause for notice in town.watch(PACE.quiet_seconds * 2)]
    town.sick = []
    assert {NoticeKind.SOLVED} == set(kinds(town.watch(DAY)))


def test_what_a_fault_says_of_the_ways_to_people():
    """A dead address says nothing about its server; a server's fault does; what only ends soon says nothing."""
    server = ill(None, Cause.PREFLIGHT, destination=make.SERVER)
    dead, shut, fine = (failing([one])[1] for one in (FOUND, server, ENDS))

    assert (True, False) == (dead.blocks(TO_ANNA, "relay"), dead.blocks(BY_MAIL, make.SERVER))
    assert (True, True) == (shut.blocks(TO_ANNA, "relay"), shut.blocks(BY_MAIL, make.SERVER))
    assert (False, False) == (fine.blocks(TO_ANNA, make.SERVER), fine.blocks(BY_MAIL, make.SERVER))


def test_an_account_without_helpers_hears_of_a_certificate_that_ends():
    """Mail still arrives there."""
    town = Troubles(company(contact=None))

    assert [TO_ANNA] == [notice.path for notice in town.told(ENDS)]
