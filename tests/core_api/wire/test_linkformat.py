"""Link-format (RFC 6690): published vectors and our own cases."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_api.wire.errors import LinkFormatError
from core_api.wire.linkformat import Link, filter_links, matches, parse, serialise
from tests.shared import shared_path, vectors

IMAGES = Link("/collections/images", (("rt", "simple.act"), ("if", "core.b")))

names = st.text(alphabet="abcxyz019!#$&+-.^_`|~", min_size=1, max_size=8).filter(
    lambda name: name not in ("rt", "if", "sz", "href")
)
values = st.text(alphabet=st.characters(blacklist_categories=("Cc", "Cs")), max_size=20)
targets = st.text(alphabet="abcZ09-._~:/?#[]@!$&'()*+,;=", max_size=20)
links = st.builds(
    Link, targets, st.lists(st.tuples(names, st.none() | values), max_size=4).map(tuple)
)


def seen(text: str) -> list[dict[str, Any]]:
    return [
        {"href": link.href, "attrs": [list(attribute) for attribute in link.attributes]}
        for link in parse(text)
    ]


class TestParse:
    @pytest.mark.parametrize("case", vectors("linkformat_parse.json"))
    def test_vector(self, case: dict[str, Any]) -> None:
        if case["verdict"] == "accept":
            assert seen(case["input"]) == case["links"]
        elif case["verdict"] == "reject":
            with pytest.raises(LinkFormatError):
                parse(case["input"])
        else:
            with suppress(LinkFormatError):
                assert seen(case["input"]) == (case["links"] or seen(case["input"]))

    def test_bytes_that_are_no_utf8(self) -> None:
        text = bytes.fromhex("3c2f613e3b7469746c653d22ff22").decode("utf-8", "surrogateescape")
        with pytest.raises(LinkFormatError):
            parse(text)

    @pytest.mark.parametrize(
        ("text", "offset"),
        [
            ("/a", 0),
            ("</a>,", 5),
            ("</a>;", 5),
            ("</a>;x=", 7),
            ("</a>;x*", 6),
            ('</a>;x="\r\n"', 7),
            ("</a> ", 4),
            ("</a>;rt=x;rt=y", 10),
            ("</a>;sz=1;if=x;sz=1", 15),
            ("</a>;href=x", 5),
            ("</\u00e9>", 0),
            ("</%1g>", 0),
            ("</a>;x=\u00e9", 7),
        ],
    )
    def test_error_names_the_offset(self, text: str, offset: int) -> None:
        with pytest.raises(LinkFormatError, match=rf"at offset {offset}\b"):
            parse(text)

    def test_attribute_given_twice_keeps_both(self) -> None:
        (link,) = parse("</a>;hreflang=de;hreflang=en;title*=UTF-8''x")
        assert link.attributes == (("hreflang", "de"), ("hreflang", "en"), ("title*", "UTF-8''x"))

    @pytest.mark.parametrize(
        "text",
        [
            "<" * 100_000,
            '</a>;x="' + "\\" * 100_000,
            "</a>" + ";a" * 50_000 + '"',
            "</a>," * 20_000,
            "</" + "%41" * 50_000,
        ],
    )
    def test_hostile(self, text: str) -> None:
        with pytest.raises(LinkFormatError):
            parse(text)

    @given(st.text(alphabet=list('<>/;,="\\ abrt*%41\u00e9\ud800\t'), max_size=40))
    def test_any_text(self, text: str) -> None:
        with suppress(LinkFormatError):
            assert parse(serialise(parse(text))) == parse(text)


class TestSerialise:
    def test_published_line(self) -> None:
        line = '</collections/images>;rt="simple.act";if="core.b"'
        assert serialise([IMAGES]) == line
        assert parse(line) == [IMAGES]

    def test_nothing(self) -> None:
        assert serialise([]) == ""

    @pytest.mark.parametrize(
        ("attribute", "written"),
        [
            (("ct", "40"), ";ct=40"),
            (("ct", "40 60"), ';ct="40 60"'),
            (("ct", "\u0664"), ';ct="\u0664"'),
            (("sz", "262144"), ";sz=262144"),
            (("title", "7"), ';title="7"'),
            (("rt", "image"), ';rt="image"'),
            (("obs", None), ";obs"),
            (("title", ""), ';title=""'),
            (("title", 'a "b" \\ c'), ';title="a \\"b\\" \\\\ c"'),
            (("title", "Gr\u00f6\u00dfe"), ';title="Gr\u00f6\u00dfe"'),
            (("title*", "UTF-8''%e2%82%ac"), ";title*=UTF-8''%e2%82%ac"),
            (("title*", "a b"), ';title*="a b"'),
        ],
    )
    def test_attribute(self, attribute: tuple[str, str | None], written: str) -> None:
        assert serialise([Link("/a", (attribute,))]) == f"</a>{written}"

    def test_several_links_keep_their_order(self) -> None:
        assert serialise([Link("/b", (("obs", None),)), Link("/a")]) == "</b>;obs,</a>"

    def test_target_cannot_break_out(self) -> None:
        assert serialise([Link('/a>;x="y" \u00e9%20')]) == "</a%3E;x=%22y%22%20%C3%A9%20>"

    @given(st.lists(links, max_size=4))
    def test_round_trip(self, written: list[Link]) -> None:
        assert parse(serialise(written)) == written


class TestFilter:
    @pytest.mark.parametrize("case", vectors("linkformat_filter.json"))
    def test_vector(self, case: dict[str, Any]) -> None:
        path = shared_path("vectors/linkformat_filter.json")
        documents = json.loads(path.read_text(encoding="utf-8"))["documents"]
        criteria = parse_qsl(case["query"].replace("+", "%2B"), keep_blank_values=True)
        found = [link.href for link in filter_links(parse(documents[case["document"]]), criteria)]
        assert set(case["expected_hrefs"]) <= set(found)
        assert set(found) <= {*case["expected_hrefs"], *case.get("may_also", [])}

    @pytest.mark.parametrize(
        ("criteria", "met"),
        [
            ([], True),
            ([("rt", "simple.act"), ("if", "core.b")], True),
            ([("rt", "simple.act"), ("if", "core.ll")], False),
            ([("rt", "simple.*"), ("href", "/collections*")], True),
            ([("ct", "4")], False),
            ([("ct", "40")], True),
            ([("ct", "50")], True),
            ([("ct", "40 50")], False),
            ([("rt", "")], False),
            ([("rt", "*")], True),
            ([("obs", "")], True),
            ([("obs", "*")], True),
            ([("obs", "1")], False),
            ([("title", "Images")], True),
            ([("title", "images")], False),
            ([("absent", "")], False),
            ([("href", "/collections/images")], True),
            ([("href", "/collections/image")], False),
        ],
    )
    def test_criteria(self, criteria: list[tuple[str, str]], met: bool) -> None:
        link = Link(
            IMAGES.href, (*IMAGES.attributes, ("ct", "40 50"), ("obs", None), ("title", "Images"))
        )
        assert matches(link, criteria) is met


class TestLink:
    def test_get(self) -> None:
        link = Link("/a", (("x", "1"), ("x", "2"), ("obs", None)))
        assert (link.get("x"), link.get("obs"), link.get("y")) == ("1", None, None)

    def test_has(self) -> None:
        link = Link("/a", (("obs", None),))
        assert (link.has("obs"), link.has("x")) == (True, False)
