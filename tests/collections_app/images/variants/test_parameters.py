"""collections_app/images/variants/parameters.py."""

import pytest

from collections_app.images.variants.parameters import Variant, parse
from collections_app.imaging import operations
from core_api.wire.errors import FieldErrors


@pytest.mark.parametrize(
    ("query", "variant"),
    [
        ({}, None),
        ({"format": "json", "deviceId": "w"}, None),
        ({"w": "320"}, Variant(("resize=320x,contain",))),
        ({"h": "0320"}, Variant(("resize=x320,contain",))),
        ({"w": "3", "h": "2", "fit": "cover"}, Variant(("resize=3x2,cover",))),
        ({"crop": "0,01,2,3"}, Variant(("crop=0,1,2,3",))),
        ({"rotate": "90"}, Variant(("rotate=90",))),
        ({"blur": "7"}, Variant(("blur=7",))),
        ({"blur": "1"}, Variant()),
        ({"fmt": "webp"}, Variant((), "webp")),
        ({"fmt": "webp", "q": "5"}, Variant((), "webp", 5)),
        (
            {"blur": "3", "w": "5", "rotate": "90", "crop": "0,0,9,9"},
            Variant(("crop=0,0,9,9", "rotate=90", "resize=5x,contain", "blur=3")),
        ),
    ],
)
def test_variants(query: dict[str, str], variant: Variant | None) -> None:
    assert parse(query) == variant
    if variant is not None:
        assert len(operations.parse(variant.drawn_as("webp"))) == len(variant.chain) + 1


@pytest.mark.parametrize(
    "query",
    [
        *({"w": value} for value in ("", "0", "-1", "16384", "1.5", "1e2", "٣", "9" * 400, "a")),
        *({"h": value} for value in ("0", " 1", "auto")),
        *({"w": "5", "fit": value} for value in ("", "stretch", "Contain")),
        *({"crop": value} for value in ("", "1,2,3", "0,0,0,1", "-1,0,5,5", "0;0;1;1")),
        *({"rotate": value} for value in ("0", "45", "360", "-90", "")),
        *({"blur": value} for value in ("2", "-3", "1001", "", "x")),
        *({"fmt": value} for value in ("", "jpg", "bmp", "jxl", "JPEG", "image/png")),
        *({"q": value} for value in ("0", "101", "", "high")),
    ],
)
def test_out_of_range(query: dict[str, str]) -> None:
    with pytest.raises(FieldErrors) as caught:
        parse(query)
    (error,) = caught.value.errors
    assert error.pointer == f"/{list(query)[-1]}"


def test_fit_alone_says_nothing() -> None:
    with pytest.raises(FieldErrors, match="fit needs w or h"):
        parse({"fit": "cover"})


def test_everything_wrong_is_named() -> None:
    with pytest.raises(FieldErrors) as caught:
        parse({"w": "0", "rotate": "1", "q": "x", "fmt": "png"})
    assert [error.pointer for error in caught.value.errors] == ["/rotate", "/w", "/q"]


def test_quality_counts_only_where_it_is_lossy() -> None:
    assert Variant(quality=5).drawn_as("png") == ("convert=png",)
    assert Variant(quality=5).drawn_as("jpeg") == ("convert=jpeg,5",)
    assert Variant().drawn_as("jpeg") == ("convert=jpeg,82",)
