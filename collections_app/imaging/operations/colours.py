"""Colours: everything that is written is sRGB, or grey."""

import io

from PIL import Image, ImageCms

BACKGROUND = "white"
_SRGB = ImageCms.createProfile("sRGB")


def in_srgb(image: Image.Image) -> Image.Image:
    """The picture in L, LA, RGB or RGBA, in sRGB by its profile, which is not needed any more.

    A profile that is damaged, or of another kind of colours, is as none.
    """
    profile = image.info.pop("icc_profile", None)
    if profile and b"sRGB" not in profile:
        image = _converted(image, profile)
    return image.convert("RGB") if image.mode == "CMYK" else image


def over_background(image: Image.Image) -> Image.Image:
    """The picture without alpha: what shines through it is white."""
    if image.mode not in ("LA", "RGBA"):
        return image
    plain = Image.new(image.mode[:-1], image.size, BACKGROUND)
    plain.paste(image.convert(plain.mode), mask=image.getchannel("A"))
    return plain


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    grey = image.mode in ("L", "LA")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if grey or image.mode == "CMYK":
            colours = ImageCms.profileToProfile(
                image.convert("L") if grey else image, source, _SRGB, outputMode="RGB"
            )
        else:
            colours = ImageCms.profileToProfile(image, source, _SRGB)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    assert colours is not None
    if not grey:
        return colours
    result = colours.convert("L")
    if image.mode == "LA":
        result.putalpha(image.getchannel("A"))
    return result
