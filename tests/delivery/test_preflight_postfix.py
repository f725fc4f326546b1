"""Each fault of an address or its server, shown by Debian's Postfix and a resolver of ours, has a verdict of its own.

That is the acceptance of a preflight (FEATURES B12): told apart before any letter is at risk, and no mail is sent.
"""

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from nemboks.desk.preflight import FAULT, OK, WARNING, check_item
from nemboks.desk.words import Lang
from nemboks.domain.mailbox import Address
from nemboks.ports import Check
from tests.delivery.direct_world import DOMAIN, HOSTS, ONE, STS, DirectWorld, direct_world
from tests.delivery.postfix_peer import Postfix, running_postfix
from tests.delivery.probe_world import DAY, NOW, preflight
from tests.helpers.sts_server import POLICY

pytestmark = [pytest.mark.peer, pytest.mark.allow_hosts(HOSTS)]

STARTTLS = "-o smtpd_tls_security_level=encrypt -o smtpd_tls_chain_files={home}/mx.pem"
LARGE = "-o message_size_limit=52428800"
LATER = "{ smtpd_recipient_restrictions = check_recipient_access static:{450 4.7.1 Greylisted} }"
SERVICES = {
    "good": f"{STARTTLS} {LARGE}",
    "small": STARTTLS,
    "later": f"{STARTTLS} {LARGE} -o {LATER}",
    "clear": "-o smtpd_tls_security_level=none",
    "expired": f"-o smtpd_tls_security_level=encrypt -o smtpd_tls_chain_files={{home}}/expired.pem {LARGE}",
    "elsewhere": f"-o smtpd_tls_security_level=encrypt -o smtpd_tls_chain_files={{home}}/elsewhere.pem {LARGE}",
    "unknown": f"-o smtpd_tls_security_level=encrypt -o smtpd_tls_chain_files={{home}}/unknown.pem {LARGE}",
    "old": f"{STARTTLS} -o smtpd_tls_mandatory_protocols=TLSv1.1 -o {{ tls_medium_cipherlist = ALL:@SECLEVEL=0 }}",
    "ending": f"-o smtpd_tls_security_level=encrypt -o smtpd_tls_chain_files={{home}}/ending.pem {LARGE}",
}


def _certificates(authority: trustme.CA, home: Path) -> None:
    """A good certificate for the exchanger, and one file for each way to be wrong."""
    name = f"mx1.{DOMAIN}"
    leaves = {
        "mx": authority.issue_cert(name),
        "expired": authority.issue_cert(name, not_before=NOW - 9 * DAY, not_after=NOW - DAY),
        "ending": authority.issue_cert(name, not_before=NOW - 9 * DAY, not_after=NOW + dt.timedelta(days=9, hours=9)),
        "elsewhere": authority.issue_cert("mail.elsewhere.example"),
        "unknown": trustme.CA().issue_cert(name),
    }
    for file, leaf in leaves.items():
        leaf.private_key_and_cert_chain_pem.write_to_path(str(home / f"{file}.pem"))
        (home / f"{file}.pem").chmod(0o600)


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    """One Postfix that stands at each port as another kind of mail server."""
    with running_postfix(SERVICES, issue=_certificates) as running:
        yield running


@dataclass(frozen=True)
class Case:
    """One way to be, and the verdict that it must get."""

    code: str  # of the worst finding
    result: str = FAULT
    service: str = "good"
    zone: str = ONE
    address: str = f"post@{DOMAIN}"
    policy: str = ""
    secure: bool = False
    tlsa: str = ""


CASES = [
    Case("recipient_taken", OK),
    Case("recipient_taken", OK, zone=ONE + STS, policy=POLICY.replace("mx.bakery", "mx1.bakery")),
    Case("recipient_unknown", address=f"nobody@{DOMAIN}"),
    Case("recipient_later", WARNING, "later"),
    Case("no_starttls", service="clear"),
    Case("tls_old", service="old"),
    Case("certificate_expired", service="expired"),
    Case("certificate_name", service="elsewhere"),
    Case("certificate_unknown", service="unknown"),
    Case("certificate_ends", WARNING, "ending"),
    Case("size_small", WARNING, "small"),
    Case("null_mx", zone=f"{DOMAIN}. MX 0 .\n"),
    Case("no_domain", zone="other.example. A 127.0.0.1\n"),
    Case("no_mail_server", zone=f'{DOMAIN}. TXT "nothing"\n'),
    Case("mta_sts_unnamed", zone=ONE + STS, policy=POLICY),
    Case("dane_mismatch", secure=True, tlsa=f"TLSA 3 1 1 {'ab' * 32}"),
]


@asynccontextmanager
async def _world(case: Case, postfix: Postfix, folder: Path) -> AsyncIterator[DirectWorld]:
    port, ca_file = postfix.ports[case.service], postfix.home / "ca.pem"
    tlsa = f"_{port}._tcp.mx1.{DOMAIN}. {case.tlsa}\n" if case.tlsa else ""
    async with direct_world(folder, case.zone + tlsa, validating=case.secure, port=port, ca_file=ca_file) as world:
        world.dns.secure = case.secure
        if case.policy:
            world.web.text = case.policy
        yield world


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code} {case.service} {len(case.zone)}")
async def test_each_fault_has_its_verdict(case, postfix, tmp_path):
    """The verdict, with words and a next step in both languages; nothing is delivered by asking."""
    async with _world(case, postfix, tmp_path) as world:
        found = await preflight(world).probe(Address(case.address), "direct")

    for lang in Lang:
        item = check_item(Check(case.address, "direct", NOW, tuple(found)), lang)
        first = item["findings"][0]
        told = [one for one in item["findings"] if one["result"] == item["result"]]
        assert (case.result, case.code) == (item["result"], told[-1]["code"]), item
        assert case.result == OK or (first["text"] and first["next_step"] and first["technical"])
    assert postfix.letters() == []


def test_the_verdicts_are_told_apart():
    """No two faults share a verdict."""
    codes = [case.code for case in CASES if case.result != OK]

    assert len(set(codes)) == len(codes)
