"""Many observers of one topic, in an event loop without sockets."""

import asyncio
import logging
from typing import Any

from aiocoap import Message
from aiocoap.numbers import codes
from aiocoap.pipe import Pipe

from coap_gateway.downloads import Downloads
from coap_gateway.limits import Limits
from coap_gateway.observe import Observers
from coap_gateway.replies import Reply
from coap_gateway.requests import Call
from tests.coap_gateway.remotes import UDP

CALL = Call("GET", "/state", observe=0)
MANY = 300
# Those who have heard of the second state when the third comes.
SOME = 100


class Scene:
    """Observers of a state; `heard` has what each of them was told, in order."""

    def __init__(self, limits: Limits) -> None:
        self.state = b"0"
        self.renderings = 0
        self.heard: list[list[bytes]] = []
        self.told = 0
        self.observers = Observers(
            self._render, asyncio.create_task, Downloads(limits.download_memory), limits
        )

    async def _render(self, call: Call, origin: str) -> Reply:
        self.renderings += 1
        return self.reply()

    def reply(self) -> Reply:
        """The state as it is now."""
        return Reply(codes.CONTENT, self.state, observable=True)

    def observe(self) -> None:
        """Begin another observation, which hears of the state at once."""
        request = Message(code=codes.GET)
        request.remote = UDP
        pipe = Pipe(request, logging.getLogger())
        heard: list[bytes] = []
        self.heard.append(heard)

        def on_event(event: Any) -> bool:
            heard.append(event.message.payload)
            self.told += 1
            if self.told == MANY + SOME:
                self.change(b"2")
            return True

        pipe.on_event(on_event)
        observation = self.observers.register(pipe, CALL, len(self.heard), "coap://h")
        assert observation is not None
        self.observers.establish(observation, self.reply())

    def change(self, state: bytes) -> None:
        """Another state."""
        self.state = state
        self.observers.changed(["/state"])

    async def settle(self) -> None:
        """Until nothing is left to do."""
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(tasks)


def test_nobody_hears_of_an_older_state_after_a_newer_one(limits: Limits) -> None:
    async def scenario() -> None:
        scene = Scene(limits)
        for _ in range(MANY):
            scene.observe()
        scene.change(b"1")
        await scene.settle()
        assert scene.heard == [[b"0", b"1", b"2"]] * MANY
        assert scene.renderings == 2

    asyncio.run(scenario())


def test_the_loop_turns_between_two_notifications(limits: Limits) -> None:
    async def scenario() -> None:
        scene = Scene(limits)
        for _ in range(SOME):
            scene.observe()
        scene.change(b"1")
        most, turns, told = 0, 0, scene.told
        while scene.told < 2 * SOME:
            await asyncio.sleep(0)
            most, turns, told = max(most, scene.told - told), turns + 1, scene.told
        assert most == 1
        assert turns >= SOME

    asyncio.run(scenario())


def test_who_comes_while_it_is_rendered_hears_nothing_older(limits: Limits) -> None:
    async def scenario() -> None:
        scene = Scene(limits)
        scene.observe()
        scene.change(b"1")
        await asyncio.sleep(0)
        scene.observe()
        await scene.settle()
        assert scene.heard == [[b"0", b"1"], [b"1"]]

    asyncio.run(scenario())
