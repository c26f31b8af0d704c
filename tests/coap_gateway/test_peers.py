"""The observations of each peer."""

import dataclasses
from types import SimpleNamespace

from coap_gateway.limits import Limits
from coap_gateway.peers import Peers
from coap_gateway.requests import Call
from coap_gateway.topics import Observation, Topic
from tests.coap_gateway.clocks import Clock

HOUR = 3600.0


def observation(peer: str) -> Observation:
    pipe = SimpleNamespace(request=SimpleNamespace(remote=f"remote of {peer}"))
    return Observation(Topic(Call("GET", "/"), "coap://h"), pipe, peer, None, 0)


def test_limits_in_all_and_of_each(limits: Limits) -> None:
    peers = Peers(dataclasses.replace(limits, observers=3, observers_per_peer=2), Clock())
    first, second = observation("a"), observation("a")
    peers.add(first)
    assert peers.have_room("a")
    peers.add(second)
    assert not peers.have_room("a")
    peers.add(observation("b"))
    assert not peers.have_room("c")
    peers.remove(first)
    assert peers.have_room("a")
    assert (peers.of("a"), len(peers)) == ([second], 2)
    assert peers.of("c") == []


def test_who_is_silent_for_an_hour_is_due_every_hour(limits: Limits) -> None:
    clock = Clock()
    peers = Peers(limits, clock)
    first, second = observation("a"), observation("b")
    peers.add(first)
    peers.add(second)
    clock.now = HOUR / 2
    peers.heard(second)
    clock.now = HOUR
    assert list(peers.silent()) == ["remote of a"]
    assert list(peers.silent()) == []
    clock.now = 1.5 * HOUR
    assert list(peers.silent()) == ["remote of b"]
    clock.now = 2 * HOUR
    assert list(peers.silent()) == ["remote of a"]


def test_who_observes_nothing_more_is_not_due(limits: Limits) -> None:
    clock = Clock()
    peers = Peers(limits, clock)
    first = observation("a")
    peers.add(first)
    peers.remove(first)
    clock.now = HOUR
    assert list(peers.silent()) == []
    assert len(peers) == 0
