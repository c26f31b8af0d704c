"""The URL space."""

from django.urls import path

from bench.peer.views import Images

urlpatterns = [path("collections/images", Images.as_view())]
