"""`coapture export`: a folder or an archive that can be imported again."""

import io
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from collections_app.images.models import Image
from tests.collections_app.images.conftest import Post
from tests.pictures import jpeg, png

Run = Callable[..., tuple[str, str]]


@pytest.fixture(autouse=True)
def stored(post: Post) -> None:
    post(png(1), device="a", title="Gate", location=[1.5, 2.5], meta={"x": 1})
    post(jpeg(), device="../b", timestamp="2026-11-20T08:00:00Z")


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


NAMES = {
    *("a/20261121T080000Z.png", "a/20261121T080000Z.json"),
    *("%2E.%2Fb/20261120T080000Z.jpg", "%2E.%2Fb/20261120T080000Z.json"),
}


def test_a_folder(run: Run, tmp_path: Path) -> None:
    _, errors = run("export", tmp_path / "out")
    assert errors == "2 images written, 0 there already.\n"
    found = files(tmp_path / "out")
    assert set(found) == NAMES
    assert found["a/20261121T080000Z.png"] == png(1)


def test_a_second_run_writes_what_is_missing(run: Run, tmp_path: Path) -> None:
    run("export", tmp_path)
    (tmp_path / "a/20261121T080000Z.json").unlink()
    assert run("export", tmp_path)[1] == "1 images written, 1 there already.\n"


def test_what_was_exported_can_be_imported(run: Run, tmp_path: Path) -> None:
    run("export", tmp_path)
    before = list(Image.objects.order_by("device_id").values("device_id", "timestamp", "title"))
    Image.objects.all().delete()
    assert run("import", tmp_path)[0].startswith("2 stored")
    after = list(Image.objects.order_by("device_id").values("device_id", "timestamp", "title"))
    assert after == before
    image = Image.objects.get(device_id="a")
    assert (image.latitude, image.longitude, image.meta) == (1.5, 2.5, {"x": 1})


def test_a_tar_file(run: Run, tmp_path: Path) -> None:
    run("export", tmp_path / "all.tar")
    with tarfile.open(tmp_path / "all.tar") as tar:
        assert set(tar.getnames()) == NAMES
    assert [path.name for path in tmp_path.iterdir()] == ["all.tar"]


def test_a_tar_on_standard_output(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=output))
    run("export", "-")
    with tarfile.open(fileobj=io.BytesIO(output.getvalue())) as tar:
        assert set(tar.getnames()) == NAMES


@pytest.mark.parametrize(
    "option", ["--device=a", "--from=2026-11-21", "--title=gate", "--near=1.5,2.5,1"]
)
def test_filters(run: Run, tmp_path: Path, option: str) -> None:
    assert run("export", tmp_path, option)[1].startswith("1 images written")
    assert (tmp_path / "a").is_dir()


@pytest.mark.parametrize("option", ["--device=", "--from=x", "--to=x", "--near=1"])
def test_filters_that_are_wrong(run: Run, tmp_path: Path, option: str) -> None:
    assert run("export", tmp_path, option)[1].startswith("failed: ")


def test_a_place_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert "Not a directory" in run("export", tmp_path / "file")[1]
