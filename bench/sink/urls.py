"""Our own URL space, and /sink, which takes any body."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from core_api.rest.bodies import read_body
from core_api.rest.dispatch import resource
from core_api.urls import handler400, handler403, handler404, handler500, urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def _post(request: HttpRequest) -> HttpResponse:
    read_body(request)
    return HttpResponse(status=204)


urlpatterns = [path("sink", resource(POST=_post)), *urlpatterns]
