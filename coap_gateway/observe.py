"""Observations (RFC 7641): when a change is rendered, and sent to whom.

Every notification is confirmable, whatever its client's request was: it arrives, or the observation
ends. One message to a peer is under way at a time, and a peer that is slow hears of the latest
state only.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Iterator
from typing import Any

from aiocoap import Message, Reliable
from aiocoap.numbers import CON

from coap_gateway import refusals
from coap_gateway.downloads import Downloads
from coap_gateway.endpoints import peer_at
from coap_gateway.expiring import Clock
from coap_gateway.limits import Limits
from coap_gateway.peers import Peers
from coap_gateway.replies import Reply, payload_etag
from coap_gateway.requests import Call
from coap_gateway.sequences import Sequence
from coap_gateway.topics import Observation, Topic, Topics

Render = Callable[[Call, str], Awaitable[Reply]]
CONFIRMABLE = Reliable()


class Observers:
    """All observations of this process; its methods run in the event loop."""

    def __init__(
        self,
        render: Render,
        start: Callable[[Coroutine[Any, Any, None]], object],
        downloads: Downloads,
        limits: Limits,
        clock: Clock = time.monotonic,
    ) -> None:
        self._render = render
        self._start = start
        self._downloads = downloads
        self._topics = Topics()
        self._peers = Peers(limits, clock)
        self._observations: dict[Message | None, Observation] = {}
        self._sequence = Sequence()
        self._turn = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._peers)

    def register(self, pipe: Any, call: Call, peer: Hashable, origin: str) -> Observation | None:
        """An observation, before its state is read so that no change is missed.

        None where there are too many: the request is then answered as one without Observe.
        """
        if not self._peers.have_room(peer):
            return None
        topic = self._topics.of(call, origin)
        observation = Observation(topic, pipe, peer, call.block2, topic.version)
        topic.observations.add(observation)
        self._peers.add(observation)
        self._observations[pipe.request] = observation
        pipe.on_interest_end(lambda: self._end(observation))
        return observation

    def establish(self, observation: Observation, reply: Reply) -> None:
        """Send the first state; the observation ends here when the reply bears none."""
        if not observation.is_alive:
            return
        if not (reply.observable and reply.is_success):
            self._send(observation, reply, is_last=True)
            return
        self._send(observation, reply, is_last=False)
        self._refresh(observation.topic)

    def changed(self, paths: Iterable[str]) -> None:
        """Tell the observers of these paths (decoded) that their state may be another."""
        for topic in self._topics.at(paths):
            topic.version += 1
            self._refresh(topic)

    def acknowledged(self, message: Message) -> None:
        """A confirmable message is under way no longer: its peer lives."""
        observation = self._observations.get(message.request)
        if observation is None:
            return
        self._peers.heard(observation)
        if observation.unacknowledged is message:
            observation.unacknowledged = observation.send = None
            self._go_on(observation)

    def late(self, message: Message, send: Callable[[], None]) -> None:
        """A notification is to be sent late: the latest state goes in its place."""
        observation = self._observations.get(message.request)
        if observation is None or observation.unacknowledged is not message:
            send()
            return
        observation.send = send
        if observation.is_behind:
            self._refresh(observation.topic)
        else:
            observation.send = None
            send()

    def writable(self, remote: Any) -> None:
        """A connection that was full has room again."""
        for observation in self._peers.of(peer_at(remote)):
            self._go_on(observation)

    def silent(self) -> Iterator[Any]:
        """The remotes of the observers that are to be asked for a sign of life."""
        return self._peers.silent()

    def _go_on(self, observation: Observation) -> None:
        if observation.is_behind:
            self._refresh(observation.topic)

    def _refresh(self, topic: Topic) -> None:
        """Render the topic once for all observers who are behind and can be told now."""
        if not topic.rendering and any(each.is_behind for each in topic.observations):
            topic.rendering = True
            self._start(self._notify(topic))

    async def _notify(self, topic: Topic) -> None:
        try:
            # Who begins to observe while this is rendered has a newer state already.
            waiting = [each for each in topic.observations if each.is_behind]
            version = topic.version
            reply = await self._render(topic.call, topic.origin)
            async with self._turn:
                for observation in waiting:
                    # Its connection may have become full meanwhile.
                    if observation.is_behind:
                        observation.seen = version
                        self._tell(observation, reply)
                        # The loop reads messages once a turn: acknowledgements of more than it
                        # reads would fill the socket's buffer.
                        await asyncio.sleep(0)
        finally:
            topic.rendering = False
        self._refresh(topic)

    def _tell(self, observation: Observation, reply: Reply) -> None:
        """Send a state that is another than the one sent last; an error ends the observation."""
        send, observation.send = observation.send, None
        if not observation.is_alive:
            return
        if reply.is_success and observation.content_format not in (None, reply.content_format):
            # One observation keeps to one format (RFC 7641 section 4.2).
            reply = refusals.not_acceptable("The state has another content-format now.").reply
        if not reply.is_success or _etag(reply) != observation.etag:
            self._send(observation, reply, is_last=not reply.is_success)
        elif send is not None:
            send()

    def _send(self, observation: Observation, reply: Reply, *, is_last: bool) -> None:
        pipe = observation.pipe
        message = self._downloads.begin(pipe.request, reply, observation.block)
        if observation.etag is not None:
            message.transport_tuning = CONFIRMABLE
        if not is_last:
            message.opt.observe = self._sequence.next()
            observation.etag = _etag(reply)
            observation.content_format = reply.content_format
        pipe.add_response(message, is_last=is_last)
        if message.mtype is CON and observation.is_alive:
            observation.unacknowledged = message

    def _end(self, observation: Observation) -> None:
        topic = observation.topic
        topic.observations.discard(observation)
        del self._observations[observation.pipe.request]
        self._peers.remove(observation)
        if not topic.observations:
            self._topics.discard(topic)


def _etag(reply: Reply) -> bytes:
    return reply.etag or payload_etag(reply.payload)
