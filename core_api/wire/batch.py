"""Bodies that carry many images: arrays, CBOR sequences (RFC 8742) and SenML packs (RFC 8428).

A body is split before its images are decoded: each is decoded when it is its turn, so that one
that is wrong costs its neighbours nothing and few are in memory at once.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from core_api.wire import cbor, jsontext, payload, senml
from core_api.wire.errors import FieldErrors, PayloadError, field_error
from core_api.wire.payload import ImageFields
from core_api.wire.times import Moment, parse_stamp

JSON = "application/json"
CBOR = "application/cbor"
CBOR_SEQ = "application/cbor-seq"
SENML_JSON = "application/senml+json"
SENML_CBOR = "application/senml+cbor"
# What is a batch by its type; JSON and CBOR are one where they hold an array.
SENML = (SENML_JSON, SENML_CBOR)
TYPES = (CBOR_SEQ, *SENML)

Item = ImageFields | PayloadError

_NAME = re.compile(r"(?P<device>.+)/(?P<stamp>[0-9]{8}T[0-9]{6}(?:\.[0-9]{6})?Z)")


def images(media_type: str, body: bytes, now: datetime, collection: str) -> Iterator[Item] | None:
    """The images of a body in their order, or what is wrong with one; None where it is no batch.

    `now` is the server's clock, `collection` the path that SenML names may begin with, such as
    "/collections/images". Raises PayloadError where the body as a whole is not of its type.
    """
    if media_type in SENML:
        pack = senml.from_json(body) if media_type == SENML_JSON else senml.from_cbor(body)
        return map(partial(_of_record, now=now, collection=collection), senml.resolve(pack))
    parts = _parts(media_type, body)
    if parts is None:
        return None
    return map(partial(_of_part, JSON if media_type == JSON else CBOR, now=now), parts)


def _parts(media_type: str, body: bytes) -> Sequence[memoryview | PayloadError] | None:
    if media_type == JSON:
        return jsontext.split(body)
    return (
        cbor.split_sequence(body)
        if media_type == CBOR_SEQ
        else cbor.split(payload.plain_cbor(body))
    )


def _of_part(media_type: str, part: memoryview | PayloadError, now: datetime) -> Item:
    if isinstance(part, PayloadError):
        return part
    decode = jsontext.decode if media_type == JSON else cbor.decode
    try:
        return payload.image_fields(decode(bytes(part)), now)
    except PayloadError as error:
        return error


def _of_record(record: dict[str, object] | PayloadError, *, now: datetime, collection: str) -> Item:
    if isinstance(record, PayloadError):
        return record
    try:
        device, stamp = _place(str(record["n"]), collection)
        return ImageFields(
            device_id=device,
            moment=_moment(record.get("t"), stamp, now),
            data=senml.data(record.get("vd")),
            media_type=None,
            title="",
            location=None,
            sha256=None,
            meta={},
        )
    except PayloadError as error:
        return error


def _place(name: str, collection: str) -> tuple[str, str | None]:
    """The device that a resolved name stands for, and the stamp behind it."""
    uri = re.match(rf"(?:[A-Za-z][A-Za-z0-9+.-]*://[^/]*)?{re.escape(collection)}/", name)
    rest = name[uri.end() :] if uri else name
    if not (senml.is_name_part(rest) if uri else senml.is_name(rest)):
        raise field_error("/n", "must be a SenML name (RFC 8428 section 4.5.1)")
    found = _NAME.fullmatch(rest)
    device, stamp = (found["device"], found["stamp"]) if found else (rest, None)
    try:
        return payload.device_id(device), stamp
    except FieldErrors as error:
        raise field_error("/n", error.errors[0].detail) from None


def _moment(seconds: object, stamp: str | None, now: datetime) -> Moment:
    if stamp is not None and seconds is None:
        return Moment(parse_stamp(stamp, "/n"), relative=False)
    return senml.moment(seconds if isinstance(seconds, int | float) else 0, now)
