"""Observations (RFC 7641): who is told of what, and when a change is rendered and sent."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from aiocoap.numbers import CON

from coap_gateway.blocks import Block
from coap_gateway.downloads import Downloads
from coap_gateway.limits import Limits
from coap_gateway.replies import Reply, payload_etag
from coap_gateway.requests import Call

# RFC 7641 section 3.4: the sequence number has 24 bits.
SEQUENCE_MASK = 0xFFFFFF
# It starts from the clock, so that it is higher after a restart than before.
TICKS_PER_SECOND = 16
# Messages to send before the acknowledgements of the first ones must be read.
PACE = 128

TopicKey = tuple[str, str, str | None, str]
Render = Callable[[Call, str], Awaitable[Reply]]


@dataclass(eq=False, slots=True)
class Topic:
    """A representation that is observed; identical observations share one.

    `version` counts the changes that may have touched it.
    """

    call: Call
    origin: str
    observations: set["Observation"] = field(default_factory=set)
    version: int = 0
    rendering: bool = False

    @property
    def key(self) -> TopicKey:
        """What identical observations have in common."""
        return self.call.path, self.call.query, self.call.accept, self.origin


@dataclass(eq=False, slots=True)
class Observation:
    """One client's interest in a topic.

    `seen` is the topic's version of which the client will hear, `etag` that of the state sent
    last (None before the first), `unacknowledged` the confirmable message that is under way.
    """

    topic: Topic
    pipe: Any
    peer: Hashable
    block: Block | None
    seen: int
    etag: bytes | None = None
    unacknowledged: Hashable = None


class Observers:
    """All observations of this process; its methods run in the event loop."""

    def __init__(
        self,
        render: Render,
        start: Callable[[Coroutine[Any, Any, None]], object],
        downloads: Downloads,
        limits: Limits,
    ) -> None:
        self._render = render
        self._start = start
        self._downloads = downloads
        self._limits = limits
        self._topics: dict[TopicKey, Topic] = {}
        self._by_path: dict[str, set[Topic]] = {}
        self._peers: dict[Hashable, int] = {}
        self._under_way: dict[Hashable, Observation] = {}
        self._sequence = itertools.count(int(time.time() * TICKS_PER_SECOND))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def register(self, pipe: Any, call: Call, peer: Hashable, origin: str) -> Observation | None:
        """An observation, before its state is read so that no change is missed.

        None where there are too many: the request is then answered as one without Observe.
        """
        own = self._peers.get(peer, 0)
        if own >= self._limits.observers_per_peer or self._count >= self._limits.observers:
            return None
        topic = self._topic(call, origin)
        observation = Observation(topic, pipe, peer, call.block2, topic.version)
        topic.observations.add(observation)
        self._peers[peer] = own + 1
        self._count += 1
        pipe.on_interest_end(lambda: self._end(observation))
        return observation

    def establish(self, observation: Observation, reply: Reply) -> None:
        """Send the first state; the observation ends here when the reply bears none."""
        if observation not in observation.topic.observations:
            return
        if not (reply.observable and reply.is_success):
            self._send(observation, reply, is_last=True)
            return
        self._send(observation, reply, is_last=False)
        self._refresh(observation.topic)

    def changed(self, paths: Iterable[str]) -> None:
        """Tell the observers of these paths (decoded) that their state may be another."""
        for path in paths:
            for topic in self._by_path.get(path, ()):
                topic.version += 1
                self._refresh(topic)

    def acknowledged(self, message: Hashable) -> None:
        """A confirmable message (endpoint and message id) is under way no longer."""
        observation = self._under_way.pop(message, None)
        if observation is not None:
            observation.unacknowledged = None
            self._refresh(observation.topic)

    def _topic(self, call: Call, origin: str) -> Topic:
        headers = {name: call.headers[name] for name in ("HTTP_ACCEPT",) if name in call.headers}
        plain = replace(call, headers=headers, etags=(), block2=None)
        topic = Topic(plain, origin)
        found = self._topics.setdefault(topic.key, topic)
        self._by_path.setdefault(call.path, set()).add(found)
        return found

    def _refresh(self, topic: Topic) -> None:
        """Render the topic once for all observers who are behind and can be told now."""
        if not topic.rendering and any(_is_behind(each) for each in topic.observations):
            topic.rendering = True
            self._start(self._notify(topic))

    async def _notify(self, topic: Topic) -> None:
        try:
            # Who begins to observe while this is rendered has a newer state already.
            waiting = [each for each in topic.observations if _is_behind(each)]
            version = topic.version
            reply = await self._render(topic.call, topic.origin)
            for number, observation in enumerate(waiting, start=1):
                observation.seen = version
                self._tell(observation, reply)
                if number % PACE == 0:
                    await asyncio.sleep(0)
        finally:
            topic.rendering = False
        self._refresh(topic)

    def _tell(self, observation: Observation, reply: Reply) -> None:
        """Send a state that is another than the one sent last; an error ends the observation."""
        changed = not reply.is_success or _etag(reply) != observation.etag
        if changed and observation in observation.topic.observations:
            self._send(observation, reply, is_last=not reply.is_success)

    def _send(self, observation: Observation, reply: Reply, *, is_last: bool) -> None:
        pipe = observation.pipe
        message = self._downloads.begin(pipe.request, reply, observation.block)
        if not is_last:
            message.opt.observe = next(self._sequence) & SEQUENCE_MASK
            observation.etag = _etag(reply)
        pipe.add_response(message, is_last=is_last)
        if message.mtype is CON and observation in observation.topic.observations:
            observation.unacknowledged = (message.remote.sockaddr, message.mid)
            self._under_way[observation.unacknowledged] = observation

    def _end(self, observation: Observation) -> None:
        topic = observation.topic
        topic.observations.discard(observation)
        self._under_way.pop(observation.unacknowledged, None)
        self._count -= 1
        self._peers[observation.peer] -= 1
        if not self._peers[observation.peer]:
            del self._peers[observation.peer]
        if not topic.observations and self._topics.get(topic.key) is topic:
            del self._topics[topic.key]
            self._by_path[topic.call.path].discard(topic)
            if not self._by_path[topic.call.path]:
                del self._by_path[topic.call.path]


def _is_behind(observation: Observation) -> bool:
    """Whether a change came since the state that the client has, and it can be told."""
    return (
        observation.etag is not None
        and observation.unacknowledged is None
        and observation.seen != observation.topic.version
    )


def _etag(reply: Reply) -> bytes:
    return reply.etag or payload_etag(reply.payload)
