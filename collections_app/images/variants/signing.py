"""Signed URLs of variants: `expires=<Unix seconds>&sig=<key>.<HMAC-SHA256>` in the query."""

import base64
import hmac
import time
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlencode

from django.conf import settings

from core_api.errors import Forbidden

NAMES = ("expires", "sig")


def signed(path: str, query: Mapping[str, str], expires: int) -> str:
    """The URL with a signature by the first of the keys, which holds until `expires`.

    LookupError where there is no key.
    """
    names = {name: value for name, value in query.items() if name not in NAMES}
    names["expires"] = str(expires)
    name = next(iter(settings.COAPTURE_VARIANT_KEYS), None)
    if name is None:
        raise LookupError("COAPTURE_VARIANT_KEYS has no key.")
    names["sig"] = f"{name}.{_code(settings.COAPTURE_VARIANT_KEYS[name], path, names)}"
    return f"{path}?{urlencode(names)}"


def check(path: str, query: Mapping[str, str]) -> None:
    """Forbidden where the query is signed badly, or where it must be signed and is not."""
    if not any(name in query for name in NAMES):
        if settings.COAPTURE_VARIANT_SIGNED:
            raise Forbidden("Variants are drawn for signed URLs only.")
        return
    name, _, code = query.get("sig", "").partition(".")
    secret = settings.COAPTURE_VARIANT_KEYS.get(name)
    good = _code(secret or "", path, query)
    if secret is None or not hmac.compare_digest(good.encode(), code.encode()):
        raise Forbidden("The signature is not one of this server for this URL.")
    if int(query["expires"]) <= time.time():
        raise Forbidden("The signature has expired.")


def _code(secret: str, path: str, query: Mapping[str, str]) -> str:
    """The order of the parameters, and how they are escaped, does not count."""
    pairs = sorted((name, value) for name, value in query.items() if name != "sig")
    text = f"{path}?{urlencode(pairs)}".encode()
    return base64.urlsafe_b64encode(hmac.digest(secret.encode(), text, sha256)).decode().rstrip("=")
