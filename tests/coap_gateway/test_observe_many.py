"""Many observers of one state, each with a socket of its own."""

import time

import pytest

from bench.crowd import Crowd
from coap_gateway import sockets
from tests.coap_gateway.observing import change, observers
from tests.coap_gateway.running import Running
from tests.coap_gateway.site import State

NUMBER = 200
# What Linux grants where nobody raised net.core.rmem_max.
USUAL_BUFFER = 212_992


@pytest.fixture(autouse=True)
def _committed(transactional_db: None) -> None:
    """What a test publishes is committed."""


@pytest.fixture(autouse=True)
def _usual_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "RECEIVE_BUFFER", USUAL_BUFFER)


def test_all_hear_within_a_second_of_a_change_and_once(gateway: Running, site: State) -> None:
    with Crowd(gateway.port, NUMBER) as crowd:
        crowd.register("/state")
        assert observers(gateway) == NUMBER
        reads, started = site.reads, time.monotonic()
        change(site, b"second")
        assert crowd.hear()
        last = max(observer.times[-1] for observer in crowd.observers)
        crowd.listen(0.2)
        assert [len(observer.times) for observer in crowd.observers] == [1] * NUMBER
        assert crowd.repeated == 0
        assert last - started < 1
        assert site.reads == reads + 1
