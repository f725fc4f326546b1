"""One mail to a scripted server, as the bad inputs of mail servers need it."""

from dataclasses import replace

from nemboks.clock import RealClock
from nemboks.delivery.courier import ServerCourier
from nemboks.domain.proof import Report
from tests.helpers.smtp_server import HELO, LETTER, QUICK, Certificates, ScriptedServer, make_mail


async def delivered(
    server: ScriptedServer, certificates: Certificates, letter: bytes = LETTER, pace=QUICK, **changes: object
) -> Report:
    """The report of one mail to the server."""

    async def yes() -> bool:
        return True

    async with server.running():
        access = replace(server.access(certificates), **changes)
        courier = ServerCourier({"own": access}, pace, RealClock(), HELO)
        report = await courier.deliver(make_mail(letter), 10, yes)
        await courier.close()
        await server.settled()
    assert server.faults == []
    return report
