"""Compressing waiting blobs: encode, swap, go on. What a kill interrupts waits as before."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from collections_app.images.compression import attempts, waiting
from collections_app.images.compression.waiting import Span, Waiting
from core_api.storage.models import Outcome
from core_api.storage.swapping import Swap, settle, swap

# Blobs that are looked up at once, and results that are written at once.
LOOKED_UP = 200
WRITTEN_BYTES = 2 * 2**20
WRITTEN = 32

Tally = Counter[Outcome]


def _always() -> bool:
    return True


def compress(
    span: Span | None = None, *, width: int = 1, goes_on: Callable[[], bool] = _always
) -> Tally:
    """Compress the waiting blobs of the span, or all, as long as `goes_on`; the outcomes' numbers.

    `width` images are encoded at once. Several processes may work on the same blobs: the first one
    to write wins.
    """
    results = _Results()
    with ThreadPoolExecutor(width, "compress") as threads:
        while goes_on() and (ids := waiting.ids_in(span, LOOKED_UP)):
            found = waiting.read(ids)
            # No image has them, which a repair may have left.
            settle(set(ids) - {one.blob.pk for one in found}, Outcome.KEPT)
            for start in range(0, len(found), width):
                if goes_on():
                    group = found[start : start + width]
                    originals = [attempts.original(one) for one in group]
                    encoded = threads.map(attempts.encode, group, originals)
                    results.add(list(zip(group, encoded, strict=True)))
            results.write()
    return results.tally


class _Results:
    """What attempts came to, written in parts."""

    def __init__(self) -> None:
        self.tally: Tally = Counter()
        self._swaps: list[Swap] = []
        self._settled: dict[Outcome, list[int]] = defaultdict(list)

    def add(self, results: Sequence[tuple[Waiting, Swap | Outcome]]) -> None:
        """Take results; all are written when they are enough."""
        for one, result in results:
            if isinstance(result, Swap):
                self._swaps.append(result)
            else:
                self._settled[result].append(one.blob.pk)
        count = len(self._swaps) + sum(map(len, self._settled.values()))
        if count >= WRITTEN or sum(len(each.data) for each in self._swaps) >= WRITTEN_BYTES:
            self.write()

    def write(self) -> None:
        """Write what was taken."""
        swaps, self._swaps = self._swaps, []
        settled, self._settled = self._settled, defaultdict(list)
        if swaps:
            self.tally[Outcome.ENCODED] += swap(swaps)
        for outcome, ids in settled.items():
            settle(ids, outcome)
            self.tally[outcome] += len(ids)
