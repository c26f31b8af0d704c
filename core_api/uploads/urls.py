"""The URL space below /uploads."""

from django.urls import path

from core_api.uploads import views

urlpatterns = [path("", views.collection), path("/<str:upload_id>", views.upload)]
