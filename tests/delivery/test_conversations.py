"""Each file in tests/conversations is one situation with a mail server, and what the courier must make of it."""

import asyncio
from pathlib import Path

import pytest

from nemboks.clock import RealClock
from nemboks.delivery.courier import ServerCourier
from nemboks.domain.proof import SAFE_TLS, Stage
from tests.helpers.smtp_server import HASTY, HELO, LETTER, QUICK, Certificates, Conversation, ScriptedServer, make_mail

FILES = sorted((Path(__file__).parent.parent / "conversations").glob("*.txt"))

# A handshake on a busy machine takes its time; what is waited for here is an answer.
SILENT = HASTY.model_copy(update={"connect_seconds": 2.0})


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_conversation(file: Path, certificates: Certificates) -> None:
    """The report, the dot and the question before it are as the file says."""
    talk = Conversation.parse(file.read_text(encoding="utf-8"))
    says = talk.settings
    letter = bytes(says["letter"], "latin-1").decode("unicode_escape").encode("latin-1") if "letter" in says else LETTER
    letter *= int(says.get("times", 1))
    asked: list[bool] = []
    server = ScriptedServer(talk.connections, certificates.context, says.get("tls", "implicit") == "implicit")

    async def before_dot() -> bool:
        asked.append(True)
        await asyncio.wait_for(server.cue.wait(), 5)
        return says.get("answer", "yes") == "yes"

    async with server.running():
        access = {"own": server.access(certificates, says.get("login"))}
        courier = ServerCourier(access, SILENT if "silent" in says else QUICK, RealClock(), HELO)
        for _ in range(int(says.get("mails", 1))):
            asked.clear()
            mail = make_mail(letter, int(says.get("piece", 0)), eight_bit="eight_bit" in says)
            report = await courier.deliver(mail, 10, before_dot)
        await courier.close()
        await server.settled()

    assert server.faults == []
    stage, code, enhanced = (*says["expect"].split(), "", "")[:3]
    seen = (report.stage.name, str(report.reply.code) if report.reply else "", report.reply and report.reply.enhanced)
    assert seen == (stage, code, enhanced if code else None), report
    assert says.get("words", "") in report.words
    assert bool(report.words) == (report.reply is None) or "words" in says
    assert says.get("text", "") in (report.reply.text if report.reply else "")
    dotted = server.heard[-1].dotted if server.heard else False
    assert dotted == (says.get("dot", "yes" if stage == "DOT" else "no") == "yes")
    assert bool(asked) == (says.get("asked", "yes" if stage == "DOT" else "no") == "yes")
    if dotted and server.heard[-1].letter is not None:
        assert server.heard[-1].letter == letter
    if report.stage >= Stage.MAIL:
        assert report.tls
        assert report.tls.version in SAFE_TLS
    assert b"MAIL" not in server.heard[-1].clear
