"""The URL space."""

from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerView

from core_api.views import discovery, faults, health

urlpatterns = [
    path(".well-known/core", discovery.document),
    path("collections", discovery.document),
    path("collections/", include("collections_app.urls")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerView.as_view(url_name="schema")),
]

handler400 = faults.bad_request
handler403 = faults.permission_denied
handler404 = faults.not_found
handler500 = faults.server_error
