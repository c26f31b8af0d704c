"""Two processes of a site: a typed function, and a class. Start the server with

PYTHONPATH=examples/process COAPTURE_REGISTERED_JOBS=site_jobs make serve
"""

from collections.abc import Sequence
from typing import Annotated, TypedDict

from collections_app.jobs.parameters import IntParameter, ListParameter, Number, NumberParameter
from collections_app.jobs.processes import ProcessTask, process
from core_api.background.tasks import Run, TaskError


class DegreeDays(TypedDict):
    """What a season has brought."""

    total: float
    days: list[float]


@process("degree-days", keywords=["temperature"])
def degree_days(
    lowest: list[float],
    highest: list[float],
    base: Annotated[float, Number(minimum=-20, maximum=40)] = 10.0,
    *,
    run: Run | None = None,
) -> DegreeDays:
    """Growing degree days.

    By how much the mean of each day's lowest and highest temperature lies above the base: for each
    day, and in total.
    """
    if len(lowest) != len(highest):
        raise TaskError("There must be as many lowest temperatures as highest ones.")
    days = []
    for low, high in zip(lowest, highest, strict=True):
        if run is not None:
            run.check()
            run.progress(100 * len(days) / len(lowest), f"Day {len(days) + 1}")
        days.append(max(0.0, (low + high) / 2 - base))
    return {"total": sum(days), "days": days}


class Smooth(ProcessTask):
    """The running mean of a series.

    Each value becomes the mean of itself and of those before it that are in the window.
    """

    inputs = (
        ListParameter("number", "values"),
        IntParameter("window", default=3, minimum=1, maximum=1000),
    )
    outputs = (ListParameter(NumberParameter(), "smoothed"),)

    def execute(self, values: Sequence[float], window: int) -> list[float]:
        """The means."""
        starts = (max(0, end - window) for end in range(1, len(values) + 1))
        parts = [values[start:end] for end, start in enumerate(starts, start=1)]
        return [sum(part) / len(part) for part in parts]


REGISTERED_JOBS = {
    "degree-days": {"type": "task", "task": degree_days},
    "smooth": {"type": "task", "task": "site_jobs.Smooth"},
}
