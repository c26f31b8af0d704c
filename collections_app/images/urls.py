"""The URL space below /collections/images."""

from django.urls import path

from collections_app.images.views import collection as views

urlpatterns = [
    path("", views.collection),
    path("/<str:device_id>", views.device),
    path("/<str:device_id>/latest", views.latest),
    path("/<str:device_id>/<str:stamp>", views.image),
]
