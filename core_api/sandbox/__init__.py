"""Child processes for what strangers' bytes may break: decoders.

`call("package.module:function", *args, cpu_seconds=5)` runs a pure function in a warm child that
has no secret in its environment, writes no file, and is killed where it takes too long or too much.
"""

from core_api.sandbox.errors import Crashed, Exhausted
from core_api.sandbox.pool import GIB, call

__all__ = ["GIB", "Crashed", "Exhausted", "call"]
