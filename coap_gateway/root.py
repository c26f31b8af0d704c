"""The one resource: every request comes here, and goes on to whoever can answer it."""

import asyncio
import datetime as dt
import logging
from collections.abc import Coroutine, Hashable
from typing import Any, BinaryIO

from aiocoap import Message
from aiocoap.numbers import codes

from coap_gateway import blocks, refusals, replies, requests
from coap_gateway.blocks import Block, transfer_key
from coap_gateway.blockwise import Assembly, Body, Part
from coap_gateway.bridge import Bridge, CoapRequest
from coap_gateway.downloads import Downloads
from coap_gateway.limits import Limits
from coap_gateway.observe import Observation, Observers
from coap_gateway.replies import Reply
from coap_gateway.requests import Call
from core_api import discovery
from core_api.errors import ApiError
from core_api.rest.doors import Door
from core_api.wire.media import content_format

REGISTER = 0
# RFC 7967: of no class is a response wanted.
NO_RESPONSE = 26

logger = logging.getLogger("coapture.coap")


class Root:
    """Answers at once what needs no Django: discovery, blocks, what is refused. Starts the rest."""

    def __init__(self, limits: Limits, bridge: Bridge) -> None:
        self._limits = limits
        self._bridge = bridge
        self._tasks: set[asyncio.Task[Any]] = set()
        self.downloads = Downloads(limits.download_memory)
        self.assembly = Assembly(limits)
        self.observers = Observers(self._render, self._start, self.downloads, limits)

    def render_to_pipe(self, pipe: Any) -> None:
        """Answer the pipe's request, now or later."""
        request = pipe.request
        try:
            response = self._at_once(pipe, request)
        except refusals.Refusal as refusal:
            response = replies.message(refusal.reply)
            if requests.is_dropped(request, refusal):
                response.opt.no_response = NO_RESPONSE
        except Exception:
            logger.exception("A request failed")
            response = replies.message(refusals.server_error().reply)
        if response is not None:
            pipe.add_response(response, is_last=True)

    def expire(self) -> None:
        """Let go of what is too old; to be called every second."""
        self.downloads.expire()
        self.assembly.expire()

    async def finish(self) -> None:
        """Wait for the requests that are being answered, `stop_within` seconds at most."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._limits.stop_within)

    def _at_once(self, pipe: Any, request: Message) -> Message | None:
        call = requests.read(request)
        if call.method == "GET" and call.path in discovery.DOCUMENTS:
            return blocks.cut(discovered(call), call.block2, request.remote)
        if call.block2 is not None and call.block2.number > 0:
            held = self.downloads.resume(request, call.block2)
            if held is not None:
                return held
            if call.method != "GET":
                raise refusals.incomplete("The response is no longer held.")
        if call.block1 is not None:
            return self._upload(pipe, call, call.block1)
        if len(request.payload) > self._limits.max_body:
            raise refusals.too_large(self._limits.max_body)
        self._bridge.check_room()
        self._start(self._answer(pipe, call))
        return None

    def _upload(self, pipe: Any, call: Call, block: Block) -> Message | None:
        """2.31 to a block; the last one goes on with the whole body."""
        request = pipe.request
        if not block.more:
            self._bridge.check_room()
        part = Part(
            transfer_key(request), peer_of(request), block, request.payload, now(), call.size1
        )
        found = self.assembly.take(part)
        if found is None:
            response = Message(code=codes.CONTINUE)
            response.opt.block1 = block
            return response
        if isinstance(found, Body):
            reply = self._start(self._ask(call, request, found))
            self.assembly.finish(part, reply)
        else:
            reply = found
        self._start(self._answer_upload(pipe, call, reply))
        return None

    async def _answer_upload(
        self, pipe: Any, call: Call, coming: asyncio.Future[Reply]
    ) -> None:
        reply = await asyncio.shield(coming)
        response = self.downloads.begin(pipe.request, reply, call.block2)
        response.opt.block1 = call.block1
        pipe.add_response(response, is_last=True)

    async def _answer(self, pipe: Any, call: Call) -> None:
        request = pipe.request
        observation = self._observe(pipe, call)
        reply = await self._ask(call, request)
        if observation is not None:
            self.observers.establish(observation, reply)
            return
        try:
            response = self.downloads.begin(request, reply, call.block2)
        except refusals.Refusal as refusal:
            response = replies.message(refusal.reply)
        pipe.add_response(response, is_last=True)

    def _observe(self, pipe: Any, call: Call) -> Observation | None:
        first = call.block2 is None or call.block2.number == 0
        if call.method != "GET" or call.observe != REGISTER or not first:
            return None
        request = pipe.request
        return self.observers.register(pipe, call, peer_of(request), origin_of(request))

    async def _ask(self, call: Call, request: Message, body: Body | None = None) -> Reply:
        """Django's reply to a request of a client."""
        if body is None:
            received, content, size = now(), _open(request.payload), len(request.payload)
        else:
            received, content, size = body.received, body.content, body.size
        door = Door("coap", host_of(request), received, origin_of(request))
        return await self._bridge.call(CoapRequest(call, door, content, size))

    async def _render(self, call: Call, origin: str) -> Reply:
        """Django's reply for those who observe."""
        return await self._bridge.call(CoapRequest(call, Door("coap", "", now(), origin)))

    def _start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
