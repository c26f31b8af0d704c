"""What may be bound, asked of the real machine."""

import socket
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from core_api.serving import listening
from core_api.serving.addresses import Address

KINDS = {socket.SOCK_STREAM: "TCP", socket.SOCK_DGRAM: "UDP"}


@pytest.fixture(autouse=True)
def _not_open(settings: Settings) -> None:
    settings.COAPTURE_OPEN = False


@pytest.fixture
def port() -> int:
    """A port that was free a moment ago, in TCP and UDP."""
    with socket.socket() as probe, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        probe.bind(("127.0.0.1", 0))
        number = int(probe.getsockname()[1])
        datagrams.bind(("127.0.0.1", number))
    return number


@pytest.fixture(params=KINDS, ids=KINDS.values())
def taken(request: pytest.FixtureRequest, port: int) -> Iterator[tuple[str, int]]:
    """A port that somebody listens on, willing to share it (as our servers are)."""
    with socket.socket(type=request.param) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("127.0.0.1", port))
        if request.param == socket.SOCK_STREAM:
            listener.listen()
        yield KINDS[request.param], port


def test_free_addresses(settings: Settings, port: int) -> None:
    settings.COAPTURE_HTTP = f"127.0.0.1:{port}"
    settings.COAPTURE_COAP = [f"127.0.0.1:{port}", f"127.0.0.1:{port}"]
    assert listening.http_address() == Address("127.0.0.1", port)
    assert listening.coap_addresses() == [Address("127.0.0.1", port)]


def test_without_ipv6_its_loopback_is_left_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    monkeypatch.setattr(listening, "_has_ipv6", lambda: False)
    settings.COAPTURE_COAP = [f"127.0.0.1:{port}", f"[::1]:{port}"]
    assert listening.coap_addresses() == [Address("127.0.0.1", port)]


def test_a_port_of_coap_that_is_taken(settings: Settings, taken: tuple[str, int]) -> None:
    kind, port = taken
    settings.COAPTURE_COAP = [f"127.0.0.1:{port}"]
    with pytest.raises(listening.CannotListen) as caught:
        listening.coap_addresses()
    assert str(caught.value) == (
        f"--coap: {kind} 127.0.0.1:{port} is taken; stop what listens there or choose another port."
    )


def test_a_port_of_http_that_is_taken(settings: Settings, port: int) -> None:
    settings.COAPTURE_HTTP = f"127.0.0.1:{port}"
    with socket.create_server(("127.0.0.1", port)), pytest.raises(listening.CannotListen) as caught:
        listening.http_address()
    assert str(caught.value) == (
        f"--http: TCP 127.0.0.1:{port} is taken; stop what listens there or choose another port."
    )


def test_connections_that_linger_are_no_hindrance(settings: Settings, port: int) -> None:
    with (
        socket.create_server(("127.0.0.1", port)) as listener,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        accepted, _ = listener.accept()
        accepted.close()
        client.recv(1)
    settings.COAPTURE_HTTP = f"127.0.0.1:{port}"
    assert listening.http_address().port == port


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.0.2.1"])
def test_other_machines_are_kept_out(settings: Settings, host: str) -> None:
    settings.COAPTURE_HTTP = f"{host}:8000"
    with pytest.raises(listening.CannotListen) as caught:
        listening.http_address()
    assert str(caught.value) == (
        f"--http: other machines can reach {host}:8000, and whoever reaches it may write; "
        "add --open (or ACCESS=open) if that is what you want, or listen on 127.0.0.1."
    )


def test_other_machines_are_let_in(settings: Settings, port: int) -> None:
    settings.COAPTURE_OPEN = True
    settings.COAPTURE_COAP = [f"0.0.0.0:{port}"]
    assert listening.coap_addresses() == [Address("0.0.0.0", port)]


def test_an_address_of_another_machine(settings: Settings) -> None:
    settings.COAPTURE_OPEN = True
    settings.COAPTURE_HTTP = "192.0.2.1:8000"
    with pytest.raises(listening.CannotListen) as caught:
        listening.http_address()
    assert str(caught.value) == "--http: 192.0.2.1 is no address of this machine."


def test_what_is_no_address(settings: Settings) -> None:
    settings.COAPTURE_HTTP = "8000"
    with pytest.raises(listening.CannotListen) as caught:
        listening.http_address()
    assert str(caught.value) == (
        "--http: '8000' is no HOST:PORT, such as 127.0.0.1:8000 or [::1]:8000."
    )


def test_written() -> None:
    addresses = [Address("127.0.0.1", 5683), Address("::1", 5683)]
    assert listening.written(addresses) == "127.0.0.1:5683,[::1]:5683"
