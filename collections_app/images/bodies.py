"""From a request's body to an image that was verified, in every form that devices send."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from django.conf import settings
from django.http import HttpRequest

from collections_app.images.ingest import NewImage
from collections_app.images.paths import COLLECTION
from collections_app.imaging.structure import ImageError, ImageFacts, inspect
from core_api.errors import ApiError, BadRequest, Unprocessable, UnsupportedMediaType
from core_api.rest.bodies import read_body, read_form
from core_api.rest.doors import door_of
from core_api.rest.negotiation import CBOR, JSON, OCTETS
from core_api.rest.query import query_of
from core_api.wire import batch, payload
from core_api.wire.errors import PayloadError
from core_api.wire.media import base_type
from core_api.wire.payload import ImageFields

FORM = "multipart/form-data"
FORM_FILES = ("image", "imageData")
POSTS = (JSON, CBOR, FORM, "image/*", OCTETS, *batch.TYPES)
MERGE_PATCH = "application/merge-patch+json"
PATCHES = (MERGE_PATCH, JSON, CBOR)
# The short names are for devices that count the bytes of a Uri-Query.
ALIASES = {"d": "deviceId", "t": "timestamp"}


def posted(request: HttpRequest) -> NewImage | Iterator[NewImage | Exception]:
    """The image that a POST to the collection carries, or each of many, or what is wrong with it.

    Raises UnsupportedMediaType before the body is read, WireError where fields are wrong and
    Unprocessable where the bytes are no image.
    """
    received = door_of(request).received
    media_type = base_type(request.META.get("CONTENT_TYPE") or OCTETS)
    if media_type in (JSON, CBOR, *batch.TYPES):
        body = read_body(request)
        many = batch.images(media_type, body, received, COLLECTION)
        if many is not None:
            _refuse_digest(request)
            return _each_verified(many, "/vd" if media_type in batch.SENML else "/imageData")
        fields = payload.decode_image(media_type, body, received)
        return _as_announced(request, _verified(fields, "/imageData"))
    if media_type == FORM:
        return _verified(_form(request, received), "/image")
    if is_raw(media_type):
        fields = payload.text_fields(named(query_of(request)), read_body(request), received)
        return _verified(fields, "")
    raise UnsupportedMediaType(f"A body of {media_type} carries no image.", POSTS)


def put(request: HttpRequest, device_id: str, timestamp: dt.datetime) -> NewImage:
    """The image that a PUT to an image's path carries, as raw bytes."""
    media_type = base_type(request.META.get("CONTENT_TYPE") or OCTETS)
    if not is_raw(media_type):
        raise UnsupportedMediaType("An image is PUT as its bytes.", ("image/*", OCTETS))
    data = read_body(request)
    facts = verify(data, pointer="")
    new = NewImage(device_id, timestamp, False, data, facts.media_type, facts.width, facts.height)
    return _as_announced(request, new)


def patch(request: HttpRequest) -> Mapping[str, object]:
    """The changes that a PATCH carries (RFC 7396), by name: title, location, meta."""
    media_type = base_type(request.META.get("CONTENT_TYPE", ""))
    if media_type not in PATCHES:
        detail = "A PATCH is a JSON merge patch, or the same in CBOR."
        raise UnsupportedMediaType(detail, PATCHES, header="Accept-Patch")
    return payload.decode_changes(CBOR if media_type == CBOR else JSON, read_body(request))


def is_raw(media_type: str) -> bool:
    """Whether a body of this type is the image itself."""
    return media_type.startswith("image/") or media_type == OCTETS


def named(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of a query or form, short names written out; BadRequest for both at once."""
    result: dict[str, str] = {}
    for name, value in fields.items():
        full = ALIASES.get(name, name)
        if full in result:
            raise BadRequest(f"{full} is given twice.", pointer=f"/{full}")
        result[full] = value
    return result


def verify(data: bytes, pointer: str) -> ImageFacts:
    """What the bytes say of the image; Unprocessable where they are none that is accepted.

    `pointer` names the field that the bytes came in, "" where they are the body itself.
    """
    try:
        return inspect(
            data,
            formats=settings.COAPTURE_IMAGE_FORMATS,
            max_pixels=settings.COAPTURE_MAX_PIXELS,
        )
    except ImageError as error:
        raise Unprocessable(error.detail, pointer=pointer) from None


def _form(request: HttpRequest, received: dt.datetime) -> ImageFields:
    fields, files = read_form(request, read_body(request))
    data = next((files[name] for name in FORM_FILES if name in files), None)
    if data is None:
        raise BadRequest("The form has no file field `image`.", pointer="/image")
    query = query_of(request)
    return payload.text_fields(named(query | fields), data, received)


def _as_announced(request: HttpRequest, new: NewImage) -> NewImage:
    """The image itself; BadRequest where the query announces another digest.

    By that digest a device shows that an upload is its own, whatever the form of its body.
    """
    announced = query_of(request).get("sha256")
    if announced and announced.lower() != new.sha256:
        raise _other_digest()
    return new


def _refuse_digest(request: HttpRequest) -> None:
    if "sha256" in query_of(request):
        raise BadRequest("sha256 in the query is of one image.", pointer="/sha256")


def _each_verified(many: Iterable[batch.Item], pointer: str) -> Iterator[NewImage | Exception]:
    for fields in many:
        try:
            yield fields if isinstance(fields, PayloadError) else _verified(fields, pointer)
        except ApiError as error:
            yield error


def _other_digest() -> BadRequest:
    return BadRequest("sha256 is not the digest of these bytes.", pointer="/sha256")


def _verified(fields: ImageFields, pointer: str) -> NewImage:
    facts = verify(fields.data, pointer)
    new = NewImage(
        device_id=fields.device_id,
        timestamp=fields.moment.instant,
        relative=fields.moment.relative,
        data=fields.data,
        media_type=facts.media_type,
        width=facts.width,
        height=facts.height,
        title=fields.title,
        location=fields.location,
        meta=fields.meta,
    )
    if fields.sha256 is not None and fields.sha256.hex() != new.sha256:
        raise _other_digest()
    return new
