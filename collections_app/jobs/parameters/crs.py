"""Reference systems as clients may name them: by an authority's code, and nothing else.

GDAL would take WKT, paths of files and addresses of other hosts for one too.
"""

import re

from collections_app.jobs.parameters.base import ParameterError
from core_api.background.tasks import Json

PATTERN = r"(?:EPSG|ESRI|OGC|IAU_2015):[A-Za-z0-9]{1,20}"
_CODE = re.compile(PATTERN)
_URI = re.compile(
    r"(?:https?://www\.opengis\.net/def/crs/(\w+)/[\w.]+/|urn:ogc:def:crs:(\w+):[\w.]*:)(\w+)"
)
# The same system; rasters count the longitude first in both.
_CRS84 = "OGC:CRS84"
_WGS84 = "EPSG:4326"


def code(value: Json) -> str:
    """The code such as "EPSG:4326" that a code or one of OGC's URIs names; ParameterError."""
    text = value if isinstance(value, str) else ""
    if found := _URI.fullmatch(text):
        text = f"{found[1] or found[2]}:{found[3]}"
    if not _CODE.fullmatch(text):
        raise ParameterError("must be a code such as EPSG:4326")
    return _WGS84 if text == _CRS84 else text


def check_known(text: str) -> None:
    """ParameterError where nobody knows the code; this takes rasterio."""
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    try:
        CRS.from_user_input(text)
    except CRSError:
        raise ParameterError("is no reference system that is known here") from None
