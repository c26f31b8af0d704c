"""core_api/serving/in_turn.py: bodies are waited for without a turn."""

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from core_api import turns
from core_api.serving.in_turn import SMALL, InTurn


@pytest.fixture(autouse=True)
def one() -> Iterator[None]:
    before = turns._turns
    turns.limit(1)
    yield
    turns._turns = before


class Stream(io.BytesIO):
    """A body that notes how many turns are free while it is read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.free: list[int] = []

    def _look(self) -> None:
        assert turns._turns is not None
        self.free.append(turns._turns.free)

    def read(self, size: int | None = -1, /) -> bytes:
        self._look()
        return super().read(size)

    def readline(self, size: int | None = -1, /) -> bytes:
        self._look()
        return super().readline(size)


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    assert turns._turns is not None
    assert turns._turns.free == 0, "it computes without a turn"
    start_response("200 OK", [])
    return [environ["wsgi.input"].readline(), environ["wsgi.input"].read()]


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
@pytest.mark.parametrize("size", [0, 1, SMALL, SMALL + 1, 2 * SMALL])
def test_a_body_is_waited_for_without_a_turn(size: int, announced: bool) -> None:
    data = b"line\n" * (size // 5) + b"x" * (size % 5)
    stream = Stream(data)
    environ: dict[str, Any] = {"wsgi.input": stream}
    if announced:
        environ["CONTENT_LENGTH"] = str(size)
    assert b"".join(InTurn(echo)(environ, lambda *_: None)) == data
    assert set(stream.free) <= {1}
    assert len(stream.free) == (2 if size > SMALL or not announced else min(size, 1))


@pytest.mark.parametrize("length", ["", "-1", "x", "9" * 5000, "²"])
def test_a_length_that_is_none_is_no_error_here(length: str) -> None:
    environ: dict[str, Any] = {"wsgi.input": Stream(b"body"), "CONTENT_LENGTH": length}
    assert list(InTurn(echo)(environ, lambda *_: None)) == [b"body", b""]
