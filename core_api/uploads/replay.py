"""The request that an upload was begun with, once its body is whole."""

import dataclasses
from typing import BinaryIO

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import resolve

from core_api.errors import api_error
from core_api.rest.doors import door_of
from core_api.rest.responses import problem_response
from core_api.uploads.fields import COMPLETE, YES
from core_api.uploads.files import UploadFile
from core_api.uploads.head import Target

# What belongs to the body and the conditions of the request that came last, not to the first.
_DROPPED = ("CONTENT_TYPE", "HTTP_TRANSFER_ENCODING", "HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")


class Replayed(HttpRequest):
    """The first request again, with the whole body; who asks is who asks now."""

    def __init__(self, request: HttpRequest, target: Target, body: BinaryIO, size: int) -> None:
        super().__init__()
        self.method = target.method
        self.path = self.path_info = target.path
        kept = {name: value for name, value in request.META.items() if name not in _DROPPED}
        self.META = kept | {
            "REQUEST_METHOD": target.method,
            "PATH_INFO": target.path,
            "QUERY_STRING": target.query,
            "CONTENT_LENGTH": str(size),
            **target.headers,
        }
        self._set_content_type_params(self.META)  # type: ignore[attr-defined]
        self._stream = body
        self._read_started = False


def answer(request: HttpRequest, file: UploadFile) -> HttpResponseBase:
    """What the first request would have been answered with; faults of ours are raised."""
    with file.body() as body:
        replayed = Replayed(request, file.head.target, body, file.size)
        door = dataclasses.replace(door_of(request), received=file.head.received)
        replayed.door = door  # type: ignore[attr-defined]
        try:
            found = resolve(replayed.path_info)
            response: HttpResponseBase = found.func(replayed, *found.args, **found.kwargs)
        except Exception as error:
            known = api_error(error)
            if known is None:
                raise
            response = problem_response(request, known)
    response[COMPLETE] = YES
    return response
