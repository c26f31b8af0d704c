"""What a client posts, and the metadata that it gets back."""

import base64
import binascii
import io
from typing import Any

from PIL import Image as Picture
from rest_framework import serializers

from bench.peer.models import Image


class ImageSerializer(serializers.ModelSerializer):
    """An image with its bytes as base64 under `imageData`."""

    imageData = serializers.CharField(write_only=True)  # noqa: N815

    class Meta:
        model = Image
        fields = ("id", "deviceId", "timestamp", "imageData")

    def validate_imageData(self, value: str) -> bytes:  # noqa: N802
        """Decode the image and save it again, smaller."""
        try:
            with Picture.open(io.BytesIO(base64.b64decode(value))) as picture:
                buffer = io.BytesIO()
                picture.save(buffer, format=picture.format, optimize=True)
        except (binascii.Error, OSError) as error:
            raise serializers.ValidationError("This is no image.") from error
        return buffer.getvalue()

    def create(self, validated_data: dict[str, Any]) -> Image:
        """Store the image."""
        image = validated_data.pop("imageData")
        return Image.objects.create(image=image, **validated_data)


class PlaceSerializer(serializers.ModelSerializer):
    """Which image a client wants."""

    class Meta:
        model = Image
        fields = ("deviceId", "timestamp")
