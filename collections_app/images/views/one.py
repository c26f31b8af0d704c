"""One image: by its path, by query, or a device's latest."""

import datetime as dt

from django.http import HttpRequest, HttpResponse

from collections_app.images import bodies, services
from collections_app.images.models import Image
from collections_app.images.paths import file_name, href
from collections_app.images.representations import metadata
from core_api.errors import NotFound
from core_api.rest.conditional import check_preconditions, etag_of, respond
from core_api.rest.negotiation import CBOR, JSON, OCTETS, data_type, data_types, wanted
from core_api.rest.query import Query
from core_api.rest.responses import data_response, encode
from core_api.storage import services as storage

PARAMETERS = ("deviceId", "timestamp", "format")


def read(request: HttpRequest, query: Query, image: Image | None) -> HttpResponse:
    """The image's bytes, or its metadata where the client prefers that."""
    query.only(PARAMETERS)
    if image is None:
        raise NotFound("There is no such image.")
    media_type = wanted(request, query, (image.media_type, *data_types(request), OCTETS))
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
        headers={"Location": href(replaced.image), "ETag": f'"{bytes_etag(replaced.image)}"'},
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
    """The entity tag of the original bytes: the first 8 bytes of their SHA-256."""
    return image.blob.sha256[:16]


def _bytes(request: HttpRequest, image: Image, media_type: str) -> HttpResponse:
    etag = bytes_etag(image)
    if media_type != image.media_type:
        etag = etag_of(image.blob.sha256.encode(), media_type.encode())
    return respond(
        request,
        storage.read(image.blob),
        media_type,
        etag=etag,
        modified=image.stored,
        headers={"Content-Disposition": f'inline; filename="{file_name(image)}"'},
        ranges=True,
    )


def _check(request: HttpRequest, image: Image | None) -> None:
    """The preconditions, against every representation that a client may have seen."""
    if image is None:
        return check_preconditions(request, ())
    facts = metadata(image)
    etags = {bytes_etag(image), etag_of(image.blob.sha256.encode(), OCTETS.encode())}
    etags |= {etag_of(encode(facts, media_type)) for media_type in (JSON, CBOR)}
    return check_preconditions(request, etags)
