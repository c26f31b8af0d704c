"""The one table."""

from django.db import models


class Image(models.Model):
    """A picture with its bytes."""

    deviceId = models.CharField(max_length=100)  # noqa: N815
    timestamp = models.DateTimeField()
    image = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.deviceId} {self.timestamp}"
