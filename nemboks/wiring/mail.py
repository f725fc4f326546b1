"""Settings -> couriers, the memory of domains, returned mail, landings, notices: all that is around a mail."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cached_property

from nemboks.content import dkim
from nemboks.content.announcement_mail import compose_announcement
from nemboks.content.notice_mail import compose_notice
from nemboks.delivery.access import ServerAccess
from nemboks.delivery.courier import Carrier, Couriers, ServerCourier
from nemboks.delivery.direct import DirectCourier
from nemboks.delivery.mail_notifier import MailAnnouncer, MailNotifier
from nemboks.delivery.mta_sts import Policies
from nemboks.delivery.oauth import TokenAccess
from nemboks.delivery.own_domain import OwnDomain
from nemboks.delivery.probe import Preflight
from nemboks.delivery.resolver import Resolver
from nemboks.delivery.targets import DirectAccess, Targets
from nemboks.delivery.webhook import WebhookAccess, WebhookListener, WebhookNotifier
from nemboks.domain.mailbox import Address
from nemboks.domain.proof import Way
from nemboks.intake.imap import ImapAccess
from nemboks.intake.landing import ImapLandings, Login
from nemboks.intake.returns import ImapReturnBox
from nemboks.journey.world import Checking, Returning, Telling
from nemboks.logs import log
from nemboks.ports import Clock, Courier
from nemboks.ports.people import Announcer
from nemboks.settings import Server, Settings, SettingsError
from nemboks.settings.mail import Box
from nemboks.store.store import Store
from nemboks.store.vault import Vault

NOWHERE = ("127.0.0.1",)  # a machine that names no DNS server: a letter that wants one says so, and waits
RETURN_PATH, MESSAGE_ID = "return path", "message id"  # what keys are derived for


@dataclass(frozen=True)
class MailRoom:
    """What the settings say about mail, made on demand. SettingsError where a file cannot be read or is no key."""

    settings: Settings
    store: Store
    clock: Clock

    @cached_property
    def servers(self) -> Mapping[str, ServerAccess]:
        return {name: _access(server) for name, server in self.settings.servers.items()}

    @cached_property
    def targets(self) -> Targets:
        given, hello = self.settings.direct, self.settings.sender.hello
        access = DirectAccess(hello, given.port, given.ca_file, given.internal)
        return Targets(self._resolver, self.policies, self.store.domains, access, self.clock)

    @cached_property
    def policies(self) -> Policies:
        given = self.settings.direct
        return Policies(self._resolver, self.store.domains, self.clock, given.ca_file, internal=given.internal)

    @cached_property
    def signer(self) -> dkim.Signer | None:
        """Our DKIM key; None where mails are signed by others or not at all."""
        given = self.settings.sender
        if given.dkim_key_file is None:
            return None
        try:
            domain = Address(given.address).domain
            return dkim.Signer.load(given.dkim_key_file.read_bytes(), domain, given.dkim_selector)
        except OSError as error:
            raise SettingsError(f"sender.dkim_key_file: it cannot be read ({error.strerror})") from error
        except ValueError as error:
            raise SettingsError(f"sender.dkim_key_file: {error}") from error

    def courier(self) -> Couriers:
        """The Courier of all mails; close it. The log says whose word made a relay's enough."""
        for name, server in self.settings.servers.items():
            if server.relay_trusted_by:
                log().warning("relay_trusted", server=name, by=server.relay_trusted_by)
        pace, hello = self.settings.pace, self.settings.sender.hello
        carrier = Carrier(pace, self.clock, hello)
        direct = DirectCourier(self.targets, self.store.domains, carrier, self.clock)
        return Couriers(ServerCourier(self.servers, pace, self.clock, hello), direct)

    def prober(self, carrier: Carrier) -> Preflight:
        """The Prober. The carrier is the caller's to close."""
        sender = self.settings.sender.address
        return Preflight(self.servers, self.targets, self.policies, carrier, self.clock, sender, self.own_domain)

    @cached_property
    def own_domain(self) -> OwnDomain:
        """Who our mails come from, and what is to be published for that."""
        given = self.settings.sender
        record = dkim.record(given.dkim_key_file.read_bytes()) if self.signer and given.dkim_key_file else ""
        return OwnDomain(Address(given.address).domain, given.return_domain, given.dkim_selector, record)

    def checking(self, stack: AsyncExitStack) -> Checking:
        """What looks at addresses before a letter is at risk."""
        carrier = self.carrier()
        stack.push_async_callback(carrier.close)
        return Checking(self.prober(carrier), self.store.checks)

    def carrier(self) -> Carrier:
        """Connections for the Prober."""
        return Carrier(self.settings.pace, self.clock, self.settings.sender.hello)

    async def returning(self, vault: Vault, stack: AsyncExitStack) -> Returning | None:
        """Where returned mail goes; None where it comes back to nobody."""
        if self.settings.returns is None:
            return None
        box = ImapReturnBox(_login(self.settings.returns), self.settings.pace, self.clock)
        stack.push_async_callback(box.close)
        return Returning(self.settings.sender.return_domain, vault.derive(RETURN_PATH), box)

    async def landings(self, stack: AsyncExitStack) -> ImapLandings | None:
        """Where we may look whether a mail arrived."""
        if not self.settings.landings:
            return None
        logins = {name: _login(box) for name, box in self.settings.landings.items()}
        landings = ImapLandings(logins, self.settings.pace, self.clock)
        stack.push_async_callback(landings.close)
        return landings

    def telling(self, courier: Courier) -> Telling:
        """How people are told."""
        given, settings = self.settings.notices, self.settings
        hooks = {
            name: WebhookAccess(hook.url, hook.key(), hook.ca_file, hook.internal)
            for name, hook in settings.webhooks.items()
        }
        mail = MailNotifier(courier, given.server, Address(settings.sender.address), settings.pace, compose_notice)
        return Telling(
            self.store.incidents, self.store.stream, {"mail": mail, "webhook": WebhookNotifier(hooks, self.clock)},
            Address(given.operator) if given.operator else None, given.server,
            {name: WebhookListener(hooks[name], self.clock) for name, hook in settings.webhooks.items() if hook.events},
            settings.upstream.certificate_ends_at(),
        )  # fmt: skip

    def announcers(self, courier: Courier) -> Mapping[str, Announcer]:
        """How people are told of acts."""
        sender, pace = Address(self.settings.sender.address), self.settings.pace
        return {"mail": MailAnnouncer(courier, self.settings.notices.server, sender, pace, compose_announcement)}

    @cached_property
    def _resolver(self) -> Resolver:
        given = self.settings.direct
        try:
            return Resolver(given.resolvers, given.validating)
        except ValueError as error:
            if given.resolvers or given.validating:
                raise SettingsError(f"direct.resolvers: {error}") from error
            return Resolver(NOWHERE)


def _access(server: Server) -> ServerAccess:
    oauth = None
    if server.oauth:
        given = server.oauth
        oauth = TokenAccess(given.token_url, given.client_id, *given.secrets(), given.scope)
    return ServerAccess(
        server.host, server.port, server.tls == "implicit", server.ca_file, server.username, server.secret(), oauth,
        Way(server.confirms), bool(server.relay_trusted_by), server.internal,
    )  # fmt: skip


def _login(box: Box) -> Login:
    return Login(ImapAccess(box.host, box.port, box.ca_file), box.user, box.secret())
