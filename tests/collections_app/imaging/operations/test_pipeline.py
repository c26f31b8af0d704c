"""collections_app/imaging/operations: what chains make of pictures."""

import io
import random

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat

from collections_app.imaging.operations import OperationError, Undecodable
from collections_app.imaging.operations.pipeline import run
from tests.collections_app.imaging.operations.drawing import (
    BLUE,
    CORNERS,
    GREEN,
    LIMIT,
    RED,
    YELLOW,
    alike,
    corners,
    drawn,
    opened,
    quarters,
    saved,
    show,
)

PNG = saved(quarters())


def orange(mode: str = "RGB", size: tuple[int, int] = (32, 32)) -> Image.Image:
    return Image.new("RGB", size, (250, 140, 20)).convert(mode)


class TestResize:
    @pytest.mark.parametrize(
        ("chain", "size"),
        [
            ("resize=50", (40, 30)),
            ("resize=100", (80, 60)),
            ("resize=1", (1, 1)),
            ("resize=40x", (40, 30)),
            ("resize=x120", (160, 120)),
            ("resize=40x40", (40, 30)),
            ("resize=40x40,cover", (40, 40)),
            ("resize=40x40,fill", (40, 40)),
            ("resize=160x10,cover", (160, 10)),
            ("thumbnail=40", (40, 30)),
            ("thumbnail=400", (80, 60)),
            ("thumbnail=400x40,cover", (80, 40)),
        ],
    )
    def test_sizes(self, chain: str, size: tuple[int, int]) -> None:
        assert drawn(PNG, chain).size == size

    @pytest.mark.parametrize("fit", ["contain", "cover", "fill"])
    def test_all_quadrants_stay(self, fit: str) -> None:
        assert show(drawn(PNG, f"resize=40x40,{fit}"), *CORNERS)

    def test_cover_cuts_evenly_and_does_not_distort(self) -> None:
        image = Image.new("RGB", (300, 100), "black")
        image.paste("white", (100, 0, 200, 100))
        middle = drawn(saved(image), "resize=50x50,cover")
        assert ImageStat.Stat(middle.convert("L")).mean[0] > 250

    def test_results_are_bounded(self) -> None:
        with pytest.raises(OperationError, match="4000 x 3000 pixels"):
            drawn(PNG, "resize=4000x", limit=11_999_999)

    def test_a_large_jpeg_is_decoded_smaller_without_visible_loss(self) -> None:
        noise = Image.effect_noise((100, 75), 60).resize((1600, 1200), Image.Resampling.BICUBIC)
        data = saved(noise.convert("RGB"), "JPEG", quality=90)
        quick = drawn(data, "resize=160x120", "convert=png")
        slow = opened(data).resize((160, 120), Image.Resampling.LANCZOS)
        difference = ImageStat.Stat(ImageChops.difference(quick, slow))
        assert max(difference.rms) < 2

    def test_transparent_pixels_lend_no_colour(self) -> None:
        image = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
        image.paste((0, 0, 255, 255), (0, 0, 31, 64))
        for chain in ("resize=50", "blur=9"):
            small = drawn(saved(image), chain)
            pixels = small.tobytes()
            reds = [pixels[at] for at in range(0, len(pixels), 4) if pixels[at + 3] > 8]
            assert max(reds) < 8


class TestGeometry:
    def test_crop(self) -> None:
        assert show(drawn(PNG, "crop=40,0,40,60"), GREEN, GREEN, YELLOW, YELLOW)

    @pytest.mark.parametrize("box", ["1,0,80,60", "0,1,80,60", "80,60,1,1", "999999,0,1,1"])
    def test_a_crop_outside_of_the_picture_is_refused(self, box: str) -> None:
        with pytest.raises(OperationError, match="80 x 60"):
            drawn(PNG, f"crop={box}")

    @pytest.mark.parametrize(
        ("degrees", "expected"),
        [
            (90, (BLUE, RED, YELLOW, GREEN)),
            (180, (YELLOW, BLUE, GREEN, RED)),
            (270, (GREEN, YELLOW, RED, BLUE)),
        ],
    )
    def test_rotate_is_clockwise(
        self, degrees: int, expected: tuple[tuple[int, int, int], ...]
    ) -> None:
        assert show(drawn(PNG, f"rotate={degrees}"), *expected)

    def test_split(self) -> None:
        pictures = run(saved(quarters((81, 61))), ["split=True"], LIMIT).pictures
        sizes = [(one.width, one.height) for one in pictures]
        assert sizes == [(40, 30), (41, 30), (40, 31), (41, 31)]
        found = [corners(opened(one.data))[0] for one in pictures]
        assert all(alike(one, two) for one, two in zip(found, CORNERS, strict=True))

    def test_what_follows_a_split_happens_to_each_part(self) -> None:
        pictures = run(PNG, ["split=True", "resize=50", "split=True"], LIMIT).pictures
        assert [(one.width, one.height) for one in pictures] == [
            (10, 7),
            (10, 7),
            (10, 8),
            (10, 8),
        ] * 4

    def test_one_pixel_cannot_be_split(self) -> None:
        with pytest.raises(OperationError, match="no quadrants"):
            run(PNG, ["crop=0,0,1,1", "split=True"], LIMIT)

    def test_operations_are_applied_in_order(self) -> None:
        assert drawn(PNG, "resize=50", "crop=0,0,40,30").size == (40, 30)
        with pytest.raises(OperationError):
            drawn(PNG, "resize=50", "crop=0,0,41,30")


class TestDrawing:
    def test_blur_is_the_gaussian_of_opencv(self) -> None:
        """cv2.GaussianBlur(ksize=9) of a step edge: sigma 1.7."""
        image = Image.new("L", (64, 8))
        image.paste(255, (32, 0, 64, 8))
        row = [drawn(saved(image), "blur=9").getpixel((x, 4)) for x in range(29, 35)]
        assert row == pytest.approx([18, 48, 97, 158, 207, 237], abs=7)

    def test_a_watermark_is_at_the_right_bottom(self) -> None:
        plain = Image.new("RGB", (400, 300), (90, 90, 90))
        marked = drawn(saved(plain), "watermark=camera 7")
        box = ImageChops.difference(plain, marked).getbbox()
        assert box is not None
        assert box[0] > 200
        assert box[1] > 250
        assert max(marked.convert("L").getextrema()) > 150  # type: ignore[type-var]

    @pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "CMYK"])
    def test_a_watermark_on_any_kind_of_picture(self, mode: str) -> None:
        data = saved(quarters((200, 100), mode), "TIFF" if mode == "CMYK" else "PNG")
        marked = drawn(data, "watermark=x", "convert=png")
        assert marked.size == (200, 100)

    def test_a_long_watermark_becomes_smaller(self) -> None:
        marked = drawn(saved(Image.new("RGB", (300, 200))), "watermark=" + "m" * 30)
        box = marked.getbbox()
        assert box is not None
        assert box[0] > 0


class TestConvert:
    @pytest.mark.parametrize("name", ["jpeg", "png", "webp", "avif", "gif", "tiff"])
    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
    def test_every_mode_in_every_format(self, name: str, mode: str) -> None:
        image = drawn(saved(quarters(mode=mode)), f"convert={name}")
        assert image.format == name.upper()
        grey = mode in ("L", "LA", "1")
        expected = corners(quarters(mode=mode)) if grey or mode == "P" else list(CORNERS)
        if mode != "1":
            assert all(alike(a, b, 20) for a, b in zip(corners(image), expected, strict=True))

    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
    @pytest.mark.parametrize("quality", [60, 100])
    def test_jpeg_xl(self, mode: str, quality: int) -> None:
        import imagecodecs

        data = saved(quarters(mode=mode))
        (picture,) = run(data, [f"convert=jxl,{quality}"], LIMIT).pictures
        assert picture.media_type == "image/jxl"
        image = Image.fromarray(imagecodecs.jpegxl_decode(picture.data))
        assert image.size == (80, 60)
        expected = corners(quarters(mode=mode))
        assert all(alike(a, b) for a, b in zip(corners(image), expected, strict=True))

    def test_quality_decides_the_size(self) -> None:
        noise = random.Random(1).randbytes(64 * 64 * 3)
        data = saved(Image.frombytes("RGB", (64, 64), noise))
        for name in ("jpeg", "webp", "avif", "jxl"):
            small, large = (
                len(run(data, [f"convert={name},{quality}"], LIMIT).pictures[0].data)
                for quality in (20, 95)
            )
            assert small * 1.5 < large

    @pytest.mark.parametrize(
        ("format", "expected"),
        [
            ("JPEG", "JPEG"),
            ("PNG", "PNG"),
            ("WEBP", "WEBP"),
            ("GIF", "GIF"),
            ("TIFF", "TIFF"),
            ("BMP", "PNG"),
        ],
    )
    def test_without_it_the_format_stays(self, format: str, expected: str) -> None:
        assert drawn(saved(quarters(), format), "resize=50").format == expected

    def test_a_jpeg_of_something_transparent_has_a_white_background(self) -> None:
        image = Image.new("RGBA", (20, 20), (255, 0, 0, 0))
        assert alike(corners(drawn(saved(image), "convert=jpeg"))[0], (255, 255, 255))

    def test_a_transparent_colour_is_transparent(self) -> None:
        data = saved(Image.new("RGB", (8, 8), RED), transparency=RED)
        assert drawn(data, "rotate=90").getpixel((3, 3))[3] == 0  # type: ignore[index]


class TestWhatFilesBring:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
    def test_orientation_is_applied(self, orientation: int, format: str) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = {5: 5, 6: 8, 7: 7, 8: 6}.get(orientation, orientation)
        methods = {
            2: Image.Transpose.FLIP_LEFT_RIGHT,
            3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE,
            6: Image.Transpose.ROTATE_270,
            7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_90,
        }
        image = quarters()
        if stored != 1:
            image = image.transpose(methods[stored])
        for size in ("80x60", "40x30"):
            upright = drawn(saved(image, format, exif=exif), f"resize={size}", "convert=png")
            assert upright.size == tuple(map(int, size.split("x")))
            assert show(upright, *CORNERS)

    @pytest.mark.parametrize("target", ["jpeg", "png", "webp", "avif", "tiff"])
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
    @pytest.mark.parametrize("chain", [[], ["resize=50"]])
    def test_place_time_and_comments_are_left_out(
        self, format: str, target: str, chain: list[str]
    ) -> None:
        exif = Image.Exif()
        exif[0x010E] = "SECRET description"
        exif.get_ifd(0x8825)[29] = "SECRET date"
        options = {"comment": b"SECRET comment"} if format == "JPEG" else {}
        data = saved(quarters(), format, exif=exif, **options)
        assert b"SECRET" in data
        (picture,) = run(data, [*chain, f"convert={target}"], LIMIT).pictures
        assert b"SECRET" not in picture.data

    def test_damaged_exif_is_no_reason_to_refuse(self) -> None:
        data = saved(quarters(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
        assert show(drawn(data, "resize=50"), *CORNERS)

    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    def test_colours_are_converted_to_srgb(self, mode: str) -> None:
        """A profile with red and blue exchanged: the picture shows what it means."""
        data = saved(orange(mode), icc_profile=exchanged())
        image = drawn(data, "resize=50")
        assert alike(corners(image)[0], (20, 140, 250), 3)
        assert "icc_profile" not in image.info

    @pytest.mark.parametrize("mode", ["RGB", "L"])
    @pytest.mark.parametrize("profile", [b"nonsense", b""])
    def test_a_damaged_profile_is_as_none(self, mode: str, profile: bytes) -> None:
        image = drawn(saved(orange(mode), icc_profile=profile), "resize=50")
        assert alike(corners(image)[0], corners(orange(mode))[0], 3)

    def test_a_profile_of_other_colours_is_as_none(self) -> None:
        image = drawn(saved(orange("L"), icc_profile=exchanged()), "resize=50")
        assert alike(corners(image)[0], corners(orange("L"))[0], 3)

    def test_cmyk(self) -> None:
        image = drawn(saved(quarters(mode="CMYK"), "JPEG", quality=95), "resize=50", "convert=png")
        assert (image.mode, show(image, *CORNERS)) == ("RGB", True)

    @pytest.mark.parametrize("format", ["PNG", "TIFF"])
    def test_sixteen_bits_become_eight(self, format: str) -> None:
        data = saved(Image.new("I;16", (8, 8), 40000), format)
        assert drawn(data, "blur=3", "convert=png").getpixel((4, 4)) == 156

    def test_floating_point_is_spread(self) -> None:
        image = Image.new("F", (8, 8), -2.5)
        image.paste(7.5, (0, 0, 4, 8))
        extremes = drawn(saved(image, "TIFF"), "convert=png").getextrema()
        assert extremes == (0, 255)

    @pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
    def test_of_an_animation_the_first_frame_is_taken(self, format: str) -> None:
        frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, GREEN, BLUE)]
        data = saved(frames[0], format, save_all=True, append_images=frames[1:])
        image = drawn(data, "resize=50", "convert=png")
        assert alike(corners(image)[0], RED)


class TestHostile:
    @pytest.mark.parametrize(
        "data",
        [b"", b"GIF89a", PNG[:60], saved(quarters(), "JPEG")[:300], b"BLP2" + b"\0" * 280],
        ids=["empty", "head", "cut-png", "cut-jpeg", "another-decoder"],
    )
    def test_what_is_no_picture(self, data: bytes) -> None:
        with pytest.raises(Undecodable):
            run(data, ["resize=50"], LIMIT)

    def test_too_many_pixels(self) -> None:
        with pytest.raises(Undecodable, match="more than 4799"):
            run(PNG, [], 80 * 60 - 1)

    def test_the_chain_is_checked_before_any_work(self) -> None:
        with pytest.raises(OperationError):
            run(b"nothing", ["resize=50", "shear=3"], LIMIT)


def exchanged() -> bytes:
    """An sRGB profile whose red and blue primaries have changed places."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    assert ImageCms.ImageCmsProfile(io.BytesIO(bytes(profile)))
    return bytes(profile).replace(b"sRGB", b"xRGB").replace(b"s\0R\0G\0B", b"x\0R\0G\0B")
