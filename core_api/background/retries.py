"""When a failed attempt is made again."""

import random

from core_api.background.tasks import Retry

CHANCE = 0.1


def pause(retry: Retry, error: BaseException, attempt: int) -> float | None:
    """Seconds from this failed attempt (1 is the first) to the next; None where there is none."""
    if attempt >= retry.attempts or not isinstance(error, retry.errors):
        return None
    # A float's power may overflow where the pause is at its longest anyway.
    try:
        seconds = min(retry.delay * retry.factor ** (attempt - 1), retry.longest)
    except OverflowError:
        seconds = retry.longest
    return seconds * random.uniform(1 - CHANCE, 1 + CHANCE)  # noqa: S311
