"""What of the image collection is discoverable."""

from collections_app.images.paths import COLLECTION
from core_api.links import Resource
from core_api.wire.media import content_format

IMAGES = Resource(
    path=COLLECTION,
    rt="simple.act",
    interface="core.b",
    ct=[
        content_format(name)
        for name in (
            "application/senml+cbor",
            "application/senml+json",
            "application/json",
            "application/cbor",
            "application/link-format",
        )
    ],
    title="Images",
    obs=True,
    collection=True,
)
