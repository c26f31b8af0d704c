"""A UDP link that loses, doubles and delays datagrams, by a seed."""

import asyncio
import contextlib
import random
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

# Seconds by which a datagram is late, so that a repeated or a next one overtakes it.
LATE = 0.15
LARGEST = 65536

Address = tuple[str, int]
Send = Callable[[bytes], object]


@dataclass(frozen=True)
class Faults:
    """How often (0 to 1) a datagram of either direction is lost, doubled or late.

    After every `forgets` datagrams of the near side (0: never) the far side sees other ports.
    """

    loss: float = 0.0
    double: float = 0.0
    late: float = 0.0
    forgets: int = 0
    seed: int = 1


@dataclass
class _Client:
    """One endpoint of the near side, its socket on the far side, and its luck each way."""

    back: socket.socket
    up: random.Random
    down: random.Random


@dataclass
class LossyLink:
    """From a port of 127.0.0.1 to `target`, another one, while the context lasts.

    Each client has a port of its own on the far side, as behind a NAT. `seen` counts what came in
    ("up", "down") and what was "lost", "doubled" and "late".
    """

    target: int
    faults: Faults = field(default_factory=Faults)
    seen: Counter[str] = field(default_factory=Counter)

    def __enter__(self) -> Self:
        self._clients: dict[Address, _Client] = {}
        self._opened = 0
        self._front = _socket()
        self._front.bind(("127.0.0.1", 0))
        self.port = int(self._front.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._loop.add_reader(self._front, self._from_client)
        self._thread = threading.Thread(target=self._loop.run_forever, name="lossy link")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._close_clients()
        self._loop.remove_reader(self._front)
        self._front.close()
        self._loop.close()

    def _close_clients(self) -> None:
        for client in self._clients.values():
            self._loop.remove_reader(client.back)
            client.back.close()
        self._clients.clear()

    def _from_client(self) -> None:
        try:
            data, address = self._front.recvfrom(LARGEST)
        except OSError:
            return
        if address not in self._clients:
            self._clients[address] = self._open(address)
        client = self._clients[address]
        self._pass(client.back.send, data, client.up)
        self.seen["up"] += 1
        if self.faults.forgets and self.seen["up"] % self.faults.forgets == 0:
            self._close_clients()

    def _open(self, address: Address) -> _Client:
        self._opened += 1
        name = f"{self.faults.seed} {self._opened}"
        client = _Client(_socket(), random.Random(f"{name} up"), random.Random(f"{name} down"))
        client.back.connect(("127.0.0.1", self.target))
        self._loop.add_reader(client.back, self._from_server, client, address)
        return client

    def _from_server(self, client: _Client, address: Address) -> None:
        try:
            data = client.back.recv(LARGEST)
        except OSError:
            return
        self.seen["down"] += 1
        self._pass(lambda late: self._front.sendto(late, address), data, client.down)

    def _pass(self, send: Send, data: bytes, luck: random.Random) -> None:
        """Send it now, later, twice or never."""
        lost, doubled, late = (luck.random() for _ in range(3))
        if lost < self.faults.loss:
            self.seen["lost"] += 1
            return
        if late < self.faults.late:
            self.seen["late"] += 1
            self._loop.call_later(LATE, _try, send, data)
        else:
            _try(send, data)
        if doubled < self.faults.double:
            self.seen["doubled"] += 1
            _try(send, data)


def _socket() -> socket.socket:
    one = socket.socket(type=socket.SOCK_DGRAM)
    one.setblocking(False)
    return one


def _try(send: Send, data: bytes) -> None:
    """A datagram that cannot be sent is lost too: its socket is full, closed or refused."""
    with contextlib.suppress(OSError):
        send(data)
