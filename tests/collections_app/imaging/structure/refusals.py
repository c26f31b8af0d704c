"""How tests look at the answers of inspect()."""

from collections_app.imaging.structure import ImageError, inspect


def refusal(data: bytes, **options: object) -> tuple[str, str]:
    """The name and the detail of the error that inspect() raises; nothing where it accepts."""
    try:
        inspect(data, **options)
    except ImageError as error:
        return type(error).__name__, error.detail
    return "", ""


def is_answered(data: bytes) -> bool:
    """Whether the facts are sound, or else the refusal is one of ours and explains itself."""
    try:
        facts = inspect(data)
    except ImageError as error:
        return error.detail.endswith(".")
    return 0 < facts.width * facts.height <= 25_000_000


def short_id(value: object) -> str | None:
    """A test id for a parameter: none for bytes, which say nothing."""
    return "" if isinstance(value, bytes) else None
