"""What comes of a chain of operations."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Drawn:
    """One result: its bytes, and its size in pixels."""

    data: bytes
    media_type: str
    width: int
    height: int


@dataclass(frozen=True)
class Results:
    """The results of a chain: one, or four for each split, in the order of the quadrants."""

    pictures: tuple[Drawn, ...]
