"""collections_app/imaging/operations/parsing.py."""

import pytest

from collections_app.imaging.operations import OperationError, parse
from collections_app.imaging.operations.kinds import (
    Blur,
    Convert,
    Crop,
    Fit,
    Rotate,
    Scale,
    Split,
    Watermark,
)


@pytest.mark.parametrize(
    ("text", "operation"),
    [
        ("resize=50", Scale(50)),
        ("resize=0.06", Scale(0.06)),
        ("resize=100", Scale(100)),
        ("resize=300x200", Fit(300, 200)),
        ("resize=300x", Fit(300, None)),
        ("resize=x200,fill", Fit(None, 200, "fill")),
        ("resize=16383x1,cover", Fit(16383, 1, "cover")),
        ("thumbnail=128", Fit(128, 128, "contain", enlarge=False)),
        ("thumbnail=128x96", Fit(128, 96, "contain", enlarge=False)),
        ("crop=1,2,3,4", Crop(1, 2, 3, 4)),
        ("rotate=270", Rotate(270)),
        ("blur=0", Blur(1.0)),
        ("blur=0,2.5", Blur(2.5)),
        ("blur=5", Blur(pytest.approx(1.1))),  # type: ignore[arg-type]
        ("split=True", Split()),
        ("split=anything", Split()),
        ("splitQuadrants=1", Split()),
        ("watermark=© 2026 = mine", Watermark("© 2026 = mine")),
        ("convert=webp", Convert("webp", 80)),
        ("convert=jpeg,1", Convert("jpeg", 1)),
    ],
)
def test_operations(text: str, operation: object) -> None:
    assert parse([text]) == [operation]


@pytest.mark.parametrize("text", ["split=None", "split=false", "splitQuadrants=False", "blur=1"])
def test_what_changes_nothing_is_left_out(text: str) -> None:
    assert parse([text]) == []


@pytest.mark.parametrize(
    "text",
    [
        *("resize", "resize=", "resize=0.05", "resize=100.1", "resize=-5", "resize=1e1"),
        *("resize=x", "resize=0x5", "resize=5x0", "resize=16384x1", "resize=٣x٣", "resize=nan"),
        *("resize=5x5,stretch", "resize=5x5x5", "thumbnail=0", "thumbnail=", "thumbnail=a"),
        *("crop=1,2,3", "crop=1,2,3,4,5", "crop=-1,0,5,5", "crop=0,0,0,5", "crop=a,b,c,d"),
        *("rotate=45", "rotate=0", "rotate=090", "rotate=", "blur=2", "blur=-1", "blur=1001"),
        *("blur=", "blur=1.5", "blur=0,0", "blur=0,301", "blur=5,", "watermark=", "watermark=a\nb"),
        *("watermark=" + "a" * 101, "convert=bmp", "convert=webp,0", "convert=webp,101"),
        *("convert=WEBP", "convert=", "__class__=1", "eval=1", "", "=5", "split", "transpose=1"),
    ],
)
def test_unknown_or_out_of_range(text: str) -> None:
    with pytest.raises(OperationError):
        parse([text])


@pytest.mark.parametrize(
    ("chain", "why"),
    [
        (["resize=50", "sharpen=1"], "no operation 'sharpen'; there are resize, thumbnail"),
        (["resize=100"] * 21, "at most 20"),
        (["split=1"] * 3, "splits at most 2"),
        (["convert=png", "resize=50"], "last"),
    ],
)
def test_chains_are_checked_as_a_whole(chain: list[str], why: str) -> None:
    with pytest.raises(OperationError, match=why):
        parse(chain)


def test_the_order_is_kept() -> None:
    assert parse(["blur=3", "resize=50", "blur=3"])[1] == Scale(50)
