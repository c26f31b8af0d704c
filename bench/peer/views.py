"""The image collection."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.peer.models import Image
from bench.peer.serializers import ImageSerializer, PlaceSerializer


class Images(APIView):
    """POST stores an image, GET gives one back."""

    def post(self, request: Request) -> Response:
        serializer = ImageSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status=201)

    def get(self, request: Request) -> HttpResponse:
        place = PlaceSerializer(data=request.query_params)
        place.is_valid(raise_exception=True)
        image = get_object_or_404(Image, **place.validated_data)
        return HttpResponse(image.image, content_type="application/octet-stream")
