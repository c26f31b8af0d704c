"""Numbers for monitoring."""

from collections.abc import Iterator

from collections_app.images.models import Image
from core_api.metrics import Gauge


def gauges() -> Iterator[Gauge]:
    """How many images there are."""
    yield Gauge("coapture_images", "Images, by device and time.", [({}, Image.objects.count())])
