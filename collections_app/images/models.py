"""Images: what is known of each, and which blob holds its bytes."""

from django.db import models

from core_api.storage.models import Blob


class Image(models.Model):
    """One picture, known by its device and time."""

    device_id = models.CharField(max_length=100)
    timestamp = models.DateTimeField(help_text="when the picture was taken, in UTC")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    media_type = models.CharField(max_length=64)
    width = models.PositiveIntegerField(help_text="pixels")
    height = models.PositiveIntegerField(help_text="pixels")
    title = models.CharField(max_length=200, blank=True)
    latitude = models.FloatField(null=True, blank=True, help_text="degrees, WGS 84")
    longitude = models.FloatField(null=True, blank=True, help_text="degrees, WGS 84")
    meta = models.JSONField(default=dict, blank=True)
    stored = models.DateTimeField(db_index=True, help_text="when the bytes were last stored")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["device_id", "timestamp"], name="one_image_a_moment")
        ]
        indexes = [models.Index(fields=["-timestamp", "-id"], name="images_newest_first")]

    def __str__(self) -> str:
        return f"{self.device_id} {self.timestamp:%Y-%m-%dT%H:%M:%SZ}"
