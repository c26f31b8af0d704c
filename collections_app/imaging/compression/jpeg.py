"""JPEG as JPEG XL that restores the same bytes (ISO/IEC 18181-2, JPEG bitstream reconstruction)."""

import io

import imagecodecs
from PIL import Image

from collections_app.imaging.compression.errors import Unsuitable


def encode(data: bytes) -> bytes:
    """A JPEG XL file that holds the coefficients of a JPEG, and how its bytes were written.

    Raises Unsuitable where the JPEG cannot be written again exactly: arithmetic coding, CMYK,
    12 bits, a broken end.
    """
    try:
        encoded = bytes(imagecodecs.jpegxl_encode_jpeg(data, numthreads=1))
        restored = decode(encoded)
    except (imagecodecs.JpegxlError, RuntimeError, ValueError) as error:
        raise Unsuitable(f"JPEG XL does not take this JPEG ({error})") from error
    if restored != data:
        raise Unsuitable("JPEG XL does not give this JPEG back byte for byte")
    return encoded


def decode(data: bytes) -> bytes:
    """The JPEG that a JPEG XL file was made of."""
    return bytes(imagecodecs.jpegxl_decode_jpeg(data, numthreads=1))


def coarser(data: bytes, quality: int) -> bytes:
    """The JPEG encoded anew at a quality of 1 to 100; EXIF, XMP, ICC profile and comment stay."""
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        kept = {
            name: image.info[name]
            for name in ("exif", "icc_profile", "comment", "xmp", "dpi")
            if name in image.info
        }
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality, optimize=True, **kept)
    return buffer.getvalue()
