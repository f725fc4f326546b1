"""A Debian Postfix that can go wrong in every way of RELIABILITY 4e, with a Dovecot that knows its logins."""

import datetime as dt
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

from tests.delivery.postfix_peer import Postfix, running_postfix
from tests.helpers.dovecot import dovecot

IMPLICIT = "-o smtpd_tls_wrappermode=yes"
DATA = f"{IMPLICIT} -o smtpd_discard_ehlo_keywords=chunking"
STARTTLS = "-o smtpd_tls_security_level=encrypt"
BAD = ("another_name", "expired", "not_yet", "self_signed", "unknown")
SERVICES = {
    "data": DATA,
    "starttls": STARTTLS,
    "clear": "-o smtpd_tls_security_level=none",
    "greeting_421": f"{DATA} -o {{ smtpd_client_restrictions = check_client_access static:{{421 4.3.2 busy}} }}",
    "greeting_450": f"{DATA} -o {{ smtpd_client_restrictions = check_client_access static:{{450 4.7.1 busy}} }}",
    "greeting_554": f"{DATA} -o {{ smtpd_client_restrictions = check_client_access static:{{554 5.7.1 no}} }}",
    "ehlo_550": f"{DATA} -o {{ smtpd_helo_restrictions = check_helo_access static:{{550 5.7.1 no}} }}",
    "seven_bits": f"{IMPLICIT} -o smtpd_discard_ehlo_keywords=chunking,8bitmime",
    "login": f"{DATA} -o smtpd_sasl_auth_enable=yes",
    "tls10": f"{IMPLICIT} -o smtpd_tls_mandatory_protocols=TLSv1 -o {{ tls_medium_cipherlist = ALL:@SECLEVEL=0 }}",
    **{name: f"{IMPLICIT} -o smtpd_tls_chain_files={{home}}/{name}.pem" for name in BAD},
    **{f"{name}_starttls": f"{STARTTLS} -o smtpd_tls_chain_files={{home}}/{name}.pem" for name in BAD},
}
MAIN = """\
smtpd_delay_reject = no
smtpd_sender_restrictions = check_sender_access texthash:{home}/mail_says
smtpd_recipient_restrictions = check_sender_access texthash:{home}/rcpt_says,
    check_recipient_access inline:{ {moved@bakery.example = 551 5.1.6 moved to <x@elsewhere.example>} }
smtpd_data_restrictions = check_sender_access texthash:{home}/data_says
smtpd_end_of_data_restrictions = check_sender_access texthash:{home}/dot_says
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth}
"""
SAYS = {
    "mail": ["421 4.3.2 x", "451 4.3.0 x", "550 5.7.1 x", "552 5.3.4 x", "530 5.7.0 x"],
    "rcpt": [
        "421 4.3.2 x", "450 4.2.0 Greylisted, try again in 300 seconds", "451 4.7.1 Greylisted", "452 4.2.2 x",
        "552 5.2.2 x",
    ],
    "data": ["421 4.3.2 x", "554 5.7.1 x", "503 5.5.1 x"],
    "dot": ["421 4.3.2 x", "451 4.3.0 x", "554 5.7.1 x", "552 5.3.4 x"],
}  # fmt: skip


def bad_certificates(authority: trustme.CA, home: Path) -> None:
    """One file for each way to be wrong."""
    now, day = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
    alone = trustme.CA()
    leaves = {
        "another_name": authority.issue_cert("mail.elsewhere.example"),
        "expired": authority.issue_cert("localhost", not_before=now - 9 * day, not_after=now - day),
        "not_yet": authority.issue_cert("localhost", not_before=now + day, not_after=now + 9 * day),
        "unknown": alone.issue_cert("localhost"),
        "self_signed": alone,
    }
    for name, leaf in leaves.items():
        own = isinstance(leaf, trustme.CA)
        chain = leaf.cert_pem.bytes() if own else b"".join(one.bytes() for one in leaf.cert_chain_pems)
        (home / f"{name}.pem").write_bytes(leaf.private_key_pem.bytes() + chain)
        (home / f"{name}.pem").chmod(0o600)


@contextmanager
def faulty_postfix() -> Iterator[Postfix]:
    """One Postfix; a service for each fault of a connection, and an access map for each stage."""
    tables = {
        f"{stage}_says": "".join(f"{stage}-{says[:3]}{says[4:9]}@sender.example {says}\n" for says in answers)
        for stage, answers in SAYS.items()
    }
    auth: list[int] = []

    def listener(_: Path) -> str:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            auth.append(probe.getsockname()[1])
        inet = f"inet_listener {{\n address = 127.0.0.1\n port = {auth[0]}\n }}"
        return f"service auth {{\n {inet}\n}}\nauth_username_format = %n\n"

    with (
        dovecot(listener),
        running_postfix(SERVICES, MAIN.replace("{auth}", str(auth[0])), tables, bad_certificates) as running,
    ):
        yield running
