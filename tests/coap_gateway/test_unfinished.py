"""Requests that are not finished."""

import pytest

from coap_gateway.unfinished import Unfinished


def test_those_of_a_peer() -> None:
    unfinished = Unfinished()
    for key in ((b"1", "a"), (b"2", "a"), (b"1", "b")):
        unfinished[key] = f"{key[0]!r} of {key[1]}"
    unfinished[b"1", "a"] = "another"
    assert unfinished.of("a") == ["another", "b'2' of a"]
    assert unfinished.pop((b"1", "a")) == "another"
    del unfinished[b"2", "a"]
    assert (unfinished.of("a"), unfinished.of("b")) == ([], ["b'1' of b"])
    assert unfinished == {(b"1", "b"): "b'1' of b"}


def test_what_is_not_there() -> None:
    with pytest.raises(KeyError):
        Unfinished().pop((b"1", "a"))
