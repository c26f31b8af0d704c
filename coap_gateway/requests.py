"""CoAP requests in HTTP's terms: pure functions from options to method, path, query, headers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from aiocoap import Message
from aiocoap.numbers import NON, OptionNumber, codes

from coap_gateway import refusals
from coap_gateway.blocks import BERT, Block, block_of
from coap_gateway.options import Unrecognised
from coap_gateway.replies import ETAG_BYTES
from core_api.wire.media import media_type

METHODS = {
    codes.GET: "GET",
    codes.POST: "POST",
    codes.PUT: "PUT",
    codes.DELETE: "DELETE",
    codes.FETCH: "QUERY",
    codes.PATCH: "PATCH",
    codes.iPATCH: "PATCH",
}
PROXY = (OptionNumber.PROXY_URI, OptionNumber.PROXY_SCHEME)
# RFC 8768 section 3.
HOPS = range(1, 256)
WITHOUT_BODY = ("GET", "DELETE")
# The methods whose ETag options ask for a 2.03 (RFC 7252 section 5.10.6.2, RFC 8132 2.3.2).
READING = ("GET", "QUERY")
BERT_SCHEMES = ("coap+tcp", "coaps+tcp")
# RFC 3986 section 3.4, without "&", which separates, and "+", which a form reads as a space.
_QUERY = "=/?:@!$'()*,;"


@dataclass(frozen=True, slots=True)
class Call:
    """A request in HTTP's terms.

    `path` is decoded and begins with a slash; `items` are the decoded Uri-Query options;
    `headers` are named as WSGI does. `etags` are those that the client has.
    """

    method: str
    path: str
    items: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    etags: tuple[bytes, ...] = ()
    block1: Block | None = None
    block2: Block | None = None
    observe: int | None = None
    size1: int | None = None

    @property
    def query(self) -> str:
        """The query as it stands in a URL."""
        return "&".join(quote(item, safe=_QUERY) for item in self.items)

    @property
    def accept(self) -> str | None:
        """The media type that the client asks for; None where it leaves that to the server."""
        return self.headers.get("HTTP_ACCEPT")


def read(request: Message) -> Call:
    """The request in HTTP's terms; Refusal where an option stands against it."""
    check_options(request.opt.option_list())
    method = METHODS.get(request.code)
    if method is None:
        raise refusals.unknown_method()
    options = request.opt.get_option
    tags = tuple(option.value for option in options(OptionNumber.ETAG))
    etags = tuple(tag for tag in tags if len(tag) in ETAG_BYTES)
    return Call(
        method=method,
        path=path_of(request.opt.uri_path),
        items=query_of(request.opt.uri_query),
        headers=headers_of(request, method, etags),
        etags=etags,
        block1=_block1(options(OptionNumber.BLOCK1), method, request.remote),
        block2=_block(options(OptionNumber.BLOCK2), request.remote),
        observe=request.opt.observe,
        size1=request.opt.size1,
    )


def is_dropped(request: Message, refusal: refusals.Refusal) -> bool:
    """Whether the refusal stays unsaid: RFC 7252 section 5.4.1 for a NON with a bad option."""
    return request.mtype is NON and refusal.reply.code == codes.BAD_OPTION


def check_options(options: Iterable[Any]) -> None:
    """Refusal 4.02 for what `options` does not recognise, 5.05 for a proxy's, 4.00 for no hops."""
    for option in options:
        if isinstance(option, Unrecognised):
            raise refusals.bad_option(f"Option {int(option.number)} {option.reason}.")
        if option.number in PROXY:
            raise refusals.no_proxy()
        if option.number == OptionNumber.HOP_LIMIT and option.value not in HOPS:
            raise refusals.bad_request("A Hop-Limit is a number from 1 to 255.")


def path_of(segments: tuple[str, ...]) -> str:
    """The path of Uri-Path options, as Django's path_info has it."""
    for segment in segments:
        if segment in (".", "..") or "/" in segment:
            raise refusals.bad_request("A path segment may not be '.' or '..' or have a '/'.")
    return "/" + _text("/".join(segments))


def query_of(items: tuple[str, ...]) -> tuple[str, ...]:
    """The Uri-Query options, all of them UTF-8."""
    return tuple(_text(item) for item in items)


def headers_of(request: Message, method: str, etags: tuple[bytes, ...]) -> dict[str, str]:
    """The headers, named as WSGI does, that the request's options stand for."""
    headers = {}
    options = request.opt
    if options.accept is not None:
        headers["HTTP_ACCEPT"] = _accept(int(options.accept))
    if options.content_format is not None and method not in WITHOUT_BODY:
        headers["CONTENT_TYPE"] = _content_type(int(options.content_format))
    if options.if_match:
        headers["HTTP_IF_MATCH"] = _tags(options.if_match)
    if options.if_none_match:
        headers["HTTP_IF_NONE_MATCH"] = "*"
    elif etags and method in READING:
        headers["HTTP_IF_NONE_MATCH"] = _tags(etags)
    return headers


def _text(text: str) -> str:
    """The text itself; Refusal 4.00 where its bytes were no UTF-8 (surrogates stand for them)."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise refusals.bad_request("Path and query must be UTF-8.") from None
    return text


def _accept(number: int) -> str:
    name = media_type(number)
    if name is None:
        raise refusals.not_acceptable(f"Content-format {number} is not known here.")
    return name


def _content_type(number: int) -> str:
    name = media_type(number)
    if name is None:
        raise refusals.unsupported_format(f"Content-format {number} is not known here.")
    return name


def _tags(tags: Iterable[bytes]) -> str:
    """Entity tags as a header has them; an empty one means that anything is there."""
    return ", ".join(f'"{tag.hex()}"' if tag else "*" for tag in tags)


def _block1(options: Iterable[Any], method: str, remote: Any) -> Block | None:
    block = _block(options, remote)
    if block is not None and method in WITHOUT_BODY:
        raise refusals.bad_option(f"Block1 has no meaning in a {method}.")
    return block


def _block(options: Iterable[Any], remote: Any) -> Block | None:
    """Refusal 4.00 for the size exponent 7 where it is reserved (RFC 7959 section 2.2)."""
    block = block_of(options)
    if block is not None and block.exponent == BERT and remote.scheme not in BERT_SCHEMES:
        raise refusals.bad_request("The block size exponent 7 is reserved.")
    return block
