"""What a query says about a variant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from collections_app.imaging import operations
from core_api.wire.errors import FieldErrors
from core_api.wire.problem import FieldError

NAMES = ("w", "h", "fit", "crop", "rotate", "blur", "fmt", "q")
FITS = ("contain", "cover", "fill")
FORMATS = ("jpeg", "png", "webp", "avif", "gif", "tiff")
# What drawing means: another number after a change of it makes other entity tags.
REVISION = 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Variant:
    """`chain` are the operations in their order, without the format; None leaves it open."""

    chain: tuple[str, ...] = ()
    format: str | None = None
    quality: int | None = None

    def drawn_as(self, name: str) -> tuple[str, ...]:
        """The whole chain, its result in the format of this name: one spelling for each variant."""
        quality = operations.FORMATS[name]
        if quality and self.quality is not None:
            quality = self.quality
        return (*self.chain, f"convert={name},{quality}" if quality else f"convert={name}")


def parse(query: Mapping[str, str]) -> Variant | None:
    """The variant that is asked for, None where none is; FieldErrors with all that is wrong."""
    if not any(name in query for name in NAMES):
        return None
    reader = _Reader(query)
    # The order is that of the contract: a crop is in pixels of the original.
    chain = [reader.operation("crop"), reader.operation("rotate"), reader.size()]
    chain.append(reader.operation("blur"))
    name = reader.one_of("fmt", FORMATS)
    quality = reader.number("q", 100)
    if reader.errors:
        raise FieldErrors(reader.errors)
    return Variant(tuple(one for one in chain if one), name, quality)


class _Reader:
    """Reads parameters and collects what is wrong with them."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self._query = query
        self.errors: list[FieldError] = []

    def operation(self, name: str) -> str | None:
        """A parameter that is an operation by itself; None where it changes nothing."""
        value = self._query.get(name)
        if value is None:
            return None
        value = ",".join(part.lstrip("0") or part[:1] for part in value.split(","))
        try:
            return f"{name}={value}" if operations.parse([f"{name}={value}"]) else None
        except operations.OperationError as error:
            self._refuse(name, str(error).removeprefix(f"{name} ").rstrip("."))
            return None

    def size(self) -> str | None:
        """w, h and fit as one operation."""
        sides = [self.number(name, operations.LONGEST) for name in ("w", "h")]
        fit = self.one_of("fit", FITS) or FITS[0]
        if any(sides):
            return "resize={}x{},{}".format(*(side or "" for side in sides), fit)
        if "fit" in self._query and not {"w", "h"} & self._query.keys():
            self._refuse("fit", "needs w or h")
        return None

    def number(self, name: str, greatest: int) -> int | None:
        """A whole number from 1."""

        def read(value: str) -> int | None:
            is_number = value.isascii() and value.isdecimal() and len(value) < 10
            return int(value) if is_number and 1 <= int(value) <= greatest else None

        return self._read(name, read, f"is a whole number from 1 to {greatest}")

    def one_of(self, name: str, choices: tuple[str, ...]) -> str | None:
        """One of some words."""
        return self._read(
            name, lambda value: value if value in choices else None, f"is {', '.join(choices)}"
        )

    def _read(self, name: str, read: Callable[[str], T | None], wanted: str) -> T | None:
        value = self._query.get(name)
        result = None if value is None else read(value)
        if value is not None and result is None:
            self._refuse(name, wanted)
        return result

    def _refuse(self, name: str, detail: str) -> None:
        self.errors.append(FieldError(f"/{name}", detail))
