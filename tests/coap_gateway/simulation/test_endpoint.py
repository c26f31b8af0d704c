"""The simulated cameras' own CoAP client, against a server of plain datagrams."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiocoap import Message
from aiocoap.numbers import codes

from coap_gateway.simulation import endpoint as module
from coap_gateway.simulation.endpoint import Endpoint, NoSocket, Unanswered
from core_api.serving.addresses import Address
from tests.coap_gateway.datagrams import ACK, CON, NON, RST, Answer, decode, encode
from tests.e2e.ports import free_port

ECHO = 252


class Server(asyncio.DatagramProtocol):
    """Answers what `reply` makes of each datagram; keeps all that comes."""

    def __init__(self, reply: Callable[[Answer], list[bytes]]) -> None:
        self.got: list[Answer] = []
        self._reply = reply

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        message = decode(data)
        self.got.append(message)
        for answer in self._reply(message):
            self.transport.sendto(answer, addr)


def piggybacked(message: Answer) -> list[bytes]:
    return [encode(ACK, "2.05", message.mid, message.token, [], b"here")]


class Line:
    """A client and a server; `chances` decide over datagrams in turn, then all come through."""

    def __init__(self, reply: Callable[[Answer], list[bytes]], *chances: float) -> None:
        self.server = Server(reply)
        self.repeated = 0
        left = iter(chances)
        self.client = Endpoint(0.5, self._repeat, lambda: next(left, 1.0))

    def _repeat(self) -> None:
        self.repeated += 1

    def run(self, work: Callable[[Endpoint], Awaitable[object]]) -> object:
        async def run() -> object:
            loop = asyncio.get_running_loop()
            address = Address("127.0.0.1", free_port())
            transport, _ = await loop.create_datagram_endpoint(
                lambda: self.server, local_addr=(address.host, address.port)
            )
            await self.client.open(address)
            try:
                return await work(self.client)
            finally:
                self.client.close()
                transport.close()

        return asyncio.run(run())

    def ask(self) -> Message:
        response = self.run(lambda client: client.request(Message(code=codes.GET)))
        assert isinstance(response, Message)
        return response


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ACK_TIMEOUT", 0.02)


def test_a_response_with_the_acknowledgement() -> None:
    line = Line(piggybacked)
    assert line.ask().payload == b"here"
    assert (len(line.server.got), line.repeated) == (1, 0)


def test_a_response_of_its_own_is_acknowledged() -> None:
    def reply(message: Answer) -> list[bytes]:
        if message.kind == ACK:
            return []
        empty = encode(ACK, "0.00", message.mid, b"")
        return [empty, encode(CON, "2.05", 77, message.token, [], b"later")]

    async def ask(client: Endpoint) -> Message:
        response = await client.request(Message(code=codes.GET))
        while len(line.server.got) < 2:
            await asyncio.sleep(0)
        return response

    line = Line(reply)
    response = line.run(ask)
    assert isinstance(response, Message)
    assert response.payload == b"later"
    acknowledgement = line.server.got[1]
    assert (acknowledgement.kind, acknowledgement.code, acknowledgement.mid) == (ACK, "0.00", 77)


@pytest.mark.parametrize(
    ("chances", "repeated", "received"),
    [((0.0,), 1, 1), ((1.0, 0.0), 1, 2), ((0.0, 1.0, 0.0, 0.0), 3, 2)],
    ids=["request", "response", "both"],
)
def test_a_lost_datagram_is_sent_again(
    chances: tuple[float, ...], repeated: int, received: int
) -> None:
    line = Line(piggybacked, *chances)
    assert line.ask().payload == b"here"
    assert (line.repeated, len(line.server.got)) == (repeated, received)
    assert len({(message.mid, message.token) for message in line.server.got}) == 1


def test_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ACK_TIMEOUT", 0.001)
    line = Line(lambda message: [])
    with pytest.raises(Unanswered, match="does not answer"):
        line.ask()
    assert line.repeated == module.MAX_RETRANSMIT


def test_an_acknowledgement_and_then_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESPONSE_TIMEOUT", 0.02)
    line = Line(lambda message: [encode(ACK, "0.00", message.mid, b"")])
    with pytest.raises(Unanswered, match="does not answer"):
        line.ask()
    assert line.repeated == 0


def test_a_rejected_request() -> None:
    line = Line(lambda message: [encode(RST, "0.00", message.mid, b"")])
    with pytest.raises(Unanswered, match="does not take"):
        line.ask()


def test_a_port_where_nobody_listens() -> None:
    async def ask() -> None:
        client = Endpoint(0.0, lambda: None)
        await client.open(Address("127.0.0.1", free_port()))
        try:
            await client.ping()
        finally:
            client.close()

    with pytest.raises(Unanswered, match="refused"):
        asyncio.run(ask())


def test_an_address_that_the_system_refuses() -> None:
    client = Endpoint(0.0, lambda: None)
    with pytest.raises(NoSocket, match="Permission denied"):
        asyncio.run(client.open(Address("255.255.255.255", 5683)))
    client.close()


def test_a_ping_is_answered_by_a_reset() -> None:
    line = Line(lambda message: [encode(RST, "0.00", message.mid, b"")])
    line.run(lambda client: client.ping())
    (ping,) = line.server.got
    assert (ping.kind, ping.code, ping.token, ping.payload) == (CON, "0.00", b"", b"")


def test_what_is_not_for_this_request_is_not_taken() -> None:
    def reply(message: Answer) -> list[bytes]:
        if message.kind != CON:
            return []
        strange = encode(CON, "2.05", 99, b"other", [], b"wrong")
        stray = encode(NON, "2.05", 98, b"other", [], b"wrong")
        return [b"?", strange, stray, *piggybacked(message)]

    async def ask(client: Endpoint) -> Message:
        response = await client.request(Message(code=codes.GET))
        while len(line.server.got) < 2:
            await asyncio.sleep(0)
        return response

    line = Line(reply)
    response = line.run(ask)
    assert isinstance(response, Message)
    assert response.payload == b"here"
    reset = line.server.got[1]
    assert (reset.kind, reset.code, reset.mid) == (RST, "0.00", 99)


def test_a_response_that_comes_again_is_acknowledged_again() -> None:
    def reply(message: Answer) -> list[bytes]:
        if message.kind != CON:
            return []
        return [encode(CON, "2.05", 77, message.token, [], b"here")] * 2

    async def ask(client: Endpoint) -> None:
        await client.request(Message(code=codes.GET))
        while len(line.server.got) < 3:
            await asyncio.sleep(0)

    line = Line(reply)
    line.run(ask)
    assert [(message.kind, message.mid) for message in line.server.got[1:]] == [(ACK, 77)] * 2


def test_an_echo_value_goes_back_with_every_request() -> None:
    def reply(message: Answer) -> list[bytes]:
        if message.one(ECHO) is None:
            return [encode(ACK, "4.01", message.mid, message.token, [(ECHO, b"proof")])]
        return piggybacked(message)

    async def ask(client: Endpoint) -> None:
        for _ in range(2):
            response = await client.request(Message(code=codes.GET))
            assert response.code == codes.CONTENT

    line = Line(reply)
    line.run(ask)
    assert [message.one(ECHO) for message in line.server.got] == [None, b"proof", b"proof"]
