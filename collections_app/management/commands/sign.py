"""`coapture sign URL`: a signed URL of a variant."""

import time
from argparse import ArgumentParser
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.management.base import BaseCommand, CommandError

from collections_app.images.variants import signing
from core_api.errors import ApiError
from core_api.rest.query import pairs


class Command(BaseCommand):
    """Prints the URL with an expiry and a signature by the first of COAPTURE_VARIANT_KEYS."""

    help = "Sign the URL of a variant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The URL and how long it holds."""
        parser.add_argument(
            "url", help="path and query, as in /collections/images/cam/latest?w=320"
        )
        parser.add_argument("--seconds", type=int, default=3600, help="how long it holds (3600)")

    def handle(self, *, url: str, seconds: int, **_: Any) -> None:
        """Print the signed URL."""
        parts = urlsplit(url)
        try:
            query = dict(pairs(parts.query))
            signed = signing.signed(unquote(parts.path), query, int(time.time()) + seconds)
        except (ApiError, LookupError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(parts._replace(path="", query="", fragment="").geturl() + signed)
