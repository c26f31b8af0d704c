"""Entries that end after a time."""

import pytest

from coap_gateway.expiring import Expiring
from tests.coap_gateway.clocks import Clock


def test_an_entry_ends() -> None:
    clock = Clock()
    entries: Expiring[str, int] = Expiring(10, clock)
    entries.put("a", 1)
    clock.now = 9.9
    assert entries.get("a") == 1
    clock.now = 10
    assert entries.get("a") is None
    assert len(entries) == 1
    assert list(entries.expired()) == [("a", 1)]
    assert len(entries) == 0


def test_only_the_old_ones_end() -> None:
    clock = Clock()
    entries: Expiring[str, int] = Expiring(10, clock)
    entries.put("a", 1)
    entries.put("b", 2)
    clock.now = 5
    entries.put("a", 3)
    clock.now = 10
    assert list(entries.expired()) == [("b", 2)]
    assert entries.get("a") == 3


def test_an_update_keeps_the_age() -> None:
    clock = Clock()
    entries: Expiring[str, int] = Expiring(10, clock)
    entries.put("a", 1)
    clock.now = 5
    assert entries.update("a", 2) == 1
    assert entries.update("b", 2) is None
    clock.now = 10
    assert list(entries.expired()) == [("a", 2)]


def test_the_oldest_goes_first() -> None:
    entries: Expiring[str, int] = Expiring(10, Clock())
    for name, number in (("a", 1), ("b", 2), ("a", 3)):
        entries.put(name, number)
    assert entries.oldest() == "b"
    assert entries.pop_oldest() == ("b", 2)
    assert entries.pop("a") == 3
    assert entries.pop("a") is None
    with pytest.raises(KeyError):
        entries.pop_oldest()
