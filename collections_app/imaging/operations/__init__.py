"""Operations on pictures: parsed from an allow-list, then applied in order.

`parse(["resize=50", "blur=5"])` checks all of a chain before any work. `pipeline.run` decodes, so
it belongs into a sandboxed process.
"""

from collections_app.imaging.operations.errors import OperationError, Undecodable
from collections_app.imaging.operations.kinds import Operation
from collections_app.imaging.operations.parsing import LONGEST, NAMES, parse
from collections_app.imaging.operations.targets import FORMATS, MEDIA_TYPES

__all__ = [
    "FORMATS",
    "LONGEST",
    "MEDIA_TYPES",
    "NAMES",
    "Operation",
    "OperationError",
    "Undecodable",
    "parse",
]
