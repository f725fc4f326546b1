"""What `nemboks config check` reads of the files that the settings name: certificates, keys, secrets.

Each finding is a setting and what is wrong with it. Nothing is changed, and no neighbour asked.
"""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nemboks.domain.doors import days_left
from nemboks.domain.mailbox import Address

if TYPE_CHECKING:
    from nemboks.settings import DeclaredMailbox, Further, Settings, Upstream
    from nemboks.settings.mail import Box


def upstream_faults(settings: "Settings", doors: Collection[str]) -> Iterator[tuple[str, str]]:
    """What keeps us out of Digital Post by one of these doors: files, and settings that are missing."""
    upstream = settings.upstream
    yield from _unusable_authorities("upstream.rest_ca_file", upstream.rest_ca_file)
    yield from _identity_faults(upstream, "rest" in doors)
    yield from missing("upstream", upstream.own_login)
    yield from _unusable_authorities("upstream.imap_ca_file", upstream.imap_ca_file)
    days = certificate_days(settings)
    if days is not None and days < 0:
        yield "upstream.client_cert_file", f"ended {-days} days ago: Digital Post lets us in no more"
    if "imap" in doors and not upstream.imap_host:
        yield "upstream.imap_host", "is missing: a mailbox has inbox = imap"


def certificate_days(settings: "Settings") -> int | None:
    """Whole days until our certificate ends, negative after it; None where there is none that can be read."""
    from nemboks.clock import RealClock

    ends_at = settings.upstream.certificate_ends_at()
    return days_left(ends_at, RealClock().now()) if ends_at else None


def mail_faults(settings: "Settings") -> Iterator[tuple[str, str]]:
    """Whatever of the mail's settings names a file, or a secret in one."""
    from nemboks.settings.mail import Server, Webhook

    named: list[tuple[str, Server | Box | Webhook]] = [
        *((f"servers.{name}", server) for name, server in settings.servers.items()),
        *((f"landings.{name}", box) for name, box in settings.landings.items()),
        *((f"webhooks.{name}", hook) for name, hook in settings.webhooks.items()),
        *([("returns", settings.returns)] if settings.returns else []),
    ]
    for name, one in named:
        yield from _unusable_authorities(f"{name}.ca_file", one.ca_file)
        yield from missing(name, one.key if isinstance(one, Webhook) else one.secret)
        if isinstance(one, Server) and one.oauth:
            yield from missing(f"{name}.oauth", one.oauth.secrets)
    yield from _unusable_authorities("direct.ca_file", settings.direct.ca_file)
    yield from _key_faults(settings)


def certificates(settings: "Settings") -> Iterator[tuple[str, str, str]]:
    """Each certificate (PEM) that can be read, with its setting and whose mails are encrypted to it."""
    from nemboks.settings.group import SettingsError, read

    for box in settings.mailboxes:
        named: tuple[DeclaredMailbox | Further, ...] = (box, *box.copies, *box.fallback)
        for one in named:
            try:
                pem = read(one.certificate_file, "certificate_file")
            except SettingsError:  # told already, with the mailbox's other faults
                continue
            if pem:
                yield f"mailboxes.{box.cvr}", one.address, pem


def names(pem: str) -> tuple[str, ...] | str:
    """The addresses that a certificate was made for, () if it names none; in words why it cannot be used."""
    from nemboks.clock import RealClock
    from nemboks.content import smime

    try:
        return smime.check(pem, RealClock().now()).addresses
    except smime.CertificateUnusable as error:
        return str(error)


def missing(setting: str, read: Callable[[], object]) -> Iterator[tuple[str, str]]:
    """The setting's fault, where what it names cannot be read."""
    from nemboks.settings import SettingsError

    try:
        read()
    except SettingsError as error:
        yield setting, str(error)


def _unusable_authorities(setting: str, file: Path | None) -> Iterator[tuple[str, str]]:
    from nemboks.intake.tls_files import TlsFileUnusable, trusted_context

    if file is None:
        return
    try:
        trusted_context(file)
    except TlsFileUnusable as error:
        yield setting, str(error)


def _key_faults(settings: "Settings") -> Iterator[tuple[str, str]]:
    """Our DKIM key's faults."""
    from nemboks.content import dkim

    file = settings.sender.dkim_key_file
    if file is None:
        return
    try:
        dkim.Signer.load(file.read_bytes(), Address(settings.sender.address).domain, settings.sender.dkim_selector)
    except OSError as error:
        yield "sender.dkim_key_file", f"{file} cannot be read ({error.strerror})"
    except ValueError as error:
        yield "sender.dkim_key_file", str(error)


def _identity_faults(upstream: "Upstream", wanted: bool) -> Iterator[tuple[str, str]]:
    """What keeps our certificate and its key from proving us; each of them for itself, then both together."""
    from nemboks.intake.tls_files import TlsFileUnusable, identified_context, read, trusted_context

    certificate, key = upstream.client_cert_file, upstream.client_key_file
    names = {"client_cert_file": (certificate, trusted_context), "client_key_file": (key, read)}
    whole = True
    for name, (file, looked_at) in names.items():
        try:
            if file is not None:
                looked_at(file)
                continue
            words = "is missing: inbox = rest needs our certificate and its key" if wanted else ""
        except TlsFileUnusable as error:
            words = str(error)
        whole = False
        if words:
            yield f"upstream.{name}", words
    if whole and certificate and key:
        try:
            identified_context(None, certificate, key)
        except TlsFileUnusable as error:
            yield f"upstream.{'client_key_file' if error.file == key else 'client_cert_file'}", str(error)
