"""A letter of the largest legal size goes through in pieces."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.helpers.smtp_server import HELO, Certificates

MEGABYTES = 95
CLIENT = f"""
import asyncio, re, sys
from pathlib import Path
from nemboks.clock import RealClock
from nemboks.delivery.courier import ServerCourier, ServerAccess
from nemboks.domain.pace import Pace
from nemboks.ports import Mail

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

async def pieces():
    line = b"." + b"a" * 60 + b"\\r\\n"
    for _ in range({MEGABYTES} * 16):
        yield line * 1000 + b"b" * (65536 - len(line) * 1000 - 2) + b"\\r\\n"

async def yes():
    return True

async def main():
    access = ServerAccess("localhost", int(sys.argv[1]), True, Path(sys.argv[2]), internal=True)
    courier = ServerCourier({{"own": access}}, Pace(), RealClock(), "{HELO}")
    mail = Mail("a", "own", "a@b.example", "c@d.example", {MEGABYTES} * 2**20, False, pieces())
    before = peak()
    report = await courier.deliver(mail, 100, yes)
    await courier.close()
    print(report.reply.code, peak() - before)

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("offer", ["PIPELINING", "CHUNKING"])
async def test_a_large_letter_needs_little_memory(offer: str, certificates: Certificates) -> None:
    """95 MB raise the peak of the process by a few megabytes, by DATA as by BDAT."""
    received = 0

    async def sink(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        writer.write(b"220 hello\r\n")
        while line := await reader.readline():
            command = line.split()[0]
            if command == b"BDAT":
                await reader.readexactly(int(line.split()[1]))
                received += int(line.split()[1])
            elif command == b"DATA":
                writer.write(b"354 go on\r\n")
                while (line := await reader.readline()) != b".\r\n":
                    received += len(line) - line.startswith(b".")
            answer = f"250-mail\r\n250 {offer}" if command == b"EHLO" else "250 ok"
            writer.write(answer.encode() + b"\r\n")
            if command == b"QUIT":
                break
        writer.close()

    server = await asyncio.start_server(sink, "127.0.0.1", 0, ssl=certificates.context)
    async with server:
        port = str(server.sockets[0].getsockname()[1])
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CLIENT, port, str(certificates.ca_file),
            stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        output, _ = await client.communicate()
        server.close()

    code, growth = output.split()
    assert code == b"250"
    assert received == MEGABYTES * 2**20
    assert int(growth) < 8_000, f"{growth!r} kB"
