"""Smaller files for the same images: pure functions on bytes, to be run in a child process.

`compress` decodes bytes of others, so it belongs in a sandbox; `restore` reads only what `compress`
made and verified.
"""

from collections_app.imaging.compression.codec import compress, is_exact, restore
from collections_app.imaging.compression.errors import NotRestorable
from collections_app.imaging.compression.outcomes import Encoded, Kept, Policy

__all__ = ["Encoded", "Kept", "NotRestorable", "Policy", "compress", "is_exact", "restore"]
