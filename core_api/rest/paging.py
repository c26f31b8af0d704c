"""Lists by cursor: `limit`, `after` and the Link to the next page (RFC 8288)."""

from urllib.parse import urlencode

from core_api.errors import BadRequest
from core_api.rest.query import Query

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


def page_size(query: Query) -> int:
    """The `limit` of a query, 1 to 1000; BadRequest for anything else."""
    text = query.get("limit", str(DEFAULT_LIMIT))
    size = int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0
    if not 1 <= size <= MAX_LIMIT:
        raise BadRequest(f"limit must be a number from 1 to {MAX_LIMIT}.", pointer="/limit")
    return size


def next_link(path: str, query: Query, after: str) -> str:
    """The value of the Link header that leads to the page after the cursor."""
    return f'<{next_page(path, query, after)}>; rel="next"'


def next_page(path: str, query: Query, after: str) -> str:
    """The address of the page after the cursor."""
    return f"{path}?{urlencode(query | {'after': after})}"
