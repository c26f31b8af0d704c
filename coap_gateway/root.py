"""The one resource: every request comes here, and goes on to whoever can answer it."""

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Coroutine
from io import BytesIO
from typing import Any, BinaryIO

from aiocoap import Message
from aiocoap.numbers import codes
from django.conf import settings

from coap_gateway import discovering, refusals, requests
from coap_gateway.amplification import fit
from coap_gateway.blocks import Block
from coap_gateway.blockwise import Assembly
from coap_gateway.bridge import Bridge, CoapRequest
from coap_gateway.downloads import Downloads
from coap_gateway.echo import Echoes
from coap_gateway.endpoints import host_of, origin_of, peer_of
from coap_gateway.limits import Limits
from coap_gateway.networks import Networks
from coap_gateway.observe import Observers
from coap_gateway.parts import part_of
from coap_gateway.replies import Reply
from coap_gateway.requests import Call
from coap_gateway.topics import Observation
from coap_gateway.upload import Upload
from coap_gateway.verification import Allowance, Verification
from core_api.rest.doors import Door

REGISTER = 0
# RFC 7967: of no class is a response wanted.
NO_RESPONSE = 26

logger = logging.getLogger("coapture.coap")


class Root:
    """Answers at once what needs no Django (discovery, blocks, refusals) and starts the rest."""

    def __init__(self, limits: Limits, bridge: Bridge) -> None:
        self._limits = limits
        self._bridge = bridge
        self._tasks: set[asyncio.Task[Any]] = set()
        self.downloads = Downloads(limits.download_memory)
        self.assembly = Assembly(limits)
        self.verification = Verification(limits, Networks(limits), Echoes(settings.SECRET_KEY))
        self.observers = Observers(self._render, self._start, self.downloads, limits)

    def render_to_pipe(self, pipe: Any) -> None:
        """Answer the request of an aiocoap pipe, now or later."""
        allowance = self.verification.allowance(pipe.request)
        try:
            response = self._at_once(pipe, allowance)
        except Exception as error:  # noqa: BLE001
            response = _refused(pipe.request, error, allowance)
        if response is not None:
            _respond(pipe, response)

    def may_get(self, request: Message, size: int) -> bool:
        """Whether an answer of so many bytes may be sent again to the request's peer."""
        return self.verification.may_get(request, size)

    def expire(self) -> None:
        """Let go of what is too old; to be called every second."""
        self.verification.expire()
        self.downloads.expire()
        self.assembly.expire()

    async def finish(self) -> None:
        """Wait for the requests that are being answered, `stop_within` seconds at most."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._limits.stop_within)

    def _at_once(self, pipe: Any, allowance: Allowance | None) -> Message | None:
        request = pipe.request
        call = requests.read(request)
        if discovering.is_discovery(call):
            return fit(discovering.reply_to(call), call.block2, request, allowance)
        if allowance is not None and _registers(call):
            raise refusals.unverified()
        if call.block2 is not None and call.block2.number > 0:
            held = self.downloads.resume(request, call.block2, allowance)
            if held is not None:
                return held
            if call.method != "GET":
                raise refusals.incomplete("The response is held no longer.")
        if call.block1 is not None:
            return self._add_block(pipe, call, call.block1)
        if len(request.payload) > self._limits.max_body:
            raise refusals.too_large(self._limits.max_body)
        self._bridge.check_room()
        coming = self._ask(call, request, BytesIO(request.payload), len(request.payload), _now())
        self._start(self._answer(pipe, call, coming))
        return None

    def _add_block(self, pipe: Any, call: Call, block: Block) -> Message | None:
        """2.31 to a block; the last one goes on with the whole body."""
        request = pipe.request
        if not block.more:
            self._bridge.check_room()
        part = part_of(request, call, block, _now())
        found = self.assembly.take(part)
        if found is None:
            response = Message(code=codes.CONTINUE)
            response.opt.block1 = block
            return response
        if isinstance(found, Upload):
            found = self._start(self._ask_whole(call, request, found))
            self.assembly.finish(part, found)
        self._start(self._answer(pipe, call, asyncio.shield(found)))
        return None

    async def _answer(self, pipe: Any, call: Call, coming: Awaitable[Reply]) -> None:
        """Answer with what is coming from Django."""
        request = pipe.request
        allowance = self.verification.allowance(request)
        observation = self._observe(pipe, call)
        try:
            reply = await coming
            if observation is not None:
                self.observers.establish(observation, reply)
                return
            response = self.downloads.begin(request, reply, call.block2, allowance)
            response.opt.block1 = call.block1
        except Exception as error:  # noqa: BLE001
            response = _refused(request, error, allowance)
        _respond(pipe, response)

    def _observe(self, pipe: Any, call: Call) -> Observation | None:
        """An observation, where the request is for one."""
        if not _registers(call):
            return None
        request = pipe.request
        return self.observers.register(pipe, call, peer_of(request), origin_of(request))

    async def _ask_whole(self, call: Call, request: Message, upload: Upload) -> Reply:
        """Django's reply to a body that came in blocks."""
        done = False
        try:
            reply = await self._ask(call, request, upload.body(), upload.size, upload.received)
            done = not reply.is_server_error
        finally:
            self.assembly.uploads.release(upload, done=done)
        return reply

    def _ask(
        self, call: Call, request: Message, body: BinaryIO, size: int, received: dt.datetime
    ) -> asyncio.Future[Reply]:
        """Django's reply to a client's request."""
        door = Door("coap", host_of(request), received, origin_of(request))
        return self._bridge.call(CoapRequest(call, door, body, size))

    async def _render(self, call: Call, origin: str) -> Reply:
        """Django's reply for those who observe."""
        door = Door("coap", "", _now(), origin)
        return await self._bridge.call(CoapRequest(call, door, BytesIO(), 0))

    def _start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _registers(call: Call) -> bool:
    """Whether the request is for an observation; one for a later block is not."""
    later = call.block2 is not None and call.block2.number > 0
    return call.method == "GET" and call.observe == REGISTER and not later


def _refused(request: Message, error: Exception, allowance: Allowance | None) -> Message:
    """The error as the client is told; what is our own fault is logged, and never shown."""
    if not isinstance(error, refusals.Refusal):
        logger.error("A request failed", exc_info=error)
        error = refusals.server_error()
    response = fit(error.reply, None, request, allowance)
    if requests.is_dropped(request, error):
        response.opt.no_response = NO_RESPONSE
    return response


def _respond(pipe: Any, response: Message) -> None:
    """Answer; aiocoap sends no response of a class that the client does not want (RFC 7967)."""
    unwanted = pipe.request.opt.no_response
    if unwanted:
        response.opt.no_response = unwanted | (response.opt.no_response or 0)
    pipe.add_response(response, is_last=True)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
