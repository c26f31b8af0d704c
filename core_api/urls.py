"""The URL space."""

from django.urls import include, path

from core_api.views import discovery, faults, health, metrics, schema

urlpatterns = [
    path(".well-known/core", discovery.document),
    path("collections", discovery.document),
    path("collections/", include("collections_app.urls")),
    path("uploads", include("core_api.uploads.urls")),
    path("", include("collections_app.jobs.urls")),
    path("geoprocessing/rest/jobs", include("collections_app.dialects.geoprocessing")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
    path("openapi.json", schema.openapi, name="schema"),
    path("docs", schema.docs),
]

handler400 = faults.bad_request
handler403 = faults.permission_denied
handler404 = faults.not_found
handler500 = faults.server_error
