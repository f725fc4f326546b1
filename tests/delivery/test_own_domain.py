"""Our own domain in the DNS: SPF, DKIM, DMARC, and where returned mail goes."""

import pytest

from nemboks.delivery.own_domain import OWN_CODES, OwnDomain, look
from nemboks.delivery.resolver import Resolver
from tests.helpers.dns_server import DnsServer

OWN = OwnDomain("own.example", "back.own.example", "k1", "v=DKIM1; k=rsa; p=QUJD")
GOOD = """\
own.example. TXT "v=spf1 mx -all"
back.own.example. TXT "v=spf1 ip4:192.0.2.1 -all"
back.own.example. TXT "v=other"
back.own.example. MX 10 mx.own.example.
k1._domainkey.own.example. TXT "v=DKIM1; k=rsa; " "p=QU JD"
_dmarc.own.example. TXT "v=DMARC1; p=reject"
"""


async def found(zone: str, own: OwnDomain = OWN, servfail: str = "") -> list[tuple[str, bool]]:
    """Codes and whether they are faults."""
    async with DnsServer(zone, servfail={servfail}).running() as server:
        findings = await look(own, Resolver([server.address], seconds=1))
    assert {finding.code for finding in findings} <= set(OWN_CODES)
    return [(finding.code, finding.fault) for finding in findings]


async def test_a_domain_in_order():
    """With everything published, three good findings."""
    assert await found(GOOD) == [("spf", False), ("dkim", False), ("dmarc", False)]


@pytest.mark.parametrize(
    ("old", "new", "code", "fault"),
    [
        ('back.own.example. TXT "v=spf1 ip4:192.0.2.1 -all"', "", "spf_missing", True),
        ('back.own.example. TXT "v=other"', 'back.own.example. TXT "v=spf1 -all"', "spf_several", True),
        ("ip4:192.0.2.1 -all", "ip4:192.0.2.1 +all", "spf_open", True),
        ("ip4:192.0.2.1 -all", "all", "spf_open", True),
        ("ip4:192.0.2.1 -all", "include:all.example ~all", "spf", False),
        ("ip4:192.0.2.1 -all", "?all", "spf_open", True),
        ("k1._domainkey", "k2._domainkey", "dkim_missing", True),
        ("p=QU JD", "p=", "dkim_missing", True),
        ("p=QU JD", "p=QU JE", "dkim_other", True),
        ("_dmarc.own", "_dmarc.another", "dmarc_missing", False),
        ("p=reject", "p=none", "dmarc_none", False),
        ("_dmarc.own.example. TXT", '_dmarc.own.example. TXT "v=DMARC1; p=none"\n_dmarc.own.example. TXT',
         "dmarc_missing", False),
        ("back.own.example. MX 10 mx.own.example.", "back.own.example. MX 0 .", "returns_no_mx", True),
    ],
)  # fmt: skip
async def test_each_fault_has_its_code(old, new, code, fault):
    """Missing, doubled, open, another key, taken back, without a policy: each is told apart."""
    assert (code, fault) in await found(GOOD.replace(old, new))


async def test_what_is_not_set_up_is_not_missed():
    """Without a selector DKIM is off, and without a return domain the address's own counts for SPF."""
    codes = await found(GOOD, OwnDomain("own.example"))

    assert codes == [("spf", False), ("dkim_off", False), ("dmarc", False)]


async def test_a_policy_of_the_domain_above_counts():
    """A subdomain that says nothing goes by its parent's DMARC record."""
    assert ("dmarc", False) in await found(GOOD, OwnDomain("mail.own.example"))


async def test_an_outage_is_no_fault_of_ours():
    """When the DNS fails for one question, the others are still answered."""
    codes = await found(GOOD, servfail="_dmarc.own.example")

    assert codes == [("spf", False), ("dkim", False), ("own_dns_failed", False)]
