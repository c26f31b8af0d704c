"""The formats whose structure is known."""

from collections.abc import Callable
from dataclasses import dataclass

from collections_app.imaging.structure import bmp, gif, jpeg, png, tiff, webp
from collections_app.imaging.structure.source import Source

ANY = ord(".")


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how its files begin ("." stands for any byte), and who walks them.

    `walk` gives the width and height in pixels, or raises ImageError.
    """

    name: str
    label: str
    media_type: str
    signatures: tuple[bytes, ...]
    walk: Callable[[Source], tuple[int, int]]

    def begins(self, head: bytes) -> bool:
        """Whether `head` begins like this format, as far as it goes."""
        return any(_agree(head, signature) for signature in self.signatures)


def _agree(head: bytes, signature: bytes) -> bool:
    pairs = zip(head, signature, strict=False)
    return all(byte == wanted or wanted == ANY for byte, wanted in pairs)


FORMATS = (
    Format("jpeg", "JPEG", "image/jpeg", (b"\xff\xd8\xff",), jpeg.walk),
    Format("png", "PNG", "image/png", (b"\x89PNG",), png.walk),
    Format("webp", "WebP", "image/webp", (b"RIFF....WEBP",), webp.walk),
    Format("gif", "GIF", "image/gif", (b"GIF87a", b"GIF89a"), gif.walk),
    Format("tiff", "TIFF", "image/tiff", (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), tiff.walk),
    Format("bmp", "BMP", "image/bmp", (b"BM",), bmp.walk),
)
SIGNATURE_BYTES = max(len(signature) for one in FORMATS for signature in one.signatures)
