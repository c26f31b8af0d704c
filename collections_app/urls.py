"""The URL space below /collections/."""

from django.urls import include, path

urlpatterns = [path("images", include("collections_app.images.urls"))]
