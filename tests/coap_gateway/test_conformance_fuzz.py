"""Whatever comes over UDP: no traceback, nothing kept, and the server answers afterwards."""

import time
from collections.abc import Callable

import pytest
from aiocoap.numbers import ContentFormat, OptionNumber
from hypothesis import given, settings
from hypothesis import strategies as st

from coap_gateway.limits import Limits
from coap_gateway.options import KNOWN
from coap_gateway.server import Gateway
from tests.coap_gateway.datagrams import (
    ACK,
    CON,
    GET,
    NON,
    RST,
    Client,
    Options,
    block,
    encode,
    path,
    query,
    uint,
)
from tests.coap_gateway.running import Running

SEEDS = [
    encode(CON, "0.00", 1, b""),
    encode(CON, GET, 2, b"tok", path("collections")),
    encode(CON, GET, 3, b"tok", [*path("echo", "a"), *query("a=b", "c"), (17, uint(50))]),
    encode(CON, "0.02", 4, b"12345678", [*path("keep"), (12, uint(22)), (60, uint(9))], b"picture"),
    encode(NON, "0.02", 5, b"", [*path("keep"), (27, block(0, True, 0))], bytes(16)),
    encode(CON, GET, 6, b"o", [*path("state"), (6, b"")]),
    encode(CON, GET, 7, b"b", [*path("stream"), (23, block(1, False, 6))]),
    encode(NON, "0.05", 8, b"f", [*path("echo"), (258, uint(26)), (16, uint(3))], b"query"),
    encode(ACK, "2.05", 9, b"t", [(4, b"12345678")], b"unasked"),
    encode(RST, "0.00", 10, b""),
]
NUMBERS = st.one_of(st.sampled_from(sorted(KNOWN)), st.integers(0, 65535))
OPTIONS = st.lists(st.tuples(NUMBERS, st.binary(max_size=20)), max_size=6)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A message whose parts are right, each by itself."""
    options: Options = draw(OPTIONS)
    code = f"{draw(st.integers(0, 7))}.{draw(st.integers(0, 31)):02}"
    token, mid = draw(st.binary(max_size=8)), draw(st.integers(0, 65535))
    return encode(draw(st.integers(0, 3)), code, mid, token, options, draw(st.binary(max_size=20)))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good message with some bytes changed, cut out or put in."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(data)


ANYTHING = st.one_of(st.binary(max_size=60), messages(), mutated())


def kept(gateway: Gateway) -> dict[str, int]:
    """What is kept of peers beyond the memory of messages, which has a budget."""
    root, tokens = gateway.root, gateway._endpoint.request_interfaces
    return {
        "unanswered": sum(len(each.incoming_requests) for each in tokens) - len(root.observers),
        "asked": sum(len(each.outgoing_requests) for each in tokens),
        "tasks": len(root._tasks),
        "option numbers": len(OptionNumber._value2member_map_),
        "content formats": len(ContentFormat._value2member_map_),
    }


# aiocoap makes the empty acknowledgement of an unwanted answer in a way that it warns of itself.
@pytest.mark.filterwarnings("ignore:Initializing messages with an:DeprecationWarning")
def test_any_datagrams(
    serve: Callable[..., Running], limits: Limits, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = serve(rate=0.0)
    before = gateway.look(kept)
    with Client(gateway.port) as client, Client(gateway.port) as other:

        @settings(max_examples=500, deadline=None)
        @given(st.lists(ANYTHING, min_size=1, max_size=10))
        def send(datagrams: list[bytes]) -> None:
            for datagram in datagrams:
                client.socket.send(datagram)
            assert other.replies_to(b"") == []

        send()
        assert other.ask(GET, path("echo")).code == "2.05"
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
    for _ in range(100):
        after = gateway.look(kept)
        if after == before:
            break
        time.sleep(0.05)
    assert after == before
    assert gateway.look(lambda running: len(running.root.observers)) <= limits.observers_per_peer
