"""/uploads and /uploads/{id}."""

import re
from itertools import islice

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from core_api.errors import BadRequest, Forbidden, NotFound, UnsupportedMediaType
from core_api.rest.conditional import etag_of, respond
from core_api.rest.dispatch import resource
from core_api.rest.negotiation import data_types, wanted
from core_api.rest.paging import next_link, page_size
from core_api.rest.query import query_of
from core_api.rest.responses import encode
from core_api.uploads import appending, fields, replay, services
from core_api.uploads.errors import OffsetMismatch
from core_api.uploads.representations import COLLECTION, members
from core_api.uploads.services import State
from core_api.wire.media import base_type

_ID = re.compile(r"[0-9a-f]{32}")
_LIST_PARAMETERS = ("deviceId", "limit", "after", "format")
_PARAMETERS = ("token", "sha256", "format")


def _list(request: HttpRequest) -> HttpResponse:
    query = query_of(request).only(_LIST_PARAMETERS)
    media_type = wanted(request, query, data_types(request))
    limit, after = page_size(query), query.get("after", "")
    if after and not _ID.fullmatch(after):
        raise BadRequest("after is not a place in this list.", pointer="/after")
    found = list(islice(services.unfinished(after, query.get("deviceId")), limit + 1))
    body = encode([members(state) for state in found[:limit]], media_type)
    headers = {}
    if len(found) > limit:
        headers["Link"] = next_link(COLLECTION, query, found[limit - 1].id)
    return respond(request, body, media_type, etag=etag_of(body), headers=headers)


def _get(request: HttpRequest, upload_id: str) -> HttpResponse:
    query = query_of(request).only(_PARAMETERS)
    state = _state(upload_id)
    media_type = wanted(request, query, data_types(request))
    body = encode(members(state), media_type)
    return respond(request, body, media_type, etag=etag_of(body), headers=fields.of(state))


def _patch(request: HttpRequest, upload_id: str) -> HttpResponseBase:
    _own(request, upload_id)
    if base_type(request.META.get("CONTENT_TYPE", "")) != fields.PARTIAL:
        detail = f"A part of an upload is {fields.PARTIAL}."
        raise UnsupportedMediaType(detail, (fields.PARTIAL,), header="Accept-Patch")
    offset, complete = fields.offset(request), fields.complete(request)
    if offset is None:
        raise BadRequest("Upload-Offset is required: where in the upload the body begins.")
    if complete is None:
        raise BadRequest("Upload-Complete is required: ?1 for the last part, else ?0.")
    end = appending.append(request, upload_id, offset)
    if complete:
        return _finish(request, upload_id, end)
    return HttpResponse(status=204, headers=fields.of(_state(upload_id)))


def _delete(request: HttpRequest, upload_id: str) -> HttpResponse:
    _own(request, upload_id)
    services.remove(upload_id)
    return HttpResponse(status=204)


def _finish(request: HttpRequest, upload_id: str, end: int) -> HttpResponseBase:
    """The answer to the whole; after a failure of ours the upload can be finished again."""
    with services.opened(upload_id) as file:
        if file.size != end:
            raise OffsetMismatch(file.size, end)
        response = replay.answer(request, file)
        if response.status_code < 500:
            file.remove()
    return response


def _own(request: HttpRequest, upload_id: str) -> State:
    """The upload; Forbidden where the client does not show that it is its own."""
    query = query_of(request).only(_PARAMETERS)
    state = _state(upload_id)
    if not services.is_own(state, query.get("token", ""), query.get("sha256", "")):
        raise Forbidden(
            "Show that the upload is yours: by the token of its Location, or by the image's sha256 "
            "as the upload's own query has it (with a Request-Tag of 8 bytes, where it is CoAP's)."
        )
    return state


def _state(upload_id: str) -> State:
    if not _ID.fullmatch(upload_id):
        raise NotFound("There is no such unfinished upload.")
    return services.state(upload_id)


collection = resource(GET=_list)
upload = resource(GET=_get, PATCH=_patch, DELETE=_delete)
