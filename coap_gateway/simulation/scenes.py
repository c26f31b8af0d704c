"""What a simulated camera sees: mountains in its own colours, the sun of this second, a clock."""

import colorsys
import datetime as dt
import random

from coap_gateway.simulation.png import Canvas, Colour, Size

# Colour numbers: the sky's come first, from its top to the horizon.
SKY = 48
MOUNTAINS = (SKY, SKY + 1, SKY + 2)
SUN, INK, PAPER = SKY + 3, SKY + 4, SKY + 5
GOLDEN = 0.618034
# Of 256 pixels of the sky so many are a shade lighter: the grain of a cheap sensor.
GRAIN = 24

# Letters of three by five dots; each digit is a row, its bits the dots from the left.
GLYPHS = {
    "0": "75557",
    "1": "26227",
    "2": "71747",
    "3": "71317",
    "4": "55711",
    "5": "74717",
    "6": "74757",
    "7": "71222",
    "8": "75757",
    "9": "75717",
    "A": "25755",
    "C": "34443",
    "M": "57755",
    "-": "00700",
    ":": "02020",
    " ": "00000",
}
GLYPH_ROWS = 5


class Scene:
    """One camera's view, the same for the same number."""

    def __init__(self, number: int, size: Size) -> None:
        chance = random.Random(number)  # noqa: S311
        self._size = size
        self._name = f"CAM {number}"
        self._palette = _palette(number * GOLDEN % 1)
        self._sky = [_sky_row(y, size, chance) for y in range(size.height)]
        self._peaks = [
            (chance.randrange(size.width), round(size.height * chance.uniform(low, low + 0.2)))
            for low in (0.35, 0.5, 0.65)
        ]

    def picture(self, moment: dt.datetime) -> bytes:
        """What it sees at the moment, as a PNG with the time in it."""
        canvas = Canvas(self._size, self._sky)
        self._draw_sun(canvas, moment)
        for colour, (x, top) in zip(MOUNTAINS, self._peaks, strict=True):
            for y in range(top, self._size.height):
                half = 2 * (y - top)
                canvas.span(y, x - half, bytes([colour]) * (2 * half + 1))
        scale = max(self._size.width // 80, 1)
        _write(canvas, scale, f"{moment:%H:%M:%S}", scale)
        _write(canvas, self._size.height - (GLYPH_ROWS + 3) * scale, self._name, scale)
        return canvas.png(self._palette)

    def _draw_sun(self, canvas: Canvas, moment: dt.datetime) -> None:
        """It crosses the sky in a minute."""
        radius = self._size.height // 10
        x = round(self._size.width * (moment.second + moment.microsecond / 1e6) / 60)
        for y in range(-radius, radius + 1):
            half = round((radius * radius - y * y) ** 0.5)
            canvas.span(self._size.height // 4 + y, x - half, bytes([SUN]) * (2 * half + 1))


def _palette(hue: float) -> list[Colour]:
    sky = [_colour(hue, 0.45 + 0.4 * index / SKY, 0.6) for index in range(SKY)]
    land = [_colour(hue + 0.08, lightness, 0.35) for lightness in (0.38, 0.28, 0.18)]
    return [*sky, *land, (255, 244, 200), (255, 255, 255), (20, 20, 24)]


def _colour(hue: float, lightness: float, saturation: float) -> Colour:
    red, green, blue = colorsys.hls_to_rgb(hue % 1, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _sky_row(y: int, size: Size, chance: random.Random) -> bytes:
    shade = y * (SKY - 1) // size.height
    table = bytes([shade + 1] * GRAIN + [shade] * (256 - GRAIN))
    return chance.randbytes(size.width).translate(table)


def _write(canvas: Canvas, top: int, text: str, scale: int) -> None:
    """Text at the left edge; a dot is `scale` pixels wide and high."""
    blank = "0" * len(text)
    lines = ["".join(GLYPHS[letter][row] for letter in text) for row in range(GLYPH_ROWS)]
    for number, line in enumerate((blank, *lines, blank)):
        pixels = b"".join(_dots(int(digit), scale) for digit in "0" + line)
        for y in range(scale):
            canvas.span(top + number * scale + y, scale, pixels)


def _dots(bits: int, scale: int) -> bytes:
    """Three dots and a gap."""
    colours = [INK if bits & bit else PAPER for bit in (4, 2, 1)]
    return b"".join(bytes([colour]) * scale for colour in (*colours, PAPER))
