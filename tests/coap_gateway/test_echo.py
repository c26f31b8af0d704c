"""Echo values: made and known without a memory."""

from coap_gateway.echo import ECHO_BYTES, EPOCH, Echoes
from tests.coap_gateway.clocks import Clock

PEER, OTHER = "192.0.2.1", "192.0.2.2"


def test_a_value_is_known_for_its_peer_only() -> None:
    echoes = Echoes("secret", Clock())
    value = echoes.value(PEER)
    assert len(value) == ECHO_BYTES
    assert echoes.knows(PEER, value)
    assert not echoes.knows(OTHER, value)


def test_processes_with_one_secret_agree() -> None:
    clock = Clock()
    value = Echoes("secret", clock).value(PEER)
    assert Echoes("secret", clock).knows(PEER, value)
    assert not Echoes("another secret", clock).knows(PEER, value)


def test_a_value_is_good_for_one_epoch_at_least_and_two_at_most() -> None:
    clock = Clock()
    clock.now = 1000.0 * EPOCH + EPOCH - 1
    echoes = Echoes("secret", clock)
    value = echoes.value(PEER)
    clock.now += EPOCH
    assert echoes.knows(PEER, value)
    clock.now += 1
    assert not echoes.knows(PEER, value)


def test_what_was_never_made_is_not_known() -> None:
    echoes = Echoes("secret", Clock())
    value = echoes.value(PEER)
    for guess in (b"", b"\0", value[:-1], value + b"\0", bytes(ECHO_BYTES), bytes(40)):
        assert not echoes.knows(PEER, guess)
