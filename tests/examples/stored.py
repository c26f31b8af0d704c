"""What the server gives back."""

import hashlib
import json
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen


def stored(http: str, device: str) -> list[str]:
    """The SHA-256 of the bytes of each picture of a device (at most 1,000), in order."""
    with urlopen(f"{http}/collections/images/{quote(device)}?format=json&limit=1000") as answer:
        hrefs = [image["href"] for image in json.load(answer)]
    return sorted(_digest_at(http + href) for href in hrefs)


def digest_of(file: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _digest_at(url: str) -> str:
    with urlopen(url) as answer:
        return hashlib.sha256(answer.read()).hexdigest()
