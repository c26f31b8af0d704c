"""One image as a variant: which one a request asks for, and the answer."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from collections_app.images.models import Image
from collections_app.images.paths import file_name
from collections_app.images.variants import services, signing
from collections_app.images.variants.parameters import FORMATS, Variant, parse
from collections_app.images.variants.parameters import NAMES as ASKED
from collections_app.imaging.operations import MEDIA_TYPES
from core_api.rest.conditional import etag_of, is_fresh, respond
from core_api.rest.negotiation import OCTETS, wanted
from core_api.rest.query import Query, query_of
from core_api.wire.negotiate import choose

PARAMETERS = (*ASKED, *signing.NAMES)
# The smaller ones, in which a variant comes to a client that names them in Accept.
SMALLER = ("image/jxl", "image/avif", "image/webp")
# Where a client accepts anything: as the image itself is, or what every client shows.
OWN = {"image/jpeg": "jpeg", "image/webp": "webp"}

_NAMES = {media_type: name for name, media_type in MEDIA_TYPES.items()}
_TYPES = tuple(MEDIA_TYPES[name] for name in FORMATS)


def asked_for(request: HttpRequest, query: Query) -> Variant | None:
    """The variant that the query asks for, None where it asks for the image.

    FieldErrors where it is none that can be drawn, Forbidden where it is not signed as it must be.
    """
    variant = parse(query)
    if variant is not None or any(name in query for name in signing.NAMES):
        signing.check(request.path, query_of(request))
    return variant


def variant_response(
    request: HttpRequest, query: Query, image: Image, variant: Variant
) -> HttpResponse:
    """The variant's bytes, drawn only where the client has not got them."""
    own = MEDIA_TYPES[variant.format or OWN.get(image.media_type, "png")]
    offers: tuple[str, ...] = (own,)
    if variant.format is None:
        accept = request.META.get("HTTP_ACCEPT", "").lower()
        named = (media_type for media_type in SMALLER if media_type in accept)
        offers = tuple(dict.fromkeys((*named, own, *_TYPES)))
    media_type = wanted(request, query, (*offers, OCTETS))
    drawn_type = own if media_type == OCTETS else media_type
    chain = variant.drawn_as(_NAMES[drawn_type])
    etag = etag_of(services.key(image, chain).encode(), media_type.encode())
    return respond(
        request,
        b"" if is_fresh(request, etag, image.stored) else services.drawn(image, chain),
        media_type,
        etag=etag,
        modified=image.stored,
        headers={"Content-Disposition": f'inline; filename="{file_name(image, drawn_type)}"'},
        ranges=True,
    )


def transcoded(request: HttpRequest, query: Query, offers: tuple[str, ...]) -> Variant | None:
    """The whole image in another format, for a client that accepts none of the offers."""
    accept = request.META.get("HTTP_ACCEPT")
    if settings.COAPTURE_VARIANT_SIGNED or "format" in query or choose(accept, offers) is not None:
        return None
    media_type = choose(accept, (*_TYPES, *SMALLER))
    return None if media_type is None else Variant(format=_NAMES[media_type])
