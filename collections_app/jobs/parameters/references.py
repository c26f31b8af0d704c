"""How clients give what is too large to write out: a link, base64 text, a reference by scheme."""

import re
from dataclasses import dataclass
from pathlib import Path

from collections_app.jobs.parameters import registry
from collections_app.jobs.parameters.base import ParameterError
from collections_app.jobs.parameters.limits import MAX_VALUE_BYTES
from core_api.background.tasks import Json, Run
from core_api.wire import base64text
from core_api.wire.errors import PayloadError

_RESULT = re.compile(
    r"/jobs/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/results/[A-Za-z0-9_][A-Za-z0-9_.~-]{0,199}",
)
_REFERENCE = re.compile(r"[a-z][a-z0-9+.-]*://\S+")
_MAX_REFERENCE = 2000
# OGC 18-062r2 writes "binary" in its examples; RFC 4648 and JSON Schema say base64.
_ENCODINGS = (None, "base64", "binary")


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format of files: its media type, what clients may call it, and how its bytes begin."""

    label: str
    media_type: str
    names: tuple[str, ...]
    signatures: tuple[bytes, ...]
    suffix: str

    def begins(self, head: bytes) -> bool:
        """Whether bytes begin like this format."""
        return head.startswith(self.signatures)


GEOTIFF = FileFormat(
    "GeoTIFF",
    "image/tiff; application=geotiff",
    ("image/tiff", "image/geotiff"),
    (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    ".tif",
)
NETCDF = FileFormat(
    "NetCDF",
    "application/netcdf",
    ("application/netcdf", "application/x-netcdf"),
    (b"\x89HDF\r\n\x1a\n",),
    ".nc",
)
NPY = FileFormat("npy", "application/x-npy", ("application/x-npy",), (b"\x93NUMPY",), ".npy")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from: a file of one of `formats`, or what a reference stands for."""

    formats: tuple[FileFormat, ...]
    href: str = ""
    reference: str = ""
    text: str = ""
    pointer: str = ""

    def open(self, run: Run | None) -> tuple[FileFormat, bytes | Path]:
        """The file's format, and its path or its bytes; ParameterError where it is not there."""
        if not self.href:
            data = _decoded(self.text, self.pointer)
            return self._format(data), data
        if run is None:
            raise ParameterError("is a link, which needs a job to follow it", self.pointer)
        try:
            path = run.open(self.href)
        except LookupError:
            raise ParameterError("leads to no result of a job", self.pointer) from None
        with path.open("rb") as file:
            return self._format(file.read(8)), path

    def check(self) -> None:
        """Check what can be checked without the file; ParameterError."""
        if self.reference:
            registry.check_reference(self.reference)
        elif not self.href:
            self._format(_decoded(self.text, self.pointer))

    def _format(self, head: bytes) -> FileFormat:
        for known in self.formats:
            if known.begins(head):
                return known
        labels = " or ".join(known.label for known in self.formats)
        raise ParameterError(f"is no {labels} file", self.pointer)


def source(value: Json, formats: tuple[FileFormat, ...]) -> Source | None:
    """Where a wire form says that its value comes from; None where it is written out inline.

    Text is a reference (`scheme://...`) or else base64. Raises ParameterError.
    """
    match value:
        case str() if "://" in value[:100]:
            if len(value) > _MAX_REFERENCE or not _REFERENCE.fullmatch(value):
                raise ParameterError("must be a reference such as scheme://name")
            return Source(formats, reference=value)
        case str():
            return Source(formats, text=value)
        case {"href": href}:
            return Source(formats, href=_result_link(href), pointer="/href")
        case {"value": text, **others}:
            _check_qualifiers(others, formats)
            if not isinstance(text, str):
                raise ParameterError("must be base64 text", "/value")
            return Source(formats, text=text, pointer="/value")
    return None


def schemas(formats: tuple[FileFormat, ...]) -> list[dict[str, Json]]:
    """The JSON Schemas of a link, of base64 text plain and qualified, and of a reference."""
    types = [known.media_type for known in formats]
    # A name of which JSON Schema 2020-12 makes an annotation; OGC's clients look for it.
    encoded = {"type": "string", "contentEncoding": "base64", "contentMediaType": types[0]}
    return [
        {
            "type": "object",
            "title": "A link to a result of a job",
            "properties": {"href": {"type": "string", "pattern": f"^{_RESULT.pattern}$"}},
            "required": ["href"],
        },
        {
            "type": "object",
            "title": "A file in base64, with its media type",
            "properties": {
                "value": encoded,
                "encoding": {"enum": ["base64", "binary"]},
                "mediaType": {"type": "string", "examples": types},
            },
            "required": ["value"],
        },
        encoded | {"title": "A file in base64, or a reference such as service://name"},
    ]


def _result_link(href: object) -> str:
    if not (isinstance(href, str) and _RESULT.fullmatch(href)):
        raise ParameterError("must be a path such as /jobs/{id}/results/{name}", "/href")
    return href


def _check_qualifiers(others: Json, formats: tuple[FileFormat, ...]) -> None:
    if others.get("encoding") not in _ENCODINGS:
        raise ParameterError("must be base64", "/encoding")
    given = others.get("mediaType")
    if given is None:
        return
    essence = given.partition(";")[0].strip().lower() if isinstance(given, str) else ""
    if not any(essence in known.names for known in formats):
        known = ", ".join(known.media_type for known in formats)
        raise ParameterError(f"must be one of {known}", "/mediaType")


def _decoded(text: str, pointer: str) -> bytes:
    if len(text) > MAX_VALUE_BYTES * 4 // 3 + 4:
        raise ParameterError(f"must have at most {MAX_VALUE_BYTES} bytes", pointer)
    try:
        return base64text.decode(text)
    except PayloadError:
        raise ParameterError("is not base64 (RFC 4648)", pointer) from None
