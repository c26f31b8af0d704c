"""Drawing the variants of an image, and keeping them for a while."""

from django.conf import settings

from collections_app.images.models import Image
from collections_app.images.variants.parameters import REVISION
from collections_app.images.variants.renders import Renders
from collections_app.imaging.operations import OperationError, Undecodable
from core_api import sandbox
from core_api.errors import BadRequest, Unprocessable
from core_api.storage import restore
from core_api.storage import services as storage
from core_api.storage.cache import Files

RUN = "collections_app.imaging.operations.sandboxed:run"
FOLDER = "variants"

_files = Files(FOLDER)
_renders = Renders()


def key(image: Image, chain: tuple[str, ...]) -> str:
    """What a variant's bytes depend on: the pixels, and what is done with them."""
    blob = image.blob
    encoding = "" if restore.is_exact(blob.encoding) else blob.encoding
    return "|".join((str(REVISION), blob.sha256, encoding, *chain))


def drawn(image: Image, chain: tuple[str, ...]) -> bytes:
    """The bytes of a variant: those that were kept, or new ones.

    BadRequest where the image is too small or too large for the operations, Unprocessable where it
    cannot be decoded, ServiceUnavailable where too many variants are being drawn.
    """
    name = key(image, chain)
    data = _files.get(name)
    if data is not None:
        return data
    pixels = image.width * image.height
    return _renders.draw(name, lambda: _draw(name, image, chain), pixels=pixels)


def _draw(name: str, image: Image, chain: tuple[str, ...]) -> bytes:
    data = storage.read(image.blob)
    try:
        results = sandbox.call(
            *(RUN, data, list(chain), settings.COAPTURE_MAX_PIXELS),
            cpu_seconds=settings.COAPTURE_VARIANT_SECONDS,
            memory=settings.COAPTURE_VARIANT_MEMORY,
        )
    except OperationError as error:
        raise BadRequest(str(error)) from None
    except Undecodable as error:
        raise Unprocessable(str(error)) from None
    except sandbox.Crashed as error:
        raise Unprocessable(f"This variant cannot be drawn: {error.reason}.") from None
    result: bytes = results.pictures[0].data
    _files.put(name, result)
    return result
