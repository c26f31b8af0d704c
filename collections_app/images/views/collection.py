"""/collections/images and what lies below it."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from collections_app.images import batches, bodies, fetch, ingest, lists, queries
from collections_app.images.paths import COLLECTION, href
from collections_app.images.representations import metadata, record
from collections_app.images.views import one
from core_api.errors import BadRequest
from core_api.rest.conditional import etag_of, respond
from core_api.rest.dispatch import resource
from core_api.rest.doors import door_of
from core_api.rest.negotiation import SENML_CBOR, data_type
from core_api.rest.query import Query, query_of
from core_api.rest.responses import data_response
from core_api.uploads.creation import resumable
from core_api.wire import payload, senml
from core_api.wire.times import parse_moment_text, parse_stamp

Place = tuple[str, dt.datetime]


def _post(request: HttpRequest) -> HttpResponse:
    posted = bodies.posted(request)
    if not isinstance(posted, ingest.NewImage):
        return batches.respond(request, posted)
    stored = ingest.store(posted)
    return data_response(
        metadata(stored.image),
        data_type(request),
        status=201 if stored.created else 200,
        headers={"Location": href(stored.image)},
    )


def _get(request: HttpRequest) -> HttpResponseBase:
    query = _query(request)
    if not {"deviceId", "timestamp"} <= query.keys():
        if lists.is_asked_for(request, query):
            return lists.list_response(request, query)
        if door_of(request).constrained and not query:
            return _stored_last(request)
    return one.read(request, query, queries.find(*_place(request, query)))


def _put(request: HttpRequest) -> HttpResponse:
    return one.put(request, *_place(request, _query(request)))


def _patch(request: HttpRequest) -> HttpResponse:
    return one.patch(request, *_place(request, _query(request)))


def _delete(request: HttpRequest) -> HttpResponse:
    return one.delete(request, *_place(request, _query(request)))


def _query(request: HttpRequest) -> Query:
    return Query(bodies.named(query_of(request)))


def _place(request: HttpRequest, query: Query) -> Place:
    """The device and time that the query names; BadRequest where one is missing or invalid."""
    for name in ("deviceId", "timestamp"):
        if name not in query:
            raise BadRequest(f"{name} is required.", pointer=f"/{name}")
    now = door_of(request).received
    return (
        payload.device_id(query["deviceId"]),
        parse_moment_text(query["timestamp"], now).instant,
    )


def _stored_last(request: HttpRequest) -> HttpResponse:
    """The batch interface (core.b) for a device: a SenML pack of the image stored last."""
    image = queries.stored_last()
    base = {"bn": f"{door_of(request).origin}{COLLECTION}/"}
    body = senml.to_cbor([] if image is None else [base | record(image)])
    response = respond(request, body, SENML_CBOR, etag=etag_of(body))
    response.observable = True  # type: ignore[attr-defined]
    return response


def _device_list(request: HttpRequest, device_id: str) -> HttpResponseBase:
    query = query_of(request)
    if "deviceId" in query:
        raise BadRequest("The path names the device already.", pointer="/deviceId")
    return lists.list_response(request, query, device_id)


def _latest(request: HttpRequest, device_id: str) -> HttpResponse:
    return one.read(request, query_of(request), queries.latest(payload.device_id(device_id)))


def _image_get(request: HttpRequest, device_id: str, stamp: str) -> HttpResponse:
    return one.read(request, query_of(request), queries.find(*_path_place(device_id, stamp)))


def _image_put(request: HttpRequest, device_id: str, stamp: str) -> HttpResponse:
    return one.put(request, *_path_place(device_id, stamp))


def _image_patch(request: HttpRequest, device_id: str, stamp: str) -> HttpResponse:
    return one.patch(request, *_path_place(device_id, stamp))


def _image_delete(request: HttpRequest, device_id: str, stamp: str) -> HttpResponse:
    return one.delete(request, *_path_place(device_id, stamp))


def _path_place(device_id: str, stamp: str) -> Place:
    return payload.device_id(device_id), parse_stamp(stamp)


collection = resumable(
    resource(
        GET=_get, QUERY=fetch.list_response, POST=_post, PUT=_put, PATCH=_patch, DELETE=_delete
    )
)
device = resource(GET=_device_list, QUERY=fetch.list_response)
latest = resource(GET=_latest)
image = resumable(
    resource(GET=_image_get, PUT=_image_put, PATCH=_image_patch, DELETE=_image_delete)
)
