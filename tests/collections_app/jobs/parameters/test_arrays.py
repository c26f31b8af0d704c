"""Arrays: nested lists, files, and their bounds."""

import base64
import io
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from collections_app.jobs.parameters import NdArrayParameter, ParameterError
from collections_app.jobs.parameters.limits import MAX_INLINE_CELLS
from tests.collections_app.jobs.parameters.refusing import is_valid, refused
from tests.collections_app.jobs.parameters.running import JOB, FakeRun

ARRAY = NdArrayParameter("a")


@settings(deadline=None, max_examples=50)
@given(
    arrays.arrays(
        st.sampled_from(["?", "i8", "f8"]),
        arrays.array_shapes(max_dims=4, max_side=4),
        elements={"allow_nan": False, "allow_infinity": False},
    )
)
def test_small_arrays_come_back_from_lists(array: np.ndarray) -> None:
    wire = ARRAY.dump(array)
    assert is_valid(ARRAY, wire)
    parsed = ARRAY.parse(wire)
    assert parsed.dtype == array.dtype
    assert np.array_equal(parsed, array)


def test_masked_cells_and_nan_are_null() -> None:
    masked = np.ma.masked_equal([[1, 2], [3, 4]], 3)
    assert ARRAY.dump(masked) == [[1, 2], [None, 4]]
    parsed = ARRAY.parse([[1, 2], [None, 4]])
    assert parsed.dtype == np.int64
    assert parsed.mask.tolist() == masked.mask.tolist()
    assert ARRAY.dump(np.array([np.nan, 1])) == [None, 1.0]


def test_large_arrays_become_files(run: FakeRun) -> None:
    array = np.arange(MAX_INLINE_CELLS + 1, dtype="f4")
    wire = ARRAY.dump(array, run)
    assert wire == {"href": f"{JOB}/results/a.npy", "type": "application/x-npy"}
    assert is_valid(ARRAY, wire)
    parsed = ARRAY.parse(wire, run)
    assert parsed.dtype == np.float32
    assert np.array_equal(parsed, array)


def test_masked_cells_in_files_are_nan(run: FakeRun) -> None:
    array = np.ma.masked_equal(np.arange(MAX_INLINE_CELLS + 1), 7)
    parsed = ARRAY.parse(ARRAY.dump(array, run), run)
    assert np.flatnonzero(np.isnan(parsed)).tolist() == [7]


def test_infinity_needs_a_file(run: FakeRun) -> None:
    array = np.array([1, np.inf])
    assert np.array_equal(ARRAY.parse(ARRAY.dump(array, run), run), array)
    with pytest.raises(ParameterError, match="needs a job"):
        ARRAY.dump(array)


def encoded(array: Any, **more: Any) -> str:
    file = io.BytesIO()
    np.save(file, array, **more)
    return base64.b64encode(file.getvalue()).decode()


def test_files_may_come_in_base64() -> None:
    text = encoded(np.arange(3, dtype="i2"))
    for wire in (text, {"value": text, "encoding": "base64", "mediaType": "application/x-npy"}):
        assert is_valid(ARRAY, wire)
        assert ARRAY.parse(wire).dtype == np.int16


def test_nothing_is_ever_unpickled() -> None:
    hostile = np.array([print], dtype=object)
    with pytest.raises(ParameterError, match="array of numbers"):
        ARRAY.parse(encoded(hostile, allow_pickle=True))
    bare = base64.b64encode(pickle.dumps(print)).decode()
    assert refused(ARRAY, bare) == "is no npy file"


def test_a_file_that_says_it_is_huge_is_refused_before_it_is_read() -> None:
    file = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (2**40,)}
    np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(ParameterError, match="at most 1073741824 bytes"):
        ARRAY.parse(base64.b64encode(file.getvalue()).decode())


def test_a_file_that_is_cut_off_is_refused() -> None:
    data = base64.b64decode(encoded(np.arange(100)))
    for length in (7, 20, 200):
        with pytest.raises(ParameterError):
            ARRAY.parse(base64.b64encode(data[:length]).decode())


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (5, "must be a list, or lists inside each other"),
        ([[1, 2], [3]], "/1 must be a list of 2 items, as the others are"),
        ([[1, 2], 3], "/1 must be a list of 2 items, as the others are"),
        ([[1, 2], [3, "x"]], "/1/1 must be a finite number, true, false or null"),
        ([1, float("inf")], "/1 must be a finite number, true, false or null"),
        ([[[[[[[[[1]]]]]]]]], "must have at most 8 dimensions"),
        ({"href": "/etc/passwd"}, "/href must be a path such as /jobs/{id}/results/{name}"),
        ({"value": "xx", "encoding": "gzip"}, "/encoding must be base64"),
        ({"value": "x="}, "/value is not base64 (RFC 4648)"),
        ({"value": "", "mediaType": "text/x"}, "/mediaType must be one of application/x-npy"),
        ("nobody://a", "has a scheme that is not known here (known are: none)"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(value: Any, error: str) -> None:
    assert refused(ARRAY, value) == error


def test_shape_and_type_are_bounded() -> None:
    parameter = NdArrayParameter("a", shape=[None, 2], dtype="float32")
    assert parameter.parse([[1, 2], [3, 4], [5, 6]]).dtype == np.float32
    assert refused(parameter, [[1, 2, 3]]) == "must have the shape (any, 2), not (1, 3)"
    assert refused(NdArrayParameter("a", min_dimensions=2), [1]) == (
        "must have 2 to 8 dimensions, not 1"
    )
    with pytest.raises(ParameterError, match="shape"):
        parameter.dump(np.zeros((2, 2, 2)))


def test_integers_beyond_64_bits_are_refused() -> None:
    with pytest.raises(ParameterError, match="64 bits"):
        ARRAY.parse([2**70])


def test_a_link_needs_a_job_that_has_it(run: FakeRun) -> None:
    link = {"href": f"{JOB}/results/gone.npy"}
    with pytest.raises(ParameterError, match="needs a job"):
        ARRAY.parse(link)
    with pytest.raises(ParameterError, match="leads to no result"):
        ARRAY.parse(link, run)
