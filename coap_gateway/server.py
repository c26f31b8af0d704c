"""The gateway's life: sockets, event loop, change feed, and the end of all of them."""

import asyncio
import logging
import resource
import socket
import time
from collections.abc import Callable, Iterable, Set
from contextlib import suppress

from django.conf import settings

from coap_gateway import limits as configured
from coap_gateway.aiocoap_internals import Endpoint
from coap_gateway.bridge import Bridge
from coap_gateway.deduplication import RecentMessages
from coap_gateway.following import Following
from coap_gateway.limits import Limits
from coap_gateway.root import Root
from core_api import health, turns
from core_api.ending import ending
from core_api.serving.processes import STOP_SIGNALS, collect_less, give_back_memory

PART = "coap"
# Seconds between two looks for what is too old.
TICK = 1.0
# So many of them may be late before it counts as hanging.
LATE_TICKS = 3

# Its warnings are of what peers do; anybody could fill the log with them.
logging.getLogger("aiocoap").setLevel(logging.ERROR)


class Gateway:
    """One gateway in the event loop that is running."""

    def __init__(self, limits: Limits, following: Following) -> None:
        self._following = following
        self._bridge = Bridge(limits)
        self._recent = RecentMessages(limits.deduplication)
        self.root = Root(limits, self._bridge)
        self._endpoint = Endpoint(self.root, self._recent, limits)
        self._loop = asyncio.get_running_loop()
        self._ticked = time.monotonic()
        self._timer = self._loop.call_later(TICK, self._expire)

    async def open(self, listeners: Iterable[socket.socket]) -> None:
        """Serve bound sockets, UDP and TCP; they are closed in the end."""
        self._following.start(self._tell)
        for listener in listeners:
            if listener.type == socket.SOCK_DGRAM:
                await self._endpoint.add_udp(listener)
            else:
                await self._endpoint.add_tcp(listener)

    def lives(self) -> bool:
        """Whether the event loop goes round; may be asked from any thread."""
        return time.monotonic() - self._ticked < LATE_TICKS * TICK

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
        self._ticked = time.monotonic()
        self._recent.expire()
        self._endpoint.expire()
        self.root.expire()
        for remote in self.root.observers.silent():
            self._endpoint.ask(remote)
        self._timer = self._loop.call_later(TICK, self._expire)


def run(listeners: Iterable[socket.socket], listening: Callable[[], None], number: int = 0) -> None:
    """Serve the sockets until SIGTERM or SIGINT; `listening` is called when all are open.

    `number` is that of this process under a master, from 1 on.
    """
    _allow_many_files()
    turns.limit(settings.COAPTURE_COAP_TURNS)
    collect_less()
    give_back_memory()
    following = Following()
    # Never uvloop: an ICMP error would stop its UDP sockets for ever.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(_serve(listeners, following, listening, number))


async def _serve(
    listeners: Iterable[socket.socket],
    following: Following,
    listening: Callable[[], None],
    number: int,
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for stopping in STOP_SIGNALS:
        loop.add_signal_handler(stopping, stop.set)
    gateway = Gateway(configured.from_settings(), following)
    try:
        await gateway.open(listeners)
        with health.beating(name_of(number), gateway.lives, returns=number > 0):
            listening()
            await stop.wait()
            ending.begin()
    finally:
        await gateway.close()


def name_of(number: int) -> str:
    """What the process of this number is called in the log and in /readyz."""
    return f"{PART}-{number}" if number else PART


def _allow_many_files() -> None:
    """Connections and spooled uploads are files; the usual limit of 1024 is for terminals."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
