from pathlib import Path

import pytest

from bench import compression, image_encoders, npm
from bench.load import LoadGenerators
from bench.plan import Plan
from tests import pictures
from tests.collections_app.imaging.compression import drawings


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two kinds of images where the bench looks for real ones; there is no npm."""

    def missing(folder: Path, package: str) -> str:
        raise npm.Missing("there is no node")

    monkeypatch.setattr(compression, "IMAGES", tmp_path)
    monkeypatch.setattr(npm, "node", missing)
    for kind, data in {
        "graphic_png": drawings.png(drawings.smooth()),
        "tiny_jpeg": pictures.jpeg(),
    }.items():
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "000").write_bytes(data)
    return tmp_path


def plan(folder: Path) -> Plan:
    return Plan(LoadGenerators.__new__(LoadGenerators), folder)


def test_it_says_what_is_saved_and_what_comes_back(
    images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compression.run(plan(images))
    printed = capsys.readouterr().out
    rows = {line.split(" | ")[0].strip("| "): line for line in printed.splitlines() if "|" in line}
    assert {"graphic_png", "tiny_jpeg", "all"} <= set(rows)
    assert "2/2" in rows["all"]
    assert "0/1" in rows["tiny_jpeg"], "Pillow's optimize changes a JPEG"
    assert "No figures of sharp: there is no node." in printed


def test_it_says_so_where_there_are_no_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compression, "IMAGES", tmp_path / "none")
    compression.run(plan(tmp_path))
    assert "COAPTURE_SHARED" in capsys.readouterr().out


def test_another_pixel_or_depth_is_not_the_same() -> None:
    pixels = drawings.smooth()
    other = pixels.copy()
    other[3, 5, 1] ^= 1
    assert image_encoders.is_same(drawings.png(pixels), drawings.png(pixels, compress_level=1))
    assert not image_encoders.is_same(drawings.png(pixels), drawings.png(other))
    gray = drawings.smooth(1)
    assert not image_encoders.is_same(drawings.png16(1), drawings.png(gray))
