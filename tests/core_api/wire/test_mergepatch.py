"""RFC 7396: the example of section 3 and the cases of appendix A."""

from typing import Any

import pytest

from core_api.wire.mergepatch import merge


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        (
            {"title": "Goodbye!", "author": {"givenName": "John", "familyName": "Doe"}},
            {"title": "Hello!", "author": {"familyName": None}},
            {"title": "Hello!", "author": {"givenName": "John"}},
        ),
    ],
)
def test_merge(target: Any, patch: Any, expected: Any) -> None:
    before = repr(target)
    assert merge(target, patch) == expected
    assert repr(target) == before, "the target is not changed"
