"""A gateway in a thread of this process, on ports of its own."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from coap_gateway import sockets
from coap_gateway.following import Following
from coap_gateway.limits import Limits
from coap_gateway.server import Gateway
from core_api.serving.addresses import Address
from tests.e2e.ports import free_port, has_ipv6

T = TypeVar("T")


class Running:
    """A gateway that serves from `start` to `stop`."""

    def __init__(self, limits: Limits) -> None:
        self.port = free_port()
        self._limits = limits
        self._following = Following()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gateway")

    def start(self) -> None:
        """Come back when it listens."""
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        """End it, gracefully, unless it has ended."""
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def look(self, question: Callable[[Gateway], T]) -> T:
        """What the gateway's own thread sees."""

        async def answer() -> T:
            return question(self.gateway)

        return asyncio.run_coroutine_threadsafe(answer(), self._loop).result(10)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self.gateway = Gateway(self._limits, self._following)
        hosts = ["127.0.0.1"] + (["::1"] if has_ipv6() else [])
        addresses = [Address(host, self.port) for host in hosts]
        await self.gateway.open(sockets.groups(addresses, 1)[0])
        self._ready.set()
        await self._stop.wait()
        await self.gateway.close()
