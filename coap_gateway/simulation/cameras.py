"""The cameras of a simulation, all in one event loop."""

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass

from aiocoap import Message

from coap_gateway.simulation.counts import Counts
from coap_gateway.simulation.endpoint import Endpoint, Unanswered
from coap_gateway.simulation.png import Size
from coap_gateway.simulation.scenes import Scene
from coap_gateway.simulation.transfer import post
from core_api.serving.addresses import Address
from core_api.wire.media import content_format

COLLECTION = ("collections", "images")
PNG = content_format("image/png")
TICK = 1.0

Show = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate.

    `rate` is the pictures a second of each device, `loss` the share of datagrams that get lost
    each way (0 to 1), `seconds` the time until the end (None: until it is stopped).
    """

    server: Address
    devices: int
    rate: float
    loss: float
    size: Size
    seconds: float | None = None


class Camera:
    """One device with its own socket."""

    def __init__(self, number: int, plan: Plan, counts: Counts) -> None:
        self.name = f"sim-{number}"
        self._plan = plan
        self._counts = counts
        self._scene = Scene(number, plan.size)
        self._wait = (number - 1) / plan.devices / plan.rate
        self.endpoint = Endpoint(plan.loss, counts.repeat)

    async def work(self) -> None:
        """Take pictures for ever; one that is due while the last is on its way is left out."""
        await asyncio.sleep(self._wait)
        period = 1 / self._plan.rate
        due = time.monotonic()
        while True:
            await self._send_picture()
            due = max(due + period, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    async def _send_picture(self) -> None:
        moment = dt.datetime.now(dt.UTC)
        query = (f"d={self.name}", f"t={moment:%Y-%m-%dT%H:%M:%S.%fZ}")
        picture = self._scene.picture(moment)
        self._counts.sent += 1
        try:
            response = await post(self.endpoint.request, COLLECTION, query, PNG, picture)
        except Unanswered as error:
            self._counts.reasons[str(error)] += 1
            return
        if response.code.is_successful():
            self._counts.stored += 1
        else:
            self._counts.reasons[_reason(response)] += 1


def _reason(response: Message) -> str:
    return f"The server answers {response.code}."


async def check(server: Address) -> None:
    """Unanswered where no CoAP server is at the address; NoSocket where none can be had."""
    endpoint = Endpoint(0.0, lambda: None)
    try:
        await endpoint.open(server)
        await endpoint.ping()
    finally:
        endpoint.close()


async def simulate(plan: Plan, counts: Counts, show: Show, stop: asyncio.Event) -> None:
    """Run the cameras until `stop` is set or the plan's seconds are over.

    `show` gets a line each second. NoSocket where there are not enough.
    """
    cameras = [Camera(number, plan, counts) for number in range(1, plan.devices + 1)]
    tasks: list[asyncio.Task[object]] = []
    try:
        for camera in cameras:
            await camera.endpoint.open(plan.server)
        tasks = [asyncio.create_task(camera.work()) for camera in cameras]
        tasks += [asyncio.create_task(_report(counts, show)), asyncio.create_task(stop.wait())]
        done, _ = await asyncio.wait(
            tasks, timeout=plan.seconds, return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for camera in cameras:
            camera.endpoint.close()


async def _report(counts: Counts, show: Show) -> None:
    start = last = time.monotonic()
    stored = counts.stored
    while True:
        await asyncio.sleep(TICK)
        now = time.monotonic()
        show(counts.line(now - start, (counts.stored - stored) / (now - last)))
        last, stored = now, counts.stored
