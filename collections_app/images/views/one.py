"""One image: by its path, by query, or a device's latest."""

import datetime as dt

from django.http import HttpRequest, HttpResponse

from collections_app.images import bodies, services
from collections_app.images.models import Image
from collections_app.images.paths import file_name, href
from collections_app.images.representations import metadata
from collections_app.images.views import variants
from core_api.errors import NotFound
from core_api.rest.conditional import check_preconditions, etag_of, is_fresh, respond
from core_api.rest.negotiation import CBOR, JSON, OCTETS, data_type, data_types, wanted
from core_api.rest.query import Query
from core_api.rest.responses import data_response, encode
from core_api.storage import restore
from core_api.storage import services as storage
from core_api.wire.negotiate import choose

PARAMETERS = ("deviceId", "timestamp", "format")


def read(request: HttpRequest, query: Query, image: Image | None) -> HttpResponse:
    """The image's bytes, or its metadata where the client prefers that."""
    query.only((*PARAMETERS, *variants.PARAMETERS))
    variant = variants.asked_for(request, query)
    if image is None:
        raise NotFound("There is no such image.")
    offers = (_bytes_type(request, image), *data_types(request), OCTETS)
    variant = variant or variants.transcoded(request, query, offers)
    if variant is not None:
        return variants.variant_response(request, query, image, variant)
    media_type = wanted(request, query, offers)
    if media_type in (JSON, CBOR):
        body = encode(metadata(image), media_type)
        response = respond(request, body, media_type, etag=etag_of(body))
    else:
        response = _bytes(request, image, media_type)
    response.observable = True  # type: ignore[attr-defined]
    return response


def put(request: HttpRequest, device_id: str, timestamp: dt.datetime) -> HttpResponse:
    """Store the body as the image, in place of what stands there."""
    new = bodies.put(request, device_id, timestamp)
    replaced = services.replace(new, lambda image: _check(request, image))
    return data_response(
        metadata(replaced.image),
        data_type(request),
        status=201 if replaced.created else 200,
        headers={"Location": href(replaced.image)} | _etag_of_stored(replaced.image),
    )


def patch(request: HttpRequest, device_id: str, timestamp: dt.datetime) -> HttpResponse:
    """Change title, location or meta (RFC 7396)."""
    changes = bodies.patch(request)
    image = services.describe(device_id, timestamp, changes, lambda image: _check(request, image))
    return data_response(metadata(image), data_type(request))


def delete(request: HttpRequest, device_id: str, timestamp: dt.datetime) -> HttpResponse:
    """Delete the image."""
    services.delete(device_id, timestamp, lambda image: _check(request, image))
    return HttpResponse(status=204)


def bytes_etag(image: Image) -> str:
    """The entity tag of the image in its original format.

    That is the first 8 bytes of the original's SHA-256 where its bytes are the original ones.
    """
    blob = image.blob
    if restore.is_exact(blob.encoding):
        return blob.sha256[:16]
    return etag_of(blob.sha256.encode(), blob.encoding.encode())


def _etag(image: Image, media_type: str) -> str:
    """The entity tag of the image's bytes under this media type."""
    if media_type == image.media_type:
        return bytes_etag(image)
    return etag_of(bytes_etag(image).encode(), media_type.encode())


def _etag_of_stored(image: Image) -> dict[str, str]:
    """ETag, where what was sent is what comes back (RFC 9110 section 9.3.4)."""
    if restore.is_exact(image.blob.encoding):
        return {"ETag": f'"{bytes_etag(image)}"'}
    return {}


def _bytes_type(request: HttpRequest, image: Image) -> str:
    """The image's own type, or that of its object where a client accepts only this."""
    object_type = restore.OBJECT_TYPES.get(image.blob.encoding)
    if object_type is not None:
        accept = request.META.get("HTTP_ACCEPT")
        if choose(accept, (image.media_type, OCTETS)) is None and choose(accept, (object_type,)):
            return object_type
    return image.media_type


def _bytes(request: HttpRequest, image: Image, media_type: str) -> HttpResponse:
    is_current = is_fresh(request, _etag(image, media_type), image.stored)
    body = b"" if is_current else _content(image, media_type)
    return respond(
        request,
        body,
        media_type,
        # Reading may have found that the image was encoded just now.
        etag=_etag(image, media_type),
        modified=image.stored,
        headers={"Content-Disposition": f'inline; filename="{file_name(image, media_type)}"'},
        ranges=_has_ranges(request, image),
    )


def _has_ranges(request: HttpRequest, image: Image) -> bool:
    """Not of other bytes than the original ones by If-Range with a date: it is that of both."""
    if_range = request.META.get("HTTP_IF_RANGE", '"')
    return if_range.startswith('"') or restore.is_exact(image.blob.encoding)


def _content(image: Image, media_type: str) -> bytes:
    if media_type in (image.media_type, OCTETS):
        return storage.read(image.blob)
    return storage.read_as_stored(image.blob)


def _check(request: HttpRequest, image: Image | None) -> None:
    """The preconditions, against every representation that a client may have seen."""
    if image is None:
        return check_preconditions(request, ())
    facts = metadata(image)
    tags = {image.blob.sha256[:16], bytes_etag(image)}
    types = (OCTETS, *restore.OBJECT_TYPES.values())
    etags = tags | {etag_of(tag.encode(), name.encode()) for tag in tags for name in types}
    etags |= {etag_of(encode(facts, media_type)) for media_type in (JSON, CBOR)}
    return check_preconditions(request, etags)
