"""The gateway's life: sockets, event loop, change feed, and the end of all of them."""

import asyncio
import logging
import resource
from collections.abc import Callable, Sequence, Set
from contextlib import suppress

from coap_gateway import limits as configured
from coap_gateway import sockets
from coap_gateway.aiocoap_internals import Endpoint
from coap_gateway.bridge import Bridge
from coap_gateway.deduplication import RecentMessages
from coap_gateway.following import Following
from coap_gateway.limits import Limits
from coap_gateway.root import Root
from core_api import health
from core_api.serving.addresses import Address
from core_api.serving.processes import STOP_SIGNALS

PART = "coap"
# Seconds between two looks for what is too old.
TICK = 1.0

# Its warnings are of what peers do; anybody could fill the log with them.
logging.getLogger("aiocoap").setLevel(logging.ERROR)


class Gateway:
    """One gateway in the event loop that is running."""

    def __init__(self, limits: Limits, following: Following) -> None:
        self._following = following
        self._bridge = Bridge(limits)
        self._recent = RecentMessages(limits.deduplication)
        self.root = Root(limits, self._bridge)
        self._endpoint = Endpoint(self.root, self._recent, limits.max_body)
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(TICK, self._expire)

    async def open(self, addresses: Sequence[Address]) -> None:
        """Listen on every address, UDP and TCP; OSError where one cannot be bound."""
        self._following.start(self._tell)
        for address in addresses:
            await self._endpoint.add_udp(sockets.udp(address))
            await self._endpoint.add_tcp(sockets.tcp(address))

    async def close(self) -> None:
        """Take no more requests, finish those that are being answered, close everything."""
        self._endpoint.deafen()
        await self.root.finish()
        self._timer.cancel()
        self._following.stop()
        self._bridge.close()
        await self._endpoint.shutdown()

    def _tell(self, paths: Set[str]) -> None:
        """Pass the news on from the thread that follows the change feed."""
        # The loop may have ended a moment ago.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.root.observers.changed, paths)

    def _expire(self) -> None:
        self._recent.expire()
        self.root.expire()
        self._timer = self._loop.call_later(TICK, self._expire)


def run(addresses: Sequence[Address], listening: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; `listening` is called when every address is open."""
    _allow_many_files()
    following = Following()
    # Never uvloop: an ICMP error would stop its UDP sockets for ever.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(_serve(addresses, following, listening))


async def _serve(
    addresses: Sequence[Address], following: Following, listening: Callable[[], None]
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    gateway = Gateway(configured.from_settings(), following)
    try:
        await gateway.open(addresses)
        with health.beating(PART):
            listening()
            await stop.wait()
    finally:
        await gateway.close()


def _allow_many_files() -> None:
    """Connections and spooled uploads are files; the usual limit of 1024 is for terminals."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
