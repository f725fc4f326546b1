"""Who is told: the people a company named, its own address, the operator; never by the path that fails."""

from dataclasses import replace

import pytest

from nemboks.domain.circles import address_of, language_of
from nemboks.domain.incidents import Cause
from nemboks.domain.mailbox import Address
from tests.domain.troubles import (
    BY_MAIL,
    CONTACT,
    HOUR,
    OPERATOR,
    TO_ANNA,
    TO_OPERATOR,
    Troubles,
    company,
    ill,
)
from tests.helpers import builders as make

SAME_DOMAIN = Address("chef@bageri.example")
HOOK = "webhook:kontor"


def paths(troubles, *sick):
    return [notice.path for notice in troubles.told(*sick)]


def test_the_dead_domain_gets_none():
    """When the address is dead, neither it nor a second contact at its domain is written to; the webhook is."""
    box = company(contact=SAME_DOMAIN, options={"webhooks": ("kontor",)})

    assert [HOOK] == paths(Troubles(box), ill())


def test_nobody_can_be_reached():
    """Without a path left the incident says so, and the operator is told."""
    troubles = Troubles(company(contact=SAME_DOMAIN), operator=OPERATOR)

    assert [TO_OPERATOR] == paths(troubles, ill())
    assert [(), (TO_OPERATOR,)] == sorted(one.paths for one in troubles.incidents.values())


def test_an_unreachable_company_without_contact():
    """A company that named nobody and whose own address is dead has an open incident without a path."""
    troubles = Troubles(company(contact=None))

    assert [] == paths(troubles, ill())
    assert [()] == [one.paths for one in troubles.incidents.values()]


def test_told_when_a_path_is_there_again():
    """People who could not be reached are told once they can be."""
    troubles = Troubles(company(contact=SAME_DOMAIN))
    assert [] == paths(troubles, ill())
    troubles.mailboxes = (company(),)

    assert [BY_MAIL] == paths(troubles, ill())


@pytest.mark.parametrize("cause", [Cause.HELD, Cause.VANISHED, Cause.REFUSED, Cause.TOO_LARGE, Cause.CERTIFICATE])
def test_the_address_is_told_of_what_is_not_its_own(cause):
    """A trouble that is not the address's own is told to the address as well."""
    assert {BY_MAIL, TO_ANNA} == set(paths(Troubles(), ill(cause=cause)))


@pytest.mark.parametrize("cause", [Cause.FULL, Cause.JUNK, Cause.RETURNED, Cause.BOUNCED])
def test_one_bad_mailbox_is_not_a_bad_domain(cause):
    """Of a full mailbox a colleague at the same domain is told, the mailbox itself is not."""
    assert [f"mail:da:{SAME_DOMAIN}"] == paths(Troubles(company(contact=SAME_DOMAIN)), ill(cause=cause))


def test_a_customer_of_a_large_provider():
    """That one company's address at a provider is dead keeps nobody else from being told there."""
    anna = company(1, Address("anna@provider.example"))
    bo = company(2, None, cvr=make.BO, route=make.route(address="bo@provider.example"))
    owed = Troubles(anna, bo).told(ill(1), ill(2, mailbox=2, address="bo@provider.example", destination="direct:x"))

    assert [("mail:da:anna@provider.example", (1,))] == [(one.path, one.mailboxes) for one in owed]


def test_the_server_that_sends_notices_fails():
    """When the server that sends notices refuses our login, only webhooks are used."""
    box = company(options={"webhooks": ("kontor",)})

    assert [HOOK] == paths(Troubles(box, through="bageri"), ill(cause=Cause.LOGIN))
    assert [BY_MAIL, HOOK] == paths(Troubles(box, through="other"), ill(cause=Cause.LOGIN))


def test_the_accountants_dead_mailbox():
    """Of a copy that cannot be delivered the company is told, not the accountant."""
    assert [TO_ANNA] == paths(
        Troubles(), ill(cause=Cause.COPY, address=CONTACT, destination="direct:bogholder.example")
    )


def test_solved_is_told_to_those_who_were_told():
    """Who was told of a trouble is told of its end, though he was out of reach in between."""
    troubles = Troubles()
    troubles.told(ill())
    troubles.sick = [ill(), ill(2, Cause.COPY, address=CONTACT)]
    troubles.watch(HOUR)
    troubles.sick = []

    assert [BY_MAIL] == [one.path for one in troubles.watch(HOUR) if one.cause is Cause.ADDRESS]


def test_one_person_in_two_roles_is_told_once():
    """A second contact that is the address itself, or the operator, hears once."""
    own = company(contact=make.ADDRESS)
    runs = company(contact=OPERATOR)

    assert [TO_ANNA] == paths(Troubles(own), ill(cause=Cause.HELD))
    assert [TO_ANNA, TO_OPERATOR] == sorted(paths(Troubles(runs, operator=OPERATOR), ill(cause=Cause.HELD)))


def test_a_mailbox_that_is_gone():
    """Of a mailbox that is no longer served only the operator hears."""
    assert [TO_OPERATOR] == paths(Troubles(company(9), operator=OPERATOR), ill())
    assert [] == paths(Troubles(company(9)), ill())


def test_languages():
    """A second contact is told in its own language, the address in that of its mails."""
    box = company(options={"language": "en", "contact_language": "en"})
    found = paths(Troubles(box), ill(cause=Cause.HELD))

    assert {"en"} == {language_of(path) for path in found}
    assert {CONTACT, make.ADDRESS} == {address_of(path) for path in found}
    assert ("da", None) == (language_of(HOOK), address_of(HOOK))


def test_the_letter_case_of_an_address():
    """An address is the same in any letter case when it is looked for among the failing."""
    box = company(contact=Address("Anna@Bageri.example"))

    box = replace(box, route=make.route(address="x@else.example"))

    assert ["mail:da:x@else.example"] == paths(Troubles(box), ill(cause=Cause.FULL))
