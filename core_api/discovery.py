"""CoRE discovery (RFC 6690 section 4): a pure function that both doors call."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from core_api import links
from core_api.errors import BadRequest, NotAcceptable
from core_api.wire import jsontext
from core_api.wire.linkformat import Link, filter_links, serialise
from core_api.wire.negotiate import choose, format_media_type

LINK_FORMAT = "application/link-format"
OFFERS = (LINK_FORMAT, "application/json", "text/html")
DOCUMENTS: dict[str, Callable[[], list[Link]]] = {
    "/.well-known/core": links.everything,
    "/collections": links.collections,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A representation of a discovery document; `etag` is 16 hex digits."""

    media_type: str
    body: bytes
    etag: str
    status: int = 200


def answer(path: str, query: Sequence[tuple[str, str]], accept: str | None) -> Answer:
    """The document at `path` under the criteria of the query (all must hold).

    `query` holds the decoded names and values; `format` among them overrides `accept`. Raises
    NotAcceptable (406) where no representation fits, BadRequest for a format not known.
    """
    name = dict(query).get("format")
    media_type = choose(accept, OFFERS) if name is None else format_media_type(name)
    if name is not None and media_type is None:
        raise BadRequest(f"There is no format {name!r}.", pointer="/format")
    if media_type not in OFFERS:
        raise NotAcceptable(OFFERS)
    criteria = tuple((key, value) for key, value in query if key != "format")
    return _render(path, criteria, media_type)


@lru_cache(maxsize=256)
def _render(path: str, criteria: tuple[tuple[str, str], ...], media_type: str) -> Answer:
    found = filter_links(DOCUMENTS[path](), criteria)
    body = _WRITERS[media_type](found)
    etag = hashlib.blake2b(media_type.encode() + b"\0" + body, digest_size=8).hexdigest()
    return Answer(media_type, body, etag)


def _link_format(found: Sequence[Link]) -> bytes:
    return serialise(found).encode()


def _json(found: Sequence[Link]) -> bytes:
    return jsontext.encode(
        [
            {"href": link.href, **{name: _json_value(value) for name, value in link.attributes}}
            for link in found
        ]
    )


def _json_value(value: str | None) -> str | bool:
    return True if value is None else value


def _html(found: Sequence[Link]) -> bytes:
    rows = "".join(
        f'<tr><td><a href="{escape(link.href)}">{escape(link.href)}</a></td>'
        f"<td>{escape(serialise([Link('', link.attributes)])[3:])}</td></tr>"
        for link in found
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Resources</title>'
        f"<table><tr><th>Resource<th>Attributes</tr>{rows}</table></html>"
    ).encode()


_WRITERS: dict[str, Callable[[Sequence[Link]], bytes]] = {
    LINK_FORMAT: _link_format,
    "application/json": _json,
    "text/html": _html,
}
