"""What compress() is asked, and what it answers."""

from dataclasses import dataclass
from typing import Literal

Fidelity = Literal["pixels", "bytes", "visual"]

GOOD_QUALITY = 85
QUALITIES = range(1, 101)


@dataclass(frozen=True, slots=True)
class Policy:
    """What must come back: the same bytes, the same pixels and metadata, or what looks the same.

    JPEG comes back byte for byte under "pixels" too. `quality`, 1 to 100 as JPEG counts it, is for
    "visual" alone. Raises ValueError.
    """

    fidelity: Fidelity = "pixels"
    quality: int = GOOD_QUALITY

    def __post_init__(self) -> None:
        if self.fidelity not in ("pixels", "bytes", "visual"):
            raise ValueError(f"no fidelity {self.fidelity!r}")
        if self.quality not in QUALITIES:
            raise ValueError(f"a quality of {self.quality}")


@dataclass(frozen=True, slots=True)
class Encoded:
    """A smaller file: `restore(encoding, data, media_type)` was tried and is right."""

    encoding: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """The image stays as it is; `reason` says why, `decodable` whether its pixels can be read."""

    reason: str
    decodable: bool
