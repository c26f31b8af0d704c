"""What the tests of observations share."""

import time
from collections.abc import Callable

from django.db import transaction

from core_api import changes
from tests.coap_gateway.datagrams import GET, OBSERVE, Answer, Client, path
from tests.coap_gateway.running import Running
from tests.coap_gateway.site import State

REGISTER, DEREGISTER = (OBSERVE, b""), (OBSERVE, b"\1")
QUIET = 0.3


def publish(*paths: str) -> None:
    """Say that something changed, as the server's other parts do."""
    with transaction.atomic():
        changes.publish(*paths)


def change(site: State, value: bytes, *paths: str) -> None:
    """Another state, and word of it."""
    site.value = value
    publish(*paths or ("/state",))


def observe(client: Client, *segments: str) -> Answer:
    """The first answer to a new observation."""
    return client.ask(GET, [*path(*(segments or ("state",))), REGISTER])


def observers(gateway: Running) -> int:
    """The observations of a gateway."""
    return gateway.look(lambda running: len(running.root.observers))


def wait_until(reached: Callable[[], bool]) -> None:
    """Come back when it is so; ten seconds at most."""
    deadline = time.monotonic() + 10
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)
