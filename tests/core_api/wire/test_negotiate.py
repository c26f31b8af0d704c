"""Content negotiation (RFC 9110 section 12.5.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_api.wire.negotiate import choose, format_media_type

JSON, CBOR, HTML = "application/json", "application/cbor", "text/html"
OFFERS = (JSON, CBOR, HTML)
# RFC 9110 section 12.5.1 gives this field and what follows from it.
PRECEDENCE = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, */*;q=0.5"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        (" , ,", JSON),
        ("*/*", JSON),
        ("application/cbor", CBOR),
        ("APPLICATION/CBOR", CBOR),
        ("application/*", JSON),
        ("text/*", HTML),
        ("application/cbor, application/json", JSON),
        ("application/cbor, application/json;q=0.9", CBOR),
        ("application/json;q=0.5, text/html ; Q=0.6", HTML),
        ("*/*;q=0.1, application/cbor;q=0.2", CBOR),
        ("*/*, application/json;q=0", CBOR),
        ("*/*, application/*;q=0", HTML),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        ("image/png", None),
        ("image/png, */*;q=0.001", JSON),
        ("application/json;q=0.2, application/json;q=0.9, text/html;q=0.5", JSON),
        ("application/json;charset=utf-8", JSON),
        ("application/json;charset=utf-8;q=0.1, text/html;q=0.2", HTML),
        ("application/json;v=1, application/json;q=0.1, text/html;q=0.5", HTML),
        ('application/json;p="a,b;q=0", image/png', JSON),
        ('application/json;p="a\\",b";q=0.1, text/html;q=0.5', HTML),
        ("application/cbor;q=1.000;ext=1", CBOR),
        # Malformed ranges are as if they were not there.
        ("json", JSON),
        ("*/html, text/html", HTML),
        ("application/json/x, text/html", HTML),
        ("application/json;q=2, text/html;q=0.1", HTML),
        ("application/json;q=, text/html;q=0.1", HTML),
        ("application/json;q=-1, text/html;q=0.1", HTML),
        ("application/json;q=nan, text/html;q=0.1", HTML),
        ("appl ication/json, text/html;q=0.1", HTML),
        (";application/json, text/html;q=0.1", HTML),
        ('text/html;p="', HTML),
    ],
)
def test_choose(accept: str | None, chosen: str | None) -> None:
    assert choose(accept, OFFERS) == chosen


@pytest.mark.parametrize(
    ("offers", "chosen"),
    [
        (("text/html", "text/plain"), "text/plain"),
        (("text/html", "image/jpeg"), "image/jpeg"),
        (("text/html", "text/css"), "text/html"),
    ],
)
def test_precedence(offers: tuple[str, ...], chosen: str) -> None:
    assert choose(PRECEDENCE, offers) == chosen


def test_offer_with_parameters_is_given_back_as_it_is() -> None:
    assert choose("text/plain", ["text/plain;charset=utf-8"]) == "text/plain;charset=utf-8"


@pytest.mark.parametrize("accept", [None, "*/*", "image/png"])
def test_no_offers(accept: str | None) -> None:
    assert choose(accept, []) is None


def test_ranges_beyond_the_hundredth_do_not_count() -> None:
    assert choose("image/png," * 99 + CBOR, OFFERS) == CBOR
    assert choose("image/png," * 100 + CBOR, OFFERS) is None


@pytest.mark.parametrize(
    "accept", ['"' * 50_000, 'a/b;"\\' * 10_000, "a/b;" * 15_000, "," * 60_000]
)
def test_hostile_header(accept: str) -> None:
    assert choose(accept, OFFERS) in (None, JSON)


@given(st.text(alphabet=st.sampled_from(list('*/;,="\\ q01.ab\xff\ud800')), max_size=60))
def test_any_header(accept: str) -> None:
    assert choose(accept, OFFERS) in (*OFFERS, None)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("json", JSON),
        ("cbor", CBOR),
        ("link", "application/link-format"),
        ("senml", "application/senml+json"),
        ("html", HTML),
        ("xml", None),
        ("", None),
    ],
)
def test_format(name: str, media_type: str | None) -> None:
    assert format_media_type(name) == media_type
