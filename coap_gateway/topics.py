"""What is observed and by whom."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from aiocoap import Message

from coap_gateway.blocks import Block
from coap_gateway.requests import Call

TopicKey = tuple[str, str, str | None, str]


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
    last (None before the first), `content_format` that of all states (None before the first that
    had one), `unacknowledged` the confirmable message that is under way, and `send` sends that
    late, where it was its time to be sent but a newer state may replace it.
    """

    topic: Topic
    pipe: Any
    peer: Hashable
    block: Block | None
    seen: int
    etag: bytes | None = None
    content_format: int | None = None
    unacknowledged: Message | None = None
    send: Callable[[], None] | None = None

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self in self.topic.observations

    @property
    def is_behind(self) -> bool:
        """Whether there was a change since the state that the client has, and it can be told."""
        return (
            self.seen != self.topic.version
            and self.etag is not None
            and (self.unacknowledged is None or self.send is not None)
            and not getattr(self.pipe.request.remote, "is_full", False)
        )


class Topics:
    """The topics that somebody observes, by what they are and by their paths."""

    def __init__(self) -> None:
        self._topics: dict[TopicKey, Topic] = {}
        self._by_path: dict[str, set[Topic]] = {}

    def of(self, call: Call, origin: str) -> Topic:
        """The topic of a request that came to `origin`."""
        headers = {name: call.headers[name] for name in ("HTTP_ACCEPT",) if name in call.headers}
        topic = Topic(replace(call, headers=headers, etags=(), block2=None), origin)
        found = self._topics.setdefault(topic.key, topic)
        self._by_path.setdefault(call.path, set()).add(found)
        return found

    def at(self, paths: Iterable[str]) -> Iterator[Topic]:
        """The topics at these paths (decoded)."""
        for path in paths:
            yield from self._by_path.get(path, ())

    def discard(self, topic: Topic) -> None:
        """Forget a topic that nobody observes any more."""
        if self._topics.get(topic.key) is not topic:
            return
        del self._topics[topic.key]
        self._by_path[topic.call.path].discard(topic)
        if not self._by_path[topic.call.path]:
            del self._by_path[topic.call.path]
