"""The order of notifications."""

import itertools

from coap_gateway.sequences import MASK, TICKS_PER_SECOND, Sequence
from tests.coap_gateway.clocks import Clock

# RFC 7641 section 3.4: numbers less than half of them apart can be compared.
HALF = 2**23
# Seconds after which a client takes any number for a newer one.
FORGOTTEN = 128


def is_newer(later: int, earlier: int) -> bool:
    """What RFC 7641 section 3.4 has a client compare, less the time."""
    return 0 < (later - earlier) & MASK < HALF


def test_they_rise_within_a_tick() -> None:
    sequence = Sequence(Clock())
    numbers = [sequence.next() for _ in range(100)]
    assert numbers == list(range(numbers[0], numbers[0] + 100))


def test_a_later_start_and_another_process_go_on() -> None:
    clock = Clock()
    first = Sequence(clock)
    former = [first.next() for _ in range(5)][-1]
    clock.now += 0.01
    second = Sequence(clock).next()
    assert is_newer(second, former)
    clock.now += 0.01
    assert is_newer(first.next(), second)


def test_a_clock_that_is_set_back() -> None:
    clock = Clock()
    clock.now = 1000.0
    sequence = Sequence(clock)
    former = sequence.next()
    clock.now = 10.0
    assert sequence.next() == (former + 1) & MASK


def test_the_number_has_24_bits_and_goes_round() -> None:
    clock = Clock()
    sequence = Sequence(clock)
    numbers = []
    for _ in range(30):
        numbers.append(sequence.next())
        clock.now += FORGOTTEN
    assert max(numbers) <= MASK
    assert any(later < earlier for earlier, later in itertools.pairwise(numbers))
    assert all(is_newer(*pair[::-1]) for pair in itertools.pairwise(numbers))


def test_the_clock_is_slow_enough_to_be_compared() -> None:
    assert TICKS_PER_SECOND * 2 * FORGOTTEN < HALF
