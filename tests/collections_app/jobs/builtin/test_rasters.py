"""The tasks over rasters: from Python, as clients call them, and in workflows."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from collections_app.jobs import processes, workflows
from collections_app.jobs.builtin import register
from collections_app.jobs.parameters.base import ParameterError
from collections_app.jobs.processes import Process
from collections_app.jobs.raster import Raster, netcdf
from collections_app.jobs.workflows import tasks
from core_api.background.tasks import Cancelled, TaskError
from tests.collections_app.jobs.workflows.conftest import Job

EXTENT = (0.0, 0.0, 4.0, 3.0)
CELLS = np.arange(12.0).reshape(3, 4)
RASTER = Raster(CELLS, EXTENT, nodata=11)
TIMES = np.array(["2026-01-01", "2026-02-01"], "datetime64[us]")


def call(process: Process, **values: Any) -> Any:
    (found,) = process.call(values, None).values()
    return found


class TestByExpression:
    def test_a_raster_is_masked(self, builtin: dict[str, Process]) -> None:
        mask = builtin["raster:mask_by_expression"]
        found = call(mask, array_in=RASTER, expression="x > limit", variables={"limit": 5})
        assert isinstance(found, Raster)
        assert found.extent == EXTENT
        assert found.compressed().tolist() == [0, 1, 2, 3, 4, 5]

    def test_an_array_is_masked(self, builtin: dict[str, Process]) -> None:
        values = np.concatenate([np.arange(25), np.arange(100, 150)])
        mask = builtin["raster:mask_by_expression"]
        found = call(mask, array_in=values, expression="abs(mean(x) - x) > std(x)")
        expected = np.abs(values.mean() - values) > values.std()
        np.testing.assert_array_equal(found.mask, expected)

    def test_an_expression_is_applied(self, builtin: dict[str, Process]) -> None:
        apply = builtin["raster:apply_expression"]
        assert call(apply, array_in=np.array([1, 2, 3]), expression="(x ** 2) / 2").tolist() == [
            0.5,
            2,
            4.5,
        ]
        assert call(apply, array_in=RASTER, expression="max(x)") == 10

    def test_it_is_applied_to_each_array(self, builtin: dict[str, Process]) -> None:
        arrays = [np.array([1, 2]), np.array([3, 4])]
        found = call(
            builtin["raster:map_by_expression"],
            arrays_in=arrays,
            expression="x * k + i",
            variables={"k": 10},
        )
        assert [each.tolist() for each in found] == [[10, 20], [31, 41]]

    def test_arrays_are_reduced(self, builtin: dict[str, Process]) -> None:
        arrays = [np.array([8, 4]), np.array([2, 2]), np.array([2, 1])]
        reduce = builtin["raster:reduce_by_expression"]
        assert call(reduce, arrays_in=arrays, expression="x / y").tolist() == [2, 2]
        first = np.array([100, 100])
        found = call(reduce, arrays_in=iter(arrays), expression="a - b", initial_array=first)
        assert found.tolist() == [88, 93]

    @pytest.mark.parametrize(
        ("name", "expression", "detail"),
        [
            ("apply", "x + y", "must have one name besides its variables, not x, y."),
            ("apply", "1 + 1", "must have one name besides its variables, not none."),
            ("apply", "x +", "The expression is invalid: Expected a value"),
            ("apply", "x[9]", r"has no value: There is no member 9 among 3 \(column 2\)."),
            ("mask", "x['a']", "has no value"),
            ("mask", "'text' == x", "has no value"),
            ("mask", "mean(x, 'x')", "cannot be masked: the shapes"),
        ],
    )
    def test_what_is_wrong_is_told(
        self, builtin: dict[str, Process], name: str, expression: str, detail: str
    ) -> None:
        names = {"apply": "raster:apply_expression", "mask": "raster:mask_by_expression"}
        with pytest.raises(TaskError, match=detail):
            call(builtin[names[name]], array_in=RASTER, expression=expression)

    def test_nothing_cannot_be_reduced(self, builtin: dict[str, Process]) -> None:
        with pytest.raises(TaskError, match="no array to reduce"):
            call(builtin["raster:reduce_by_expression"], arrays_in=[], expression="x + y")

    def test_a_dismissed_job_ends_between_two_arrays(
        self, builtin: dict[str, Process], tmp_path: Path
    ) -> None:
        job = Job(tmp_path)
        job.dismissed.set()
        values = {"arrays_in": [CELLS], "expression": "x"}
        with pytest.raises(Cancelled):
            builtin["raster:map_by_expression"].call(values, job)


class TestWireForm:
    def test_lists_become_arrays_and_numbers_come_back(self, builtin: dict[str, Process]) -> None:
        apply = builtin["raster:apply_expression"]
        array_in, _, variables = apply.inputs
        (output,) = apply.outputs
        found = call(
            apply,
            array_in=array_in.parse([[1, 2], [3, 4]]),
            expression="x * y",
            variables=variables.parse({"y": [10, 100]}),
        )
        assert output.parse(output.dump(found)).tolist() == [[10, 200], [30, 400]]
        assert output.dump(2.5) == 2.5
        assert output.dump(True) is True

    def test_a_raster_comes_with_its_extent(self, builtin: dict[str, Process]) -> None:
        array_in = builtin["raster:apply_expression"].inputs[0]
        found = array_in.parse({"array": [[1, 2], [3, 4]], "extent": [0, 0, 2, 2]})
        assert isinstance(found, Raster)
        assert found.extent == (0, 0, 2, 2)

    def test_results_of_both_kinds_can_be_inputs(
        self, builtin: dict[str, Process], tmp_path: Path
    ) -> None:
        class Opening(Job):
            def open(self, href: str) -> Path:
                return self.folder / href.rpartition("/")[2]

            def keep(self, name: str, file: Path, media_type: str) -> Any:
                file.rename(self.folder / name)
                return super().keep(name, file, media_type)

        job = Opening(tmp_path)
        array_in, output = (
            builtin["raster:apply_expression"].inputs[0],
            builtin["raster:apply_expression"].outputs[0],
        )
        for value in (RASTER, np.zeros((200, 200))):
            link = output.dump(value, job)
            found = array_in.parse({"href": link["href"]}, job)
            assert isinstance(found, type(value))
            np.testing.assert_array_equal(found, value)

    def test_a_wrong_expression_is_refused_before_it_runs(
        self, builtin: dict[str, Process]
    ) -> None:
        expression = builtin["raster:apply_expression"].inputs[1]
        with pytest.raises(ParameterError, match=r"is no expression: Expected a value.*column 4"):
            expression.check("x +")
        with pytest.raises(ParameterError):
            expression.check("x" * 3000)


class TestDatasets:
    def dataset(self) -> Any:
        series = np.stack([CELLS, CELLS + 100])
        series[0, 0, 0] = np.nan
        return netcdf.to_dataset(Raster(series, EXTENT, times=TIMES, crs="EPSG:4326"), "tmax")

    def test_a_variable_becomes_a_raster(self, builtin: dict[str, Process]) -> None:
        found = call(builtin["raster:array_from_dataset"], dataset=self.dataset(), variable="tmax")
        assert isinstance(found, Raster)
        assert (found.dims, found.crs) == (("time", "y", "x"), "EPSG:4326")
        assert found.extent == pytest.approx(EXTENT)
        assert np.ma.getmaskarray(found).sum() == 1

    def test_the_nearest_time_is_taken(self, builtin: dict[str, Process]) -> None:
        found = call(
            builtin["raster:array_from_dataset"],
            dataset=self.dataset(),
            variable="tmax",
            time=dt.datetime(2026, 1, 20, tzinfo=dt.UTC),
        )
        assert found.dims == ("y", "x")
        np.testing.assert_array_equal(found, CELLS + 100)

    def test_packed_values_are_unpacked_once(
        self, builtin: dict[str, Process], tmp_path: Path
    ) -> None:
        packed = self.dataset().isel(time=1)
        packed["tmax"].encoding = {
            "scale_factor": 0.5,
            "add_offset": 10.0,
            "dtype": "i2",
            "_FillValue": -1,
        }
        packed["tmax"].attrs.pop("_FillValue", None)
        packed.to_netcdf(tmp_path / "packed.nc", engine="h5netcdf")
        dataset = netcdf.read_dataset(tmp_path / "packed.nc", max_bytes=10**6)
        found = call(builtin["raster:array_from_dataset"], dataset=dataset, variable="tmax")
        np.testing.assert_array_equal(found, CELLS + 100)

    def test_a_variable_without_places_is_an_array(self, builtin: dict[str, Process]) -> None:
        import xarray

        dataset = xarray.Dataset({"level": ("depth", [1.0, np.nan, 3.0])})
        found = call(builtin["raster:array_from_dataset"], dataset=dataset, variable="level")
        assert not isinstance(found, Raster)
        assert found.tolist() == [1.0, None, 3.0]

    @pytest.mark.parametrize(
        ("variable", "detail"),
        [
            ("tmin", "no variable 'tmin', only: tmax, crs"),
            ("crs", "has no times"),
            ("name", "no numbers"),
        ],
    )
    def test_what_is_not_there_is_told(
        self, builtin: dict[str, Process], variable: str, detail: str
    ) -> None:
        dataset = self.dataset()
        time = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) if variable == "crs" else None
        if variable == "name":
            dataset["name"] = ("time", ["a", "b"])
        with pytest.raises(TaskError, match=detail):
            call(
                builtin["raster:array_from_dataset"], dataset=dataset, variable=variable, time=time
            )

    def test_what_was_loaded_is_given_on(self, builtin: dict[str, Process]) -> None:
        dataset = self.dataset()
        assert call(builtin["raster:load_dataset"], path=dataset) is dataset
        assert call(builtin["raster:load_raster"], path=RASTER) is RASTER


def test_a_file_in_the_form_of_ncdjango_runs_as_it_is(
    builtin: dict[str, Process], tmp_path: Path
) -> None:
    flow = {
        "meta": {"name": "Share of the sum", "description": None},
        "inputs": [{"name": "arrays", "type": "list", "args": [[["array", [[""], {}]]], {}]}],
        "workflow": [
            {
                "id": "scaled",
                "task": "raster:map_by_expression",
                "inputs": {
                    "arrays_in": {"source": "input", "input": "arrays"},
                    "expression": {"source": "literal", "node": "a / top"},
                    "top": {"source": "literal", "input": 10},
                },
            },
            {
                "id": "added",
                "task": "raster:reduce_by_expression",
                "inputs": {
                    "arrays_in": {"source": "dependency", "node": ["scaled", "arrays_out"]},
                    "expression": {"source": "literal", "input": "a + b"},
                },
            },
        ],
        "outputs": [{"name": "out", "node": ["added", "array_out"]}],
    }
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(flow), encoding="utf-8")
    process = workflows.load(path)
    assert process.id == "share-of-the-sum"
    arrays = process.inputs[0].parse([[1, 2], [3, 4]])
    np.testing.assert_allclose(call(process, arrays=arrays), [0.4, 0.6])


def test_they_are_offered_to_clients_and_to_workflows(monkeypatch: pytest.MonkeyPatch) -> None:
    offered: list[str] = []
    monkeypatch.setattr(tasks, "_tasks", {})
    monkeypatch.setattr(processes, "register", lambda process: offered.append(process.id))
    register()
    assert offered == [
        "load-dataset",
        "load-raster",
        "array-from-dataset",
        "mask-by-expression",
        "apply-expression",
        "map-by-expression",
        "reduce-by-expression",
    ]
    assert tasks.find("raster:apply_expression").variables == "variables"
    assert tasks.find("raster:load_dataset").variables == ""
