"""A chain of operations on one image, from bytes to bytes: where it may go wrong."""

from PIL import Image

from collections_app.imaging.operations.applying import apply
from collections_app.imaging.operations.decoding import decode
from collections_app.imaging.operations.encoding import encode
from collections_app.imaging.operations.geometry import Size, resized
from collections_app.imaging.operations.kinds import Convert, Fit, Operation, Scale
from collections_app.imaging.operations.parsing import parse
from collections_app.imaging.operations.results import Drawn, Results
from collections_app.imaging.operations.targets import FORMATS, MEDIA_TYPES
from collections_app.imaging.structure import formats
from collections_app.imaging.structure.formats import SIGNATURE_BYTES


def run(data: bytes, chain: list[str], max_pixels: int) -> Results:
    """Decode an image, apply the operations in order, and encode what comes of it.

    Without `convert` the results have the image's own format, PNG where that is BMP. Of an
    animation or a file of pages the first one is taken.
    Raises OperationError and Undecodable.
    """
    operations = parse(chain)
    target = operations.pop() if operations and isinstance(operations[-1], Convert) else None
    image = decode(data, max_pixels, lambda size: _enough(operations, size))
    if not isinstance(target, Convert):
        target = _own(data)
    pictures = [image]
    del image
    for operation in operations:
        done: list[Image.Image] = []
        while pictures:
            # Nothing holds what is not needed any more: a picture may have 100 MB.
            done += apply(operation, pictures.pop(0), max_pixels)
        pictures = done
    return Results(tuple(_drawn(picture, target) for picture in pictures))


def _enough(operations: list[Operation], size: Size) -> Size | None:
    """How large the image must be decoded: it may be smaller where it is made so first."""
    first = operations[0] if operations else None
    if not isinstance(first, Scale | Fit):
        return None
    result, (left, top, right, bottom) = resized(first, size)
    factor = max(result[0] / (right - left), result[1] / (bottom - top))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _own(data: bytes) -> Convert:
    """The format that the bytes are in, where it is one that is written."""
    head = data[:SIGNATURE_BYTES]
    known = (one.name for one in formats.FORMATS if one.begins(head) and one.name in FORMATS)
    name = next(known, "png")
    return Convert(name, FORMATS[name])


def _drawn(image: Image.Image, target: Convert) -> Drawn:
    return Drawn(encode(image, target), MEDIA_TYPES[target.format], image.width, image.height)
