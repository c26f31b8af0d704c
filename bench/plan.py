"""How long and how often to measure, and where the files of a run lie."""

from dataclasses import dataclass
from pathlib import Path

from bench.load import LoadGenerators


@dataclass(frozen=True)
class Plan:
    """One run of the bench."""

    load: LoadGenerators
    folder: Path
    rounds: int = 5
    seconds: float = 3.0
    images: int = 1_000
    most_images: int = 100_000
    jobs: int = 1_000


def quick(plan: Plan) -> Plan:
    """The same run in about two minutes: figures to look at, not to quote."""
    return Plan(
        plan.load, plan.folder, rounds=1, seconds=1.0, images=200, most_images=10_000, jobs=300
    )
