"""A list as a plain page of HTML, for whoever opens the collection in a browser."""

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from collections_app.images.models import Image
from collections_app.images.paths import href
from core_api.rest.query import Query
from core_api.wire.times import to_rfc3339

# It holds what clients wrote: no script runs on it whatever that is.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'"
_STYLE = mark_safe(
    "body{font:1rem/1.4 system-ui,sans-serif;margin:1rem auto;max-width:70rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}th,td{padding:.3rem .6rem;text-align:left}"
    "td{border-top:1px solid #ccc;overflow-wrap:anywhere}input{margin-right:.6rem}"
)
_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>Images</title>'
    "<style>{style}</style></head><body><h1>Images</h1>"
    '<form><input type="hidden" name="format" value="html">{fields}<button>Show</button></form>'
    "<table><thead><tr><th>Time</th><th>Device</th><th>Title</th><th>Type</th><th>Pixels</th>"
    "<th>Bytes</th><th></th></tr></thead><tbody>{rows}</tbody></table>{next}</body></html>\n"
)
_FIELDS = (("deviceId", "Device"), ("from", "From"), ("to", "To"), ("title", "Title"))
_FIELD = '<label>{} <input name="{}" value="{}"></label>'
_ROW = (
    '<tr><td><a href="{}">{}</a></td><td>{}</td><td>{}</td><td>{}</td><td>{} x {}</td>'
    '<td>{}</td><td><a href="{}">metadata</a></td></tr>'
)


def to_html(images: Iterable[Image], query: Query, following: str | None) -> bytes:
    """The page; `query` fills the form of filters, `following` is the next page's address."""
    shown = [(name, label) for name, label in _FIELDS if name != "deviceId" or name in query]
    fields = format_html_join(
        "", _FIELD, ((label, name, query.get(name, "")) for name, label in shown)
    )
    link = format_html('<p><a rel="next" href="{}">Older</a></p>', following) if following else ""
    rows = format_html_join("", _ROW, map(_row, images))
    return format_html(_PAGE, style=_STYLE, fields=fields, rows=rows, next=link).encode()


def _row(image: Image) -> tuple[str | int | SafeString, ...]:
    path = href(image)
    as_json = f"{path}{'&' if '?' in path else '?'}format=json"
    return (
        *(path, to_rfc3339(image.timestamp), image.device_id, image.title, image.media_type),
        *(image.width, image.height, image.blob.size, as_json),
    )
