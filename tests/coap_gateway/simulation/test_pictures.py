"""What the simulated cameras draw."""

import datetime as dt
import io

import pytest
from PIL import Image

from coap_gateway.simulation.png import Canvas, Size, parse_size
from coap_gateway.simulation.scenes import INK, PAPER, SUN, Scene
from collections_app.imaging.structure import inspect

SIZE = Size(320, 240)
NOON = dt.datetime(2026, 11, 21, 12, 0, 30, tzinfo=dt.UTC)


def opened(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png))
    picture.load()
    return picture


@pytest.mark.parametrize("size", [SIZE, Size(64, 64), Size(65, 400), Size(2048, 64)])
def test_a_picture_is_a_png_of_its_size(size: Size) -> None:
    png = Scene(1, size).picture(NOON)
    assert opened(png).size == (size.width, size.height)
    facts = inspect(png, formats=("png",), max_pixels=2048 * 2048)
    assert (facts.media_type, facts.width, facts.height) == ("image/png", size.width, size.height)


def test_each_camera_has_its_own_colours_and_place() -> None:
    pictures = [opened(Scene(number, SIZE).picture(NOON)) for number in range(1, 21)]
    assert len({tuple(picture.getpalette() or ()) for picture in pictures}) == 20
    assert len({picture.tobytes() for picture in pictures}) == 20


def test_a_camera_sees_the_same_place_again() -> None:
    assert Scene(7, SIZE).picture(NOON) == Scene(7, SIZE).picture(NOON)


def test_time_is_seen_in_the_clock_and_the_sun() -> None:
    scene = Scene(7, SIZE)
    first, later = (
        opened(scene.picture(NOON + dt.timedelta(seconds=seconds))) for seconds in (0, 5)
    )
    clock, name = (0, 0, 160, 30), (0, 200, 160, 240)
    assert first.crop(clock).tobytes() != later.crop(clock).tobytes()
    assert first.crop(name).tobytes() == later.crop(name).tobytes()
    assert first.getpixel((160, 60)) == SUN
    assert later.getpixel((160 + 320 // 12, 60)) == SUN


def test_the_clock_is_written_in_ink_on_paper() -> None:
    picture = opened(Scene(1, SIZE).picture(NOON))
    # Eight letters and a margin of one, each of four by seven dots, of four pixels each.
    box = picture.crop((4, 4, 4 + 9 * 16, 4 + 7 * 4))
    assert set(box.tobytes()) == {INK, PAPER}


@pytest.mark.parametrize(
    ("y", "left", "expected"),
    [(0, 2, "..11"), (0, -1, "1..."), (0, -2, "...."), (0, 4, "...."), (-1, 0, ""), (1, 0, "")],
)
def test_what_is_outside_of_a_canvas_is_cut_off(y: int, left: int, expected: str) -> None:
    canvas = Canvas(Size(4, 1), [b"\0\0\0\0"])
    canvas.span(y, left, b"\1\1")
    pixels = opened(canvas.png([(0, 0, 0), (255, 255, 255)])).tobytes()
    assert "".join(".1"[pixel] for pixel in pixels) == (expected or "....")


def test_sizes() -> None:
    assert parse_size("320x240") == Size(320, 240)


@pytest.mark.parametrize("text", ["", "320", "320x", "0x0", "63x64", "64x2049", "-64x64", "64X64"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is no size"):
        parse_size(text)
