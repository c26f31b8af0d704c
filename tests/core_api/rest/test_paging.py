"""core_api/rest/paging.py."""

from core_api.rest.paging import next_link
from core_api.rest.query import Query


def test_next_link_keeps_the_query() -> None:
    query = Query({"title": "a b", "after": "old"})
    assert next_link("/x", query, "2,1") == '</x?title=a+b&after=2%2C1>; rel="next"'
