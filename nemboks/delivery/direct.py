"""Delivers to the mail servers of the recipient's own domain: the Courier port for `direct`.

Promises: one attempt overall, however many servers the domain has; the next one is tried only while the letter is
certainly nobody's, and before any server judged the recipient; what a domain proved once is demanded from then on.
Never does: deliver at less than `targets.py` found, or raise for what servers or the DNS do.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from nemboks.delivery.courier import Carrier
from nemboks.delivery.targets import Found, NoWay, Targets
from nemboks.domain.proof import Level, Report, Stage, Way
from nemboks.logs import log
from nemboks.ports import Clock, Domains, Mail

BeforeDot = Callable[[], Awaitable[bool]]


class DirectCourier:
    """The Courier port for mails whose server is `direct`."""

    def __init__(self, targets: Targets, domains: Domains, carrier: Carrier, clock: Clock) -> None:
        self._targets, self._domains, self._carrier, self._clock = targets, domains, carrier, clock
        self._learning: set[asyncio.Task[None]] = set()

    async def deliver(self, mail: Mail, seconds: float, before_dot: BeforeDot) -> Report:
        """What happened; see the port. Of several servers' reports the one that came furthest."""
        begun = self._clock.monotonic()
        domain = mail.recipient.rpartition("@")[2].lower()
        try:
            async with asyncio.timeout(seconds):
                found = await self._targets.find(domain)
        except NoWay as end:
            return self._report(domain, end, begun)
        except TimeoutError:
            return self._late(domain, seconds)
        reports: list[Report] = []
        for host in found.hosts:
            left = seconds - (self._clock.monotonic() - begun)
            if left <= 0:
                break
            reports.append(await self._try(found, host, mail, left, before_dot))
            if not _falls_through(reports[-1]):
                break
        report = max(reports or [self._late(domain, seconds)], key=lambda one: one.stage)
        self._learn(found, domain, report)
        return replace(report, way=Way.DIRECT, seconds=self._clock.monotonic() - begun)

    async def close(self) -> None:
        """Take leave of idle connections, and finish what is being written down."""
        await self._carrier.close()
        await asyncio.gather(*self._learning)

    async def _try(self, found: Found, host: str, mail: Mail, seconds: float, before_dot: BeforeDot) -> Report:
        begun = self._clock.monotonic()
        try:
            async with asyncio.timeout(seconds):
                access = await self._targets.target(found, host)
        except NoWay as end:
            return self._report(host, end, begun)
        except TimeoutError:
            return self._late(host, seconds)
        left = seconds - (self._clock.monotonic() - begun)
        return await self._carrier.deliver_to(access, mail, left, before_dot)

    def _report(self, server: str, end: NoWay, begun: float) -> Report:
        took = self._clock.monotonic() - begun
        return Report(end.stage, server, end.reply, words=end.words, seconds=took, way=Way.DIRECT)

    def _late(self, server: str, seconds: float) -> Report:
        words = f"the DNS took longer than {seconds:g} s"
        return Report(Stage.LOOKUP, server, words=words, seconds=seconds, way=Way.DIRECT)

    def _learn(self, found: Found, domain: str, report: Report) -> None:
        """Write down what the domain proved, beside: no failure and no cancel may hide that the letter arrived."""
        accepted = report.stage is Stage.DOT and report.reply is not None and report.reply.code // 100 == 2
        if accepted and report.tls and report.tls.level > found.known.level:
            task = asyncio.create_task(self._delivered(domain, report.tls.level))
            self._learning.add(task)
            task.add_done_callback(self._learning.discard)

    async def _delivered(self, domain: str, level: Level) -> None:
        try:
            await self._domains.delivered(domain, level)
        except Exception:  # learnt with the next letter
            log().exception("domain_level_unkept", domain=domain, level=level.name)


def _falls_through(report: Report) -> bool:
    """Whether the next server may be asked. A 5yz greeting speaks for its server only (as in Postfix)."""
    if report.stage <= Stage.GREETING:
        return report.stage is not Stage.LOOKUP or report.reply is None
    return report.stage is Stage.MAIL and (report.reply is None or report.reply.code < 500)
