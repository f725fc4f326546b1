"""A DNS server of the test's own: answers from a text of records, by UDP and TCP on one loopback port.

Names in `servfail` get SERVFAIL, those in `drop` no answer, those in `cut` a truncated one over UDP. AD is set when
`secure` is, except for what lies under a name in `unsigned`. A name that holds no record does not exist, unless
others lie under it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.zonefile


@dataclass
class DnsServer:
    """Records as in a zone file, with absolute names: `bakery.example. MX 10 mx.bakery.example.`"""

    zone: str = ""
    secure: bool = False
    unsigned: set[str] = field(default_factory=set)
    servfail: set[str] = field(default_factory=set)
    drop: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # name, type, udp or tcp
    port: int = 0

    @property
    def address(self) -> str:
        """As the settings name a resolver."""
        return f"127.0.0.1:{self.port}"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["DnsServer"]:
        """The server, until the block ends."""
        loop = asyncio.get_running_loop()
        while True:
            tcp = await asyncio.start_server(self._accept, "127.0.0.1", 0)
            self.port = tcp.sockets[0].getsockname()[1]
            try:
                udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(self), ("127.0.0.1", self.port))
                break
            except OSError:  # somebody has the other half of this port
                tcp.close()
        try:
            yield self
        finally:
            udp.close()
            tcp.close()
            await tcp.wait_closed()

    def questions(self, kind: str) -> list[str]:
        """The names that were asked for this type."""
        return [name for name, one, _ in self.asked if one == kind]

    def answer(self, wire: bytes, way: str) -> bytes | None:
        """The answer to a question, None for silence."""
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text().lower()
        self.asked.append((name.removesuffix("."), dns.rdatatype.to_text(question.rdtype), way))
        response = dns.message.make_response(query, recursion_available=True)
        if self._has(self.drop, name):
            return None
        if self._has(self.servfail, name):
            response.set_rcode(dns.rcode.SERVFAIL)
        elif way == "udp" and self._has(self.cut, name):
            response.flags |= dns.flags.TC
        else:
            self._fill(response, question)
        try:
            return response.to_wire(max_size=65_535 if way == "tcp" else 0)
        except dns.exception.TooBig:
            short = dns.message.make_response(query, recursion_available=True)
            short.flags |= dns.flags.TC
            return short.to_wire()

    def _fill(self, response: dns.message.Message, question: dns.rrset.RRset) -> None:
        records = dns.zonefile.read_rrsets(self.zone, default_ttl=60)
        name, secure = question.name, self.secure
        while True:  # a loop of CNAMEs ends when it comes round
            secure = secure and not any(name.is_subdomain(dns.name.from_text(one)) for one in self.unsigned)
            found = [one for one in records if one.name == name and one.rdtype == question.rdtype]
            response.answer.extend(found)
            alias = [one for one in records if one.name == name and one.rdtype == dns.rdatatype.CNAME]
            if found or not alias or alias[0] in response.answer:
                break
            response.answer.append(alias[0])
            name = alias[0][0].target
        if not any(one.name.is_subdomain(name) for one in records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        if secure:
            response.flags |= dns.flags.AD

    @staticmethod
    def _has(names: set[str], name: str) -> bool:
        return name.removesuffix(".") in names

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            size = int.from_bytes(await reader.readexactly(2))
            answer = self.answer(await reader.readexactly(size), "tcp")
            if answer is not None:
                writer.write(len(answer).to_bytes(2) + answer)
                await writer.drain()
        writer.close()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._server.answer(data, "udp")
        if answer is not None:
            self._transport.sendto(answer, addr)  # type: ignore[attr-defined]
