"""Which requests may draw: a few of each process, and each variant but once at a time.

A storm of variants holds at most COAPTURE_VARIANT_WAITING threads, so that uploads have the others.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager

from django.conf import settings

from core_api import turns
from core_api.errors import ApiError, BadRequest, ServiceUnavailable, Unprocessable

# Seconds for which a variant that cannot be drawn is not tried again, and how many are remembered.
REFUSED_SECONDS, REFUSED_MOST = 60.0, 1000
LARGE = 8_000_000


class Renders:
    """The variants that are being drawn in this process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._inside = 0
        # Whoever waits for a child process holds no image yet.
        self._places = threading.Semaphore(settings.COAPTURE_SANDBOX_PROCESSES)
        self._large = threading.Semaphore(1)
        self._running: dict[str, Future[bytes]] = {}
        self._refused: OrderedDict[str, tuple[float, type[ApiError], str]] = OrderedDict()

    def draw(self, key: str, work: Callable[[], bytes], *, pixels: int = 0) -> bytes:
        """What `work` gives, or gave to another who asked for the same key meanwhile.

        Pictures of more than LARGE `pixels` are drawn one after another: each may need 400 MiB.
        ServiceUnavailable where too many draw or wait already.
        """
        with self._guard:
            self._check(key)
            self._inside += 1
            running = self._running.get(key)
            if running is None:
                mine = self._running[key] = Future()
        try:
            if running is None:
                with self._place(pixels):
                    return self._drawn(key, mine, work)
            with turns.given_up():
                return running.result()
        finally:
            with self._guard:
                self._inside -= 1

    def _check(self, key: str) -> None:
        if (refused := self._refused.get(key)) is not None:
            until, error, detail = refused
            if time.monotonic() < until:
                raise error(detail)
        if self._inside >= settings.COAPTURE_VARIANT_WAITING:
            raise ServiceUnavailable("Too many variants are being drawn; try again.")

    @contextmanager
    def _place(self, pixels: int) -> Iterator[None]:
        """One of the places for those who draw, when it is there."""
        with ExitStack() as held:
            with turns.given_up():
                if pixels > LARGE:
                    held.enter_context(self._large)
                held.enter_context(self._places)
            yield

    def _drawn(self, key: str, mine: Future[bytes], work: Callable[[], bytes]) -> bytes:
        try:
            data = work()
        except BaseException as error:
            self._end(key, error)
            mine.set_exception(error)
            raise
        self._end(key, None)
        mine.set_result(data)
        return data

    def _end(self, key: str, error: BaseException | None) -> None:
        with self._guard:
            del self._running[key]
            if isinstance(error, BadRequest | Unprocessable):
                until = time.monotonic() + REFUSED_SECONDS
                self._refused[key] = (until, type(error), error.detail)
                while len(self._refused) > REFUSED_MOST:
                    self._refused.popitem(last=False)
