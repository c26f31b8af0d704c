"""Whatever the bytes are: an answer, or an ImageError."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.collections_app.imaging.structure.refusals import is_answered
from tests.collections_app.imaging.structure.samples import SAMPLES

BEGINNINGS = [
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF\x20\0\0\0WEBPVP8X",
    b"GIF89a",
    b"II*\0\x08\0\0\0",
    b"MM\0+\0\x08\0\0",
    b"BM\x3e\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
]
Change = Callable[[bytes], bytes]


def overwrite(place: float, new: bytes) -> Change:
    """Write `new` over the bytes at a fraction of the length."""

    def change(data: bytes) -> bytes:
        at = int(place * len(data))
        return data[:at] + new + data[at + len(new) :]

    return change


def insert(place: float, new: bytes) -> Change:
    """Put `new` between the bytes at a fraction of the length."""

    def change(data: bytes) -> bytes:
        at = int(place * len(data))
        return data[:at] + new + data[at:]

    return change


def cut(place: float, length: int) -> Change:
    """Take `length` bytes out at a fraction of the length."""

    def change(data: bytes) -> bytes:
        at = int(place * len(data))
        return data[:at] + data[at + length :]

    return change


places = st.floats(0, 1) | st.floats(0, 0.1)
news = st.binary(min_size=1, max_size=8) | st.sampled_from([b"\xff" * 4, bytes(4)])
changes = st.lists(
    st.one_of(
        st.builds(overwrite, places, news),
        st.builds(insert, places, news),
        st.builds(cut, places, st.integers(1, 1000)),
    ),
    min_size=1,
    max_size=4,
)


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=200)
def test_any_bytes(data: bytes) -> None:
    assert is_answered(data)


@pytest.mark.parametrize("beginning", BEGINNINGS)
@given(rest=st.binary(max_size=200))
@settings(deadline=None, max_examples=100)
def test_any_bytes_that_begin_like_an_image(beginning: bytes, rest: bytes) -> None:
    assert is_answered(beginning + rest)


@given(st.sampled_from(sorted(SAMPLES)), changes)
@settings(deadline=None, max_examples=500)
def test_changed_images(sample: tuple[str, str], changes: list[Change]) -> None:
    data = SAMPLES[sample]
    for change in changes:
        data = change(data)
    assert is_answered(data)
