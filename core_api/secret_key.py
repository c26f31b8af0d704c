"""Django's SECRET_KEY where the operator gave none: a file that only its owner can read."""

import os
import secrets
from pathlib import Path


def read_or_make(path: Path) -> str:
    """The key in the file at `path`; made (mode 0600) where there is none.

    Two processes that start together agree on one key: a name is linked to a whole file once.
    """
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
