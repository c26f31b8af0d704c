"""Arrays of numpy: nested lists on the wire, or a file of its own format."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from collections_app.jobs.parameters import files, nested, references, registry
from collections_app.jobs.parameters.base import Parameter, ParameterError
from collections_app.jobs.parameters.limits import (
    MAX_ARRAY_BYTES,
    MAX_DIMENSIONS,
    MAX_INLINE_CELLS,
)
from collections_app.jobs.parameters.references import NPY
from core_api.background.tasks import Json, Run

if TYPE_CHECKING:
    import numpy as np

_FORMATS = (NPY,)
_KINDS = "biuf"


@dataclass(frozen=True)
class NdArrayParameter(Parameter):
    """An array of numbers or booleans.

    `dtype` is what Python gets, such as "float32"; without one it is numpy's choice. `shape` has a
    length for each axis, None where any will do. Null is a masked cell.
    """

    type: ClassVar[str] = "array"

    _: KW_ONLY
    dtype: str = ""
    min_dimensions: int = 1
    max_dimensions: int = MAX_DIMENSIONS
    shape: tuple[int | None, ...] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shape is not None:
            object.__setattr__(self, "shape", tuple(self.shape))

    @property
    def takes_files(self) -> bool:
        """It does."""
        return True

    def value_schema(self) -> dict[str, Json]:
        """The JSON Schema of nested lists, and of files."""
        inline = {"type": "array", "title": "Numbers in lists inside each other"}
        return {"anyOf": [inline, *references.schemas(_FORMATS)]}

    def check_value(self, value: Json) -> None:
        """Check the lists' shape, or the link."""
        source = None if isinstance(value, list) else references.source(value, _FORMATS)
        if source is not None:
            source.check()
        else:
            self._check_shape(nested.shape(value))

    def parse_value(self, value: Json, run: Run | None) -> Any:
        """An ndarray; a masked one where cells are null."""
        source = None if isinstance(value, list) else references.source(value, _FORMATS)
        if source is None:
            found: Any = from_lists(value)
        elif source.reference:
            found = registry.resolve(source.reference, run)
        else:
            found = _read(source.open(run)[1])
        return self._typed(found)

    def dump_value(self, value: Any, run: Run | None) -> Json:
        """Nested lists, or a link to a file where it has more than MAX_INLINE_CELLS cells."""
        import numpy as np

        array = value if isinstance(value, np.ndarray) else np.asarray(value)
        if array.dtype.kind not in _KINDS:
            raise ParameterError(f"must be an array of numbers, not of {array.dtype}")
        self._check_shape(array.shape)
        if array.size <= MAX_INLINE_CELLS and not np.isinf(np.ma.getdata(array)).any():
            return to_lists(array)
        return files.keep(self.name, NPY, run, lambda path: _write(path, array))

    def _typed(self, found: Any) -> Any:
        import numpy as np

        if not isinstance(found, np.ndarray) or found.dtype.kind not in _KINDS:
            raise ParameterError("must be an array of numbers")
        self._check_shape(found.shape)
        return found.astype(self.dtype) if self.dtype else found

    def _check_shape(self, shape: tuple[int, ...]) -> None:
        if not self.min_dimensions <= len(shape) <= self.max_dimensions:
            bounds = f"{self.min_dimensions} to {self.max_dimensions}"
            raise ParameterError(f"must have {bounds} dimensions, not {len(shape)}")
        wanted = self.shape
        if wanted is not None and (
            len(wanted) != len(shape)
            or any(one not in (None, other) for one, other in zip(wanted, shape, strict=True))
        ):
            named = ", ".join("any" if one is None else str(one) for one in wanted)
            raise ParameterError(f"must have the shape ({named}), not {shape}")


def from_lists(value: Json, dtype: str = "") -> "np.ndarray":
    """An array from checked nested lists; masked where cells are null."""
    import numpy as np

    if not _has_null(value):
        return _numeric(np.array(value, dtype=dtype or None))
    cells = np.array(value, dtype=object)
    mask = np.array([cell is None for cell in cells.ravel()]).reshape(cells.shape)
    values = np.array([0 if cell is None else cell for cell in cells.ravel()])
    array = _numeric(values).reshape(cells.shape)
    return np.ma.MaskedArray(array.astype(dtype) if dtype else array, mask=mask)


def to_lists(array: "np.ndarray") -> Json:
    """Nested lists; null where the array is masked or NaN."""
    import numpy as np

    cells = np.ma.getdata(array)
    empty = np.ma.getmaskarray(array) | (np.isnan(cells) if cells.dtype.kind == "f" else False)
    if not empty.any():
        return cells.tolist()
    objects = cells.astype(object)
    objects[empty] = None
    return objects.tolist()


def _has_null(value: Json) -> bool:
    return any(map(_has_null, value)) if isinstance(value, list) else value is None


def _numeric(array: "np.ndarray") -> "np.ndarray":
    if array.dtype.kind not in _KINDS:
        raise ParameterError("must have integers of 64 bits at most")
    return array


def _write(path: Path, array: "np.ndarray") -> None:
    """Write a file of numpy's format; masked cells become NaN, for it has no mask."""
    import numpy as np

    if np.ma.is_masked(array):
        floats = array.astype(np.result_type(array.dtype, np.float32))
        array = np.ma.filled(floats, np.nan)
    np.save(path, np.ma.getdata(array), allow_pickle=False)


def _read(file: Path | bytes) -> "np.ndarray":
    """Read a file of numpy's format, its size checked before its cells are read."""
    import io

    import numpy as np

    with io.BytesIO(file) if isinstance(file, bytes) else file.open("rb") as stream:
        try:
            version = np.lib.format.read_magic(stream)
            header = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            shape, _, dtype = header(stream)
        except (ValueError, KeyError):
            raise ParameterError("is no npy file that can be read") from None
        if dtype.kind not in _KINDS:
            raise ParameterError("must be an array of numbers")
        if int(np.prod(shape, dtype=object)) * dtype.itemsize > MAX_ARRAY_BYTES:
            raise ParameterError(f"must have at most {MAX_ARRAY_BYTES} bytes")
        stream.seek(0)
        try:
            array: np.ndarray = np.load(stream, allow_pickle=False)
        except (ValueError, EOFError):
            raise ParameterError("is an npy file that is cut off") from None
    return array
