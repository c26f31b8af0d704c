"""Requests whose body may come in several parts (draft-ietf-httpbis-resumable-upload, creation)."""

from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from core_api.errors import ApiError, PayloadTooLarge
from core_api.rest.dispatch import View
from core_api.rest.doors import door_of
from core_api.rest.negotiation import data_type
from core_api.rest.responses import data_response
from core_api.uploads import appending, fields, services
from core_api.uploads.errors import EndedEarly
from core_api.uploads.head import KEPT, Head, Target
from core_api.uploads.identity import token_of
from core_api.uploads.representations import members, path_of

_UPLOADING = ("POST", "PUT")


def resumable(view: View) -> View:
    """The view, to which a body may also come as an upload that begins with `Upload-Complete: ?0`.

    OPTIONS tells the limits of one.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, **path: Any) -> HttpResponseBase:
        complete = fields.complete(request) if request.method in _UPLOADING else None
        if complete is False:
            return _begin(request)
        response = view(request, **path)
        if request.method == "OPTIONS":
            response[fields.LIMIT] = fields.limits(settings.COAPTURE_UPLOAD_EXPIRY)
        if complete:
            response[fields.COMPLETE] = fields.YES
        return response

    return csrf_exempt(wrapped)


def _begin(request: HttpRequest) -> HttpResponseBase:
    """201 with the place where the rest is to go; what came of a broken body is kept."""
    target = Target(
        request.method or "",
        request.path_info,
        request.META.get("QUERY_STRING", ""),
        {name: request.META[name] for name in KEPT if request.META.get(name)},
    )
    door, length = door_of(request), fields.length(request)
    if length is not None and length > settings.COAPTURE_MAX_BODY:
        raise PayloadTooLarge(settings.COAPTURE_MAX_BODY)
    with services.begin(Head(target, door.received, door.peer, length=length)) as file:
        upload_id = file.id
    try:
        appending.append(request, upload_id, 0)
    except EndedEarly:
        raise
    except ApiError:
        services.remove(upload_id)
        raise
    state = services.state(upload_id)
    headers = fields.of(state) | {"Location": f"{path_of(state)}?token={token_of(upload_id)}"}
    media_type = data_type(request)
    return data_response(members(state), media_type, status=201, headers=headers)
