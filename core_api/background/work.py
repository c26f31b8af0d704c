"""What the two threads of a worker hand to each other: attempts to make, and how they ended."""

import uuid
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from core_api.background.tasks import Json


class End(Enum):
    """How an attempt ended."""

    SUCCESSFUL = auto()
    FAILED = auto()
    # It was to end: the job was dismissed, or another worker has it.
    CANCELLED = auto()
    # Its process ended first.
    LOST = auto()
    # It did not begin, or the worker stops: no attempt at all.
    RETURNED = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """A job that this worker has, with the token that it has it by."""

    id: uuid.UUID
    token: int
    task: str
    is_process: bool
    priority: int
    resource: str
    attempts: int
    losses: int
    time_limit: float
    inputs: dict[str, Json] = field(repr=False)
    options: dict[str, Json] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """The end of an attempt; `pause` in seconds where it failed and is to be made again.

    `took` is the seconds of the attempt, 0 where it did not begin.
    """

    claim: Claim
    end: End
    outputs: dict[str, Json] | None = None
    problem: dict[str, Any] | None = None
    pause: float | None = None
    took: float = 0.0


@dataclass(frozen=True, slots=True)
class Said:
    """How far a task says it is; empty and None leave what was said before."""

    percent: int
    message: str
    details: Json
