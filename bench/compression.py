"""How small real images get, in what time, and whether they come back, beside other encoders."""

import os
import statistics
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from bench import image_encoders, npm
from bench.image_encoders import Encoder
from bench.plan import Plan
from bench.servers import ROOT
from bench.tables import Goal, table

SHARED = Path(os.environ.get("COAPTURE_SHARED", ROOT.parent / "shared"))
IMAGES = SHARED / "data" / "images"
SAVED = Goal(27, " %")
SAVED_BY_KIND = Goal(30, " %")
SPENT = Goal(200, " ms/MP", False)
APART = "gif"
OURS = "ours"
# A quick run takes every third image.
QUICK_STEP = 3


@dataclass
class Sum:
    """What one encoder made of some images."""

    before: int = 0
    after: int = 0
    seconds: float = 0.0
    megapixels: float = 0.0
    images: int = 0
    same: int = 0

    @property
    def saved(self) -> float:
        """The bytes saved, in percent."""
        return 100 * (1 - self.after / self.before)

    @property
    def spent(self) -> float:
        """The processor's milliseconds for a million pixels."""
        return 1000 * self.seconds / self.megapixels

    def cells(self) -> tuple[str, str, str]:
        """The cells of a table."""
        return f"{self.saved:.1f} %", f"{self.spent:,.0f}", f"{self.same}/{self.images}"


@dataclass
class Kind:
    """The images of one folder, and what each encoder made of them."""

    name: str
    files: list[Path]
    sums: dict[str, Sum] = field(default_factory=dict)


def run(plan: Plan) -> None:
    """Measure, print the table."""
    kinds = [_kind(folder, plan) for folder in sorted(IMAGES.glob("*/"))]
    if not kinds:
        print(f"\nNo compression: there are no images at {IMAGES} (set COAPTURE_SHARED).")
        return
    with ExitStack() as stack:
        encoders = {OURS: image_encoders.ours, "Pillow": image_encoders.pillow}
        try:
            encoders["sharp"] = stack.enter_context(image_encoders.sharp(plan.folder / "sharp"))
        except npm.Missing as missing:
            print(f"\nNo figures of sharp: {missing}.")
        for kind in kinds:
            for file in kind.files:
                _measure(kind, file, encoders)
    _print(kinds, list(encoders))


def _kind(folder: Path, plan: Plan) -> Kind:
    files = sorted(folder.iterdir())
    return Kind(folder.name, files[:: QUICK_STEP if plan.rounds == 1 else 1])


def _measure(kind: Kind, file: Path, encoders: Mapping[str, Encoder]) -> None:
    """Encode one image with each encoder in turn."""
    data = file.read_bytes()
    with Image.open(file) as image:
        pixels = image.width * image.height * int(getattr(image, "n_frames", 1))
    for name, encode in encoders.items():
        size, restored, seconds = encode(file)
        found = kind.sums.setdefault(name, Sum())
        found.before += len(data)
        found.after += size
        found.seconds += seconds
        found.megapixels += pixels / 1e6
        found.images += 1
        found.same += image_encoders.is_same(data, restored)


def _print(kinds: list[Kind], names: list[str]) -> None:
    columns = [
        "kind",
        *(f"{name}: {what}" for name in names for what in ("saved", "ms/MP", "same")),
    ]
    title = "Compression of real images (policy of pixels)"
    print(table(title, columns, _rows(kinds, names)))
    total = _total(kinds, OURS)
    by_kind = statistics.mean(kind.sums[OURS].saved for kind in kinds if kind.name != APART)
    print(
        f"\nSaved in all {total.saved:.1f} % ({SAVED.judge(total.saved)}), on average by kind, GIF"
        f" apart, {by_kind:.1f} % ({SAVED_BY_KIND.judge(by_kind)}), in {total.spent:.0f} ms/MP"
        f" ({SPENT.judge(total.spent)}). The same: pixels at their depth, of JPEGs all bytes."
    )


def _rows(kinds: list[Kind], names: list[str]) -> Iterator[list[str]]:
    for kind in kinds:
        yield [kind.name, *(cell for name in names for cell in kind.sums[name].cells())]
    yield ["all", *(cell for name in names for cell in _total(kinds, name).cells())]


def _total(kinds: list[Kind], name: str) -> Sum:
    sums = [kind.sums[name] for kind in kinds]
    return Sum(
        sum(one.before for one in sums),
        sum(one.after for one in sums),
        sum(one.seconds for one in sums),
        sum(one.megapixels for one in sums),
        sum(one.images for one in sums),
        sum(one.same for one in sums),
    )
