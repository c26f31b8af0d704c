import io
import struct
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from collections_app.imaging.compression import (
    Encoded,
    Kept,
    NotRestorable,
    Policy,
    compress,
    is_exact,
    restore,
)
from tests import pictures
from tests.collections_app.imaging.compression import drawings

PIXELS = Policy("pixels")
BYTES = Policy("bytes")


def encoded(data: bytes, media_type: str, policy: Policy = PIXELS) -> Encoded:
    found = compress(data, media_type, policy)
    assert isinstance(found, Encoded), found
    assert len(found.data) < len(data)
    return found


def again(found: Encoded, media_type: str) -> bytes:
    return restore(found.encoding, found.data, media_type)


def frames(data: bytes) -> list[tuple[str, Any, dict[str, Any]]]:
    with Image.open(io.BytesIO(data)) as image:
        found = []
        for at in range(getattr(image, "n_frames", 1)):
            image.seek(at)
            said = {name: value for name, value in image.info.items() if name != "interlace"}
            found.append((image.mode, np.asarray(image), said))
        return found


def assert_same(one: bytes, other: bytes) -> None:
    for (mode, pixels, said), (mode2, pixels2, said2) in zip(
        frames(one), frames(other), strict=True
    ):
        assert mode == mode2
        assert said == said2
        np.testing.assert_array_equal(pixels, pixels2)


PNGS = {
    "colour": lambda: drawings.png(drawings.smooth()),
    "gray": lambda: drawings.png(drawings.smooth(1)),
    "gray and alpha": lambda: drawings.png(drawings.smooth(2)),
    "alpha over colours": lambda: drawings.png(drawings.clear()),
    "palette": lambda: drawings.png(drawings.indexed()),
    "palette of one bit": lambda: drawings.png(drawings.indexed(2), bits=1),
    "transparent palette": lambda: drawings.png(drawings.indexed(), transparency=b"\x10\x80"),
    "transparent colour": lambda: drawings.png(drawings.smooth(), transparency=(1, 2, 3)),
    "gray of 1 bit": lambda: drawings.low_gray(1),
    "gray of 2 bits": lambda: drawings.low_gray(2),
    "gray of 4 bits": lambda: drawings.low_gray(4),
    "described": drawings.described,
}


@pytest.mark.parametrize("name", PNGS)
def test_a_png_comes_back_with_its_pixels_and_all_it_says(name: str) -> None:
    data = PNGS[name]()
    assert_same(data, again(encoded(data, "image/png"), "image/png"))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_come_back_as_sixteen(channels: int) -> None:
    data = drawings.png16(channels)
    found = encoded(data, "image/png")
    restored = imagecodecs.png_decode(again(found, "image/png"))
    assert found.encoding.startswith("jxl")
    assert restored.dtype == np.uint16
    np.testing.assert_array_equal(restored, drawings.smooth(channels, np.uint16))


def test_every_chunk_of_a_png_keeps_its_bytes_and_its_place() -> None:
    def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
        at, found = 8, []
        while not found or found[-1][0] != b"IEND":
            length, kind = struct.unpack_from(">I4s", data, at)
            found.append((kind, b"" if kind == b"IDAT" else data[at + 8 : at + 8 + length]))
            at += 12 + length
        return [*found, (b"", data[at:])]

    data = drawings.described()
    restored = again(encoded(data, "image/png"), "image/png")
    assert chunks(restored) == chunks(data)
    assert {b"iCCP", b"eXIf", b"gAMA", b"pHYs", b"tEXt"} <= {kind for kind, _ in chunks(data)}


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("policy", [PIXELS, BYTES])
def test_a_jpeg_comes_back_byte_for_byte(policy: Policy, subsampling: int) -> None:
    data = drawings.save(drawings.smooth(), "JPEG", quality=85, subsampling=subsampling)
    found = encoded(data, "image/jpeg", policy)
    assert found.encoding == "jxl-jpeg"
    assert is_exact(found.encoding)
    assert again(found, "image/jpeg") == data


BYTE_EXACT = {
    "BMP": lambda: drawings.save(drawings.smooth(), "BMP"),
    "BMP with a palette": lambda: drawings.save(drawings.indexed(), "BMP"),
    "BMP of 1 bit": lambda: drawings.save(
        Image.fromarray(drawings.flat(2) * 255, "L").convert("1"), "BMP"
    ),
    "BMP with alpha": lambda: drawings.save(drawings.clear(), "BMP"),
    "plain TIFF": lambda: drawings.tiff(drawings.smooth(), "raw"),
    "TIFF of 16 bits": lambda: drawings.tiff(drawings.smooth(1, np.uint16), "raw"),
    "TIFF of 1 bit": lambda: drawings.tiff(
        Image.fromarray(drawings.flat(2) * 255).convert("1"), "raw"
    ),
    "PackBits TIFF": lambda: drawings.tiff(drawings.flat(), "packbits"),
}


@pytest.mark.parametrize("name", BYTE_EXACT)
def test_what_is_stored_plainly_comes_back_byte_for_byte(name: str) -> None:
    data = BYTE_EXACT[name]()
    media_type = "image/bmp" if name.startswith("BMP") else "image/tiff"
    found = encoded(data, media_type)
    assert found.encoding in ("webp-exact", "jxl-exact")
    assert is_exact(found.encoding)
    assert again(found, media_type) == data


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate"])
@pytest.mark.parametrize("predictor", [1, 2])
def test_a_compressed_tiff_comes_back_with_its_pixels_and_tags(
    compression: str, predictor: int
) -> None:
    data = drawings.tiff(
        drawings.smooth(), compression, tiffinfo={317: predictor, 270: "A gate"}, dpi=(300, 300)
    )
    restored = again(encoded(data, "image/tiff"), "image/tiff")
    assert_same(data, restored)
    with Image.open(io.BytesIO(data)) as one, Image.open(io.BytesIO(restored)) as other:
        moved = (273, 279)
        tags = {tag: value for tag, value in one.tag_v2.items() if tag not in moved}
        assert tags == {tag: value for tag, value in other.tag_v2.items() if tag not in moved}
        assert tags[270] == "A gate"


def test_a_second_page_stays_as_it_is() -> None:
    pages = [Image.fromarray(drawings.smooth()), Image.fromarray(drawings.flat())]
    data = drawings.save(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert_same(data, again(encoded(data, "image/tiff"), "image/tiff"))


def test_every_frame_of_an_animation_comes_back() -> None:
    data = drawings.animation()
    assert_same(data, again(encoded(data, "image/gif"), "image/gif"))


def test_a_lossless_webp_comes_back_with_its_pixels() -> None:
    data = drawings.save(
        drawings.clear(), "WEBP", lossless=True, quality=0, method=0, exact=True, icc_profile=b"x"
    )
    assert_same(data, again(encoded(data, "image/webp"), "image/webp"))


def test_a_lossy_webp_is_kept() -> None:
    found = compress(drawings.save(drawings.smooth(), "WEBP", quality=60), "image/webp", PIXELS)
    assert isinstance(found, Kept)
    assert found.decodable


def test_the_policy_of_bytes_changes_none() -> None:
    data = drawings.save(drawings.indexed(), "BMP")
    found = encoded(data, "image/bmp", BYTES)
    assert found.encoding == "zstd"
    assert again(found, "image/bmp") == data
    kept = compress(drawings.png(drawings.smooth()), "image/png", BYTES)
    assert isinstance(kept, Kept)


@pytest.mark.parametrize(("format", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
def test_the_visual_policy_is_smaller_and_looks_the_same(format: str, media_type: str) -> None:
    data = drawings.save(drawings.smooth(), format, **({"quality": 95} if format == "JPEG" else {}))
    lossless = encoded(data, media_type)
    good = encoded(data, media_type, Policy("visual", 80))
    poor = encoded(data, media_type, Policy("visual", 40))
    assert not is_exact(good.encoding)
    assert len(poor.data) < len(good.data) < len(lossless.data)
    ((mode, pixels, _),), ((mode2, pixels2, _),) = frames(data), frames(again(good, media_type))
    assert mode == mode2
    change = pixels.astype(float) - pixels2
    assert 0 < np.sqrt(np.mean(change**2)) < 8


def test_indices_are_never_changed_a_little() -> None:
    data = drawings.png(drawings.indexed())
    found = encoded(data, "image/png", Policy("visual", 30))
    assert_same(data, again(found, "image/png"))


def test_what_does_not_get_smaller_is_kept() -> None:
    found = compress(pictures.png(size=(9, 9)), "image/png", PIXELS)
    assert isinstance(found, Kept)
    assert found.decodable
    assert "not smaller" in found.reason


def test_what_cannot_be_decoded_is_kept_and_says_so() -> None:
    data = drawings.png(drawings.smooth())
    at = data.index(b"IDAT")
    body = b"\x78\x9c" + b"no deflate" * 400
    damaged = data[: at - 4] + drawings.chunk(b"IDAT", body) + drawings.chunk(b"IEND", b"")
    for policy in (PIXELS, BYTES):
        found = compress(damaged, "image/png", policy)
        assert isinstance(found, Kept)
        assert not found.decodable


def test_a_restoration_gives_the_same_bytes_each_time() -> None:
    found = encoded(drawings.described(), "image/png")
    assert again(found, "image/png") == again(found, "image/png")


@pytest.mark.parametrize("encoding", ["raw", "webp-odd", "brotli", "jxl", "zstd", "jxl-jpeg"])
def test_what_was_not_made_here_is_not_restored(encoding: str) -> None:
    with pytest.raises(NotRestorable):
        restore(encoding, b"\x01\x03\x05not made here", "image/png")


def test_a_damaged_file_is_not_restored() -> None:
    found = encoded(drawings.png(drawings.smooth()), "image/png")
    with pytest.raises(NotRestorable):
        restore(found.encoding, found.data[: len(found.data) // 2], "image/png")


@pytest.mark.parametrize(("fidelity", "quality"), [("exact", 80), ("visual", 0), ("visual", 101)])
def test_a_policy_is_one_that_there_is(fidelity: Any, quality: int) -> None:
    with pytest.raises(ValueError):
        Policy(fidelity, quality)
