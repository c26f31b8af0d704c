"""What inspect() raises when bytes are no acceptable image.

ImageError               the bytes cannot be kept as an image (422 / 4.22)
├── NotAnImage           no image at all, or one of a format that is not accepted
├── BrokenImage          a known format with a wrong structure
│   └── TruncatedImage   the file ends too early
└── TooManyPixels        larger than the limit
"""


class ImageError(ValueError):
    """The bytes cannot be kept as an image; `detail` says why in one sentence."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotAnImage(ImageError):
    """No image at all, or one of a format that is not accepted."""


class BrokenImage(ImageError):
    """A known format with a wrong structure; `offset` is the byte at fault, counted from 0."""

    def __init__(self, detail: str, offset: int) -> None:
        super().__init__(detail)
        self.offset = offset


class TruncatedImage(BrokenImage):
    """The file ends too early; `offset` is the number of bytes that are there."""


class TooManyPixels(ImageError):
    """A picture of `width` x `height` pixels is larger than `limit` pixels."""

    def __init__(self, width: int, height: int, limit: int) -> None:
        super().__init__(
            f"The image has {width} x {height} pixels; at most {limit} pixels are accepted."
        )
        self.width = width
        self.height = height
        self.limit = limit
