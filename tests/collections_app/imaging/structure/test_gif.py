"""GIF: truncation, sizes, wrong structures."""

import pytest

from collections_app.imaging.structure import ImageFacts, TruncatedImage, inspect
from tests.collections_app.imaging.structure.builders import GIF_END, gif, gif_picture
from tests.collections_app.imaging.structure.refusals import refusal, short_id
from tests.collections_app.imaging.structure.samples import GIF

COMMENT = b"\x21\xfe\4none\0"


@pytest.mark.parametrize("kind", GIF)
def test_truncations_are_found_but_between_blocks_after_a_picture(kind: str) -> None:
    whole = GIF[kind]
    answers = {length: refusal(whole[:length]) for length in range(1, len(whole))}
    accepted = [length for length, answer in answers.items() if answer == ("", "")]
    assert {name for name, _ in answers.values()} <= {"TruncatedImage", ""}
    assert all(whole[length - 1] == 0 and whole[length] in b"!,;" for length in accepted)
    assert len(accepted) < 10


def test_every_truncation_of_one_picture() -> None:
    whole = gif(COMMENT, gif_picture(), GIF_END)
    for length in range(1, len(whole) - len(GIF_END)):
        with pytest.raises(TruncatedImage):
            inspect(whole[:length])


def test_what_follows_the_trailer_is_not_looked_at() -> None:
    whole = gif(gif_picture(), GIF_END)
    assert inspect(whole + b"\0\1\2") == ImageFacts("gif", "image/gif", 4, 3)


def test_the_screen_and_each_picture_are_limited() -> None:
    detail = "The image has 9 x 9 pixels; at most 80 pixels are accepted."
    for data in (
        gif(width=9, height=9),
        gif(gif_picture(9, 9)),
        gif(gif_picture(8, 8, left=1, top=1)),
        gif(gif_picture(), gif_picture(9, 9)),
    ):
        assert refusal(data, max_pixels=80) == ("TooManyPixels", detail)


@pytest.mark.parametrize(
    ("data", "at", "what"),
    [
        (gif(GIF_END), 19, "the trailer comes before any picture"),
        (gif(COMMENT, GIF_END), 27, "the trailer comes before any picture"),
        (gif(gif_picture(), b"\0", GIF_END), 35, "an unknown block 0x00"),
        (gif(b"?"), 19, "an unknown block 0x3F"),
        (gif(gif_picture(0, 3)), 19, "its size is 0 x 3 pixels"),
        (gif(gif_picture(4, 0)), 19, "its size is 4 x 0 pixels"),
        (gif(gif_picture(code_size=12)), 29, "an LZW code size of 12"),
        (gif(b"\x21\xfe", b"\1\1" * 1_000_000), 2_000_019, "more than 1000000 blocks"),
        (gif(b"\x21\xfe\0" * 500_000), 1_500_019, "more than 1000000 blocks"),
    ],
    ids=short_id,
)
def test_wrong_structures_are_named(data: bytes, at: int, what: str) -> None:
    assert refusal(data) == ("BrokenImage", f"The GIF is broken at byte {at}: {what}.")
