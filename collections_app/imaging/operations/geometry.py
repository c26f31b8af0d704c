"""Sizes and rectangles, in pixels."""

from collections_app.imaging.operations.errors import OperationError
from collections_app.imaging.operations.kinds import Fit, Scale

Size = tuple[int, int]
Box = tuple[float, float, float, float]


def resized(operation: Scale | Fit, size: Size) -> tuple[Size, Box]:
    """The new size, and the part of the picture that fills it: left, top, right, bottom."""
    width, height = size
    whole = (0.0, 0.0, float(width), float(height))
    if isinstance(operation, Scale):
        factor = operation.percent / 100
        return (_side(width * factor), _side(height * factor)), whole
    wanted = _wanted(operation, size)
    if operation.fit == "contain":
        return _contained(operation, size, wanted), whole
    if not operation.enlarge:
        wanted = (min(wanted[0], width), min(wanted[1], height))
    return wanted, whole if operation.fit == "fill" else _covering(size, wanted)


def check_pixels(size: Size, limit: int) -> Size:
    """The size; OperationError where it has more pixels than `limit`."""
    if size[0] * size[1] > limit:
        raise OperationError(
            f"The picture would have {size[0]} x {size[1]} pixels; at most {limit} are drawn."
        )
    return size


def quadrants(size: Size) -> list[tuple[int, int, int, int]]:
    """Left-top, right-top, left-bottom, right-bottom; an odd middle belongs to the later half."""
    width, height = size
    if width < 2 or height < 2:
        raise OperationError(f"A picture of {width} x {height} pixels has no quadrants.")
    columns, rows = (
        ((0, width // 2), (width // 2, width)),
        ((0, height // 2), (height // 2, height)),
    )
    return [(left, top, right, bottom) for top, bottom in rows for left, right in columns]


def _wanted(operation: Fit, size: Size) -> Size:
    """Both sides of the size that is asked for, the one left open by the aspect ratio."""
    width, height = operation.width, operation.height
    if width is None:
        assert height is not None
        return _side(size[0] * height / size[1]), height
    return width, _side(size[1] * width / size[0]) if height is None else height


def _contained(operation: Fit, size: Size, wanted: Size) -> Size:
    factor = min(wanted[0] / size[0], wanted[1] / size[1])
    if not operation.enlarge:
        factor = min(factor, 1.0)
    return _side(size[0] * factor), _side(size[1] * factor)


def _covering(size: Size, wanted: Size) -> Box:
    """The largest part from the middle that has the aspect ratio of `wanted`."""
    factor = min(size[0] / wanted[0], size[1] / wanted[1])
    width, height = wanted[0] * factor, wanted[1] * factor
    left, top = (size[0] - width) / 2, (size[1] - height) / 2
    return left, top, min(left + width, size[0]), min(top + height, size[1])


def _side(length: float) -> int:
    return max(1, round(length))
