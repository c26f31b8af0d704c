"""The pipeline as a sandboxed process runs it: who calls it there needs no decoder itself."""

from collections_app.imaging.operations.errors import OperationError, Undecodable
from collections_app.imaging.operations.results import Results

# What passes between the two processes is known here by its name.
__all__ = ["OperationError", "Results", "Undecodable", "run"]


def run(data: bytes, chain: list[str], max_pixels: int) -> Results:
    """What `pipeline.run` gives and raises."""
    from collections_app.imaging.operations import pipeline

    return pipeline.run(data, chain, max_pixels)
