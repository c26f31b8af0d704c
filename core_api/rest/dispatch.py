"""One resource, its methods: what django.views.View does, for plain functions."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from core_api.errors import MethodNotAllowed

View = Callable[..., HttpResponseBase]


def resource(**handlers: View) -> View:
    """A view that calls the handler named by the request's method.

    HEAD is answered by GET (the server leaves the body out), OPTIONS with the methods, any other
    method with MethodNotAllowed. `resource(GET=read, POST=add)`.
    """
    methods = [*handlers, "OPTIONS"]
    if "GET" in handlers:
        methods.insert(1, "HEAD")
        handlers["HEAD"] = handlers["GET"]

    def view(request: HttpRequest, **path: Any) -> HttpResponseBase:
        handler = handlers.get(request.method or "")
        if handler is not None:
            return handler(request, **path)
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers={"Allow": ", ".join(methods)})
        raise MethodNotAllowed(methods)

    # The API has no cookies; where sessions exist their check stands with the access rules.
    return csrf_exempt(view)
