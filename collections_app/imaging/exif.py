"""When a picture was taken, as its EXIF says. It calls Pillow, so it belongs into a sandbox."""

import io

from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
_EXIF_DIRECTORY = 0x8769
# DateTimeOriginal and DateTime, each with its offset from UTC and its fraction of a second.
_TIMES = ((0x9003, 0x9011, 0x9291), (0x0132, 0x9010, 0x9290))


def taken(data: bytes) -> str | None:
    """The time, such as 2026-11-21T08:00:00.25+01:00; None where the file does not say it.

    Without an offset where the camera gave none. ValueError where the bytes cannot be read.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            exif = image.getexif()
            fields = dict(exif) | exif.get_ifd(_EXIF_DIRECTORY)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(str(error)) from None
    for time, offset, fraction in _TIMES:
        # "2026:11:21 08:00:00"; spaces or colons alone where the camera did not know.
        date, _, clock = str(fields.get(time, "")).strip(" \0").partition(" ")
        if date.replace(":", "").isdecimal():
            digits = str(fields.get(fraction, "")).strip(" \0")
            zone = str(fields.get(offset, "")).strip(" \0")
            part = f".{digits}" if digits.isdecimal() else ""
            return f"{date.replace(':', '-')}T{clock}{part}{zone}"
    return None
