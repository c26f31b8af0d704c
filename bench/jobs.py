"""Jobs that do nothing: ours, embedded and on Celery, beside other job systems, round about."""

import statistics
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import job_systems
from bench.coap_servers import Missing
from bench.job_systems import System
from bench.plan import Plan
from bench.tables import Goal, span, table

# Jobs of `latency` for each of `burst`.
ONE_BY_ONE = 0.05
RATE = Goal(500, "/s")
START = Goal(10, " ms", at_least=False)
COLUMNS = (
    *("system", "ended /s", "goal", "ours by it (lowest-highest)", "accepted /s"),
    *("accept p50 ms", "start p50 ms", "goal", "slowest start ms"),
)

Figures = dict[str, float]


def run(plan: Plan) -> None:
    """Measure, print the table."""
    with _systems(plan.folder / "jobs") as systems:
        found: dict[str, list[Figures]] = {system.name: [] for system in systems}
        for _ in range(plan.rounds):
            for system in systems:
                found[system.name].append(_round(plan, system))
    ours = next(iter(found.values()))
    rows = [_row(name, figures, ours) for name, figures in found.items()]
    title = f"Jobs that do nothing: {plan.jobs:,} from four threads, then one by one; two at a time"
    print(table(title, COLUMNS, rows), flush=True)


@contextmanager
def _systems(folder: Path) -> Iterator[list[System]]:
    """Ours, embedded, and all others that can run here; a sentence about each that cannot."""
    systems = [
        job_systems.embedded(folder / "embedded"),
        job_systems.huey(folder / "huey"),
        job_systems.django_tasks(folder / "django-tasks"),
    ]
    with ExitStack() as running:
        try:
            broker = running.enter_context(rabbitmq())
        except Missing as reason:
            print(f"\nWithout Celery: {reason}.", flush=True)
        else:
            systems.insert(1, job_systems.on_celery(folder / "on-celery", broker))
            systems.insert(2, job_systems.plain_celery(folder / "celery", broker))
        for system in systems:
            if system.missing:
                print(f"\nWithout {system.name}: {system.needs} is not installed.", flush=True)
            else:
                system.make()
        yield [system for system in systems if not system.missing]


@contextmanager
def rabbitmq() -> Iterator[str]:
    """The address of a broker of our own; Missing where there is no RabbitMQ."""
    import pytest

    from tests.services.rabbitmq import RabbitMQ

    try:
        broker = RabbitMQ()
    except (pytest.skip.Exception, pytest.fail.Exception) as reason:
        raise Missing(str(reason)) from None
    try:
        broker.start()
        yield broker.url
    finally:
        broker.close()


def _round(plan: Plan, system: System) -> Figures:
    """Workers of its own for each round: those that wait would poll during the others' turns."""
    with system.working():
        one_by_one = system.ask("latency", max(5, round(plan.jobs * ONE_BY_ONE)))
        return one_by_one | system.ask("burst", plan.jobs)


def _row(name: str, figures: Sequence[Figures], ours: Sequence[Figures]) -> list[object]:
    def middle(what: str) -> float:
        return statistics.median(figure[what] for figure in figures)

    rate, start = middle("ended"), middle("start_ms")
    us = figures is ours
    ratio = span([a["ended"] / b["ended"] for a, b in zip(ours, figures, strict=True)])
    return [
        *(name, rate, RATE.judge(rate) if us else "", "" if us else ratio, middle("accepted")),
        *(f"{middle('accept_ms'):.1f}", f"{start:.1f}", START.judge(start) if us else ""),
        f"{max(figure['worst_ms'] for figure in figures):.0f}",
    ]
