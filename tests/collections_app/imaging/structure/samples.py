"""Small whole images of every format and kind: by Pillow, or by hand where it cannot write them."""

import io
import random
import struct

from PIL import Image

from tests.collections_app.imaging.structure import builders as build

SIZE = (19, 13)


def draw(mode: str, size: tuple[int, int] = SIZE, seed: int = 1) -> Image.Image:
    """A picture of noise in one of Pillow's modes."""
    noise = random.Random(seed).randbytes(size[0] * size[1] * 4)
    if mode == "I;16":
        return Image.frombytes(mode, size, noise[: len(noise) // 2])
    image = Image.frombytes("RGBA", size, noise)
    return image.convert(mode if "A" in mode else "RGB").convert(mode)


def encode(name: str, mode: str = "RGB", *, frames: int = 1, **options: object) -> bytes:
    """An image as Pillow writes the format of this name; further frames are other pictures."""
    if frames > 1:
        more = [draw(mode, seed=seed) for seed in range(2, frames + 1)]
        options |= {"save_all": True, "append_images": more}
    buffer = io.BytesIO()
    draw(mode).save(buffer, format=name, **options)
    return buffer.getvalue()


def with_thumbnail() -> bytes:
    """A JPEG that carries another whole one in a segment."""
    whole = encode("JPEG")
    return whole[:2] + build.segment(0xE3, encode("JPEG", "L")) + whole[2:]


JPEG = {
    "colour": encode("JPEG"),
    "grey": encode("JPEG", "L"),
    "cmyk": encode("JPEG", "CMYK"),
    "progressive": encode("JPEG", progressive=True),
    "progressive grey": encode("JPEG", "L", progressive=True),
    "optimised": encode("JPEG", optimize=True),
    "full chroma": encode("JPEG", subsampling=0, quality=98),
    "restart markers": encode("JPEG", restart_marker_blocks=1),
    "with comment and profile": encode("JPEG", comment=b"\xff\xd9 no end", icc_profile=bytes(99)),
    "with thumbnail": with_thumbnail(),
    "several scans without progression": build.jpeg(
        build.TABLE, build.frame(components=b"\1\x22\0\2\x11\0"), build.SCAN, build.SCAN
    ),
    "lossless": build.jpeg(build.frame(0xC3, bits=12), build.SCAN),
    "fill bytes": build.jpeg(b"\xff\xff\xff", build.TABLE, build.frame(), build.SCAN, b"\xff"),
}
MULTI_PICTURE = encode("MPO", frames=2)

PNG = {
    "bilevel": encode("PNG", "1"),
    "grey": encode("PNG", "L"),
    "grey with alpha": encode("PNG", "LA"),
    "16 bits": encode("PNG", "I;16"),
    "palette": encode("PNG", "P"),
    "palette of 4 bits": encode("PNG", "P", bits=4),
    "palette with transparency": encode("PNG", "P", transparency=bytes(9)),
    "colour": encode("PNG"),
    "colour with alpha": encode("PNG", "RGBA"),
    "animated": encode("PNG", frames=3),
    "interlaced": build.png(build.header(rest=b"\0\0\1"), build.DATA, build.END),
    "several IDAT": build.png(
        build.header(), build.chunk(b"IDAT"), build.DATA, build.chunk(b"IDAT"), build.END
    ),
}

WEBP = {
    "lossy": encode("WEBP"),
    "lossless": encode("WEBP", lossless=True),
    "lossy with alpha": encode("WEBP", "RGBA"),
    "lossless with alpha": encode("WEBP", "RGBA", lossless=True),
    "with profile": encode("WEBP", icc_profile=bytes(99)),
    "animated": encode("WEBP", frames=3),
    "animated lossless": encode("WEBP", "RGBA", frames=3, lossless=True),
}

GIF = {
    "colour": encode("GIF"),
    "grey": encode("GIF", "L", interlace=0),
    "with comment": encode("GIF", "P", comment=b"of 300 bytes " * 24),
    "transparent": encode("GIF", "P", transparency=0),
    "animated": encode("GIF", "P", frames=4, loop=0, duration=50),
    "screen of no size": build.gif(build.gif_picture(left=2, top=1), b";", width=0, height=0),
    "first picture outside": build.gif(build.gif_picture(left=2, top=1), b";"),
    "later picture outside": build.gif(build.gif_picture(), build.gif_picture(left=65535), b";"),
    "without trailer": build.gif(build.gif_picture()),
}

BMP = {
    "bilevel": encode("BMP", "1"),
    "grey": encode("BMP", "L"),
    "palette": encode("BMP", "P"),
    "colour": encode("BMP"),
    "with alpha": encode("BMP", "RGBA"),
    "top-down": build.bmp(height=-2),
    "16 bits": build.bmp(bits=16),
    "bit fields": build.bmp(
        bits=16, compression=3, palette=struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    ),
    "run length": build.bmp(
        bits=8, compression=1, palette=bytes(1024), data=b"\3\1\0\0\3\2\0\1", data_bytes=8
    ),
    "run length of 4 bits": build.bmp(
        bits=4, compression=2, palette=bytes(64), data=b"\3\1\0\0\3\2\0\1", data_bytes=8
    ),
    "OS/2 1": build.bmp(header_size=12),
    "OS/2 2": build.bmp(header_size=64),
    "OS/2 2 with a short header": build.bmp(header_size=16),
    "version 4": build.bmp(header_size=108),
    "version 5": build.bmp(header_size=124),
}

TILES = build.without(build.page(20, 20), 273, 278, 279)
TIFF = {
    "colour": encode("TIFF"),
    "bilevel": encode("TIFF", "1"),
    "fax": encode("TIFF", "1", compression="group4"),
    "16 bits": encode("TIFF", "I;16"),
    "float": encode("TIFF", "F"),
    "cmyk": encode("TIFF", "CMYK"),
    "palette": encode("TIFF", "P"),
    "LZW": encode("TIFF", compression="tiff_lzw"),
    "deflate": encode("TIFF", "RGBA", compression="tiff_adobe_deflate"),
    "packbits": encode("TIFF", compression="packbits"),
    "JPEG": encode("TIFF", compression="jpeg"),
    "one row a strip": encode("TIFF", compression="tiff_lzw", tiffinfo={278: 1}),
    "several pages": encode("TIFF", frames=3),
    "BigTIFF": encode("TIFF", big_tiff=True, frames=2),
    "big-endian": build.tiff(build.page(3, 2), order=">"),
    "big-endian BigTIFF": build.tiff(build.page(3, 2), order=">", big=True),
    "turned": build.tiff(sorted([*build.page(3, 2), (274, 3, (6,))])),
    "tiled": build.tiff(
        [
            *TILES,
            (322, 3, (16,)),
            (323, 3, (16,)),
            (324, 4, (0, 8, 16, 24)),
            (325, 3, (40, 40, 40, 40)),
        ]
    ),
    "planes apart": build.tiff(
        sorted(
            [
                *build.without(build.page(3, 2), 258, 262, 273, 277, 279),
                (258, 3, (8, 8, 8)),
                (262, 3, (2,)),
                (273, 4, (0, 6, 12)),
                (277, 3, (3,)),
                (279, 4, (6, 6, 6)),
                (284, 3, (2,)),
            ]
        )
    ),
}

UNKNOWN_TO_PILLOW = {
    ("jpeg", "several scans without progression"): (8, 8),
    ("jpeg", "lossless"): (8, 8),
    ("bmp", "OS/2 2 with a short header"): (3, 2),
    ("tiff", "big-endian BigTIFF"): (3, 2),
}
"""The sizes of the samples that Pillow does not open."""

SAMPLES = {
    (name, kind): data
    for name, kinds in {
        "jpeg": JPEG | {"of several pictures": MULTI_PICTURE},
        "png": PNG,
        "webp": WEBP,
        "gif": GIF,
        "bmp": BMP,
        "tiff": TIFF,
    }.items()
    for kind, data in kinds.items()
}
"""Every sample by its format's name and its kind."""
