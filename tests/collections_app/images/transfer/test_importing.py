"""`coapture import`: folders of files become images."""

import datetime as dt
import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture

from collections_app.images.models import Image
from collections_app.images.transfer.naming import Naming, Unnamed
from collections_app.imaging import exif
from collections_app.management.progress import Progress
from tests.pictures import jpeg, png

Run = Callable[..., tuple[str, str]]


def put(folder: Path, name: str, data: bytes) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def with_exif(fields: dict[int, str], **how: Any) -> bytes:
    said = Picture.Exif()
    for tag, value in fields.items():
        said.get_ifd(0x8769)[tag] = value
    buffer = io.BytesIO()
    Picture.new("RGB", (8, 8)).save(buffer, "JPEG", exif=said, **how)
    return buffer.getvalue()


def images() -> list[str]:
    rows = Image.objects.order_by("device_id", "timestamp")
    return [f"{row.device_id} {row.timestamp:%Y-%m-%dT%H:%M:%S.%f}"[:-7] for row in rows]


def test_folders_are_devices(run: Run, tmp_path: Path) -> None:
    put(tmp_path, "site/cam-1/20261121T080000Z.png", png(1))
    put(tmp_path, "cam-2/IMG_20261121_080001.jpeg", jpeg())
    put(tmp_path, "cam-2/notes.txt", b"text")
    put(tmp_path, "cam-2/.hidden.png", png(2))
    output, errors = run("import", tmp_path)
    assert images() == ["cam-1 2026-11-21T08:00:00", "cam-2 2026-11-21T08:00:01"]
    assert (output, errors) == ("2 stored, 0 there already, 0 failed.\n", "")


def test_a_second_run_goes_on_where_the_first_was_broken_off(run: Run, tmp_path: Path) -> None:
    put(tmp_path, "a/20261121T080000Z.png", png(1))
    run("import", tmp_path)
    put(tmp_path, "a/20261121T080001Z.png", png(2))
    assert run("import", tmp_path)[0] == "1 stored, 1 there already, 0 failed.\n"


def test_every_file_that_fails_is_named(run: Run, tmp_path: Path, settings: Any) -> None:
    settings.COAPTURE_MAX_BODY = 50_000
    put(tmp_path, "a/20261121T080000Z.png", png(1))
    put(tmp_path, "a/broken_20261121T080001Z.png", png(1)[:-20])
    put(tmp_path, "a/large_20261121T080001Z.png", bytes(50_001))
    put(tmp_path, "a/other_20261121T080000Z.png", png(2))
    put(tmp_path, "a/untimed.png", png(3))
    put(tmp_path, "20261121T080000Z.png", png(3))
    os.mkfifo(tmp_path / "a" / "pipe.png")
    output, errors = run("import", tmp_path)
    assert output == "1 stored, 0 there already, 6 failed.\n"
    for name, reason in (
        ("broken_20261121T080001Z.png", "ends"),
        ("large_20261121T080001Z.png", "50000 bytes"),
        ("other_20261121T080000Z.png", "Another image"),
        ("untimed.png", "no time"),
        ("20261121T080000Z.png", "no folder of a device"),
        ("pipe.png", "no file"),
    ):
        assert re.search(rf"/{re.escape(name)}: .*{reason}", errors), (name, errors)
    assert "failed: 6 of 7 files" in errors


def test_devices_and_times_in_names(run: Run, tmp_path: Path) -> None:
    put(tmp_path, "cam-7_20261121T080000.250000Z.png", png(1))
    put(tmp_path, "door 2026-11-21 08.00.01.png", png(2))
    put(tmp_path, "gate-1795248002500.png", png(3))
    run("import", tmp_path, "--device-from=name")
    assert images() == [
        "cam-7 2026-11-21T08:00:00",
        "door 2026-11-21T08:00:01",
        "gate 2026-11-21T08:00:02",
    ]


def test_a_pattern_names_the_device(run: Run, tmp_path: Path) -> None:
    put(tmp_path, "north/7/20261121T080000Z.png", png(1))
    run("import", tmp_path, r"--device-from=(?P<device>\w+/\d+)/")
    assert images() == ["north/7 2026-11-21T08:00:00"]


def test_the_time_of_exif_comes_first(run: Run, tmp_path: Path) -> None:
    put(tmp_path, "a/20200101T000000Z.jpg", with_exif({0x9003: "2026:11:21 09:00:00"}))
    zoned = with_exif({0x9003: "2026:11:21 09:30:00", 0x9011: "+02:00"}, quality=30)
    put(tmp_path, "a/20200101T000001Z.jpg", zoned)
    put(tmp_path, "a/20200101T000002.jpg", with_exif({0x9003: "    :  :     :  :  "}))
    run("import", tmp_path, "--timezone=Europe/Berlin")
    assert images() == [
        "a 2019-12-31T23:00:02",
        "a 2026-11-21T07:30:00",
        "a 2026-11-21T08:00:00",
    ]


def test_the_time_of_the_file(run: Run, tmp_path: Path) -> None:
    file = put(tmp_path, "a/x.png", png(1))
    os.utime(file, (1_795_248_000, 1_795_248_000))
    run("import", tmp_path, "--time-from=name,mtime")
    assert images() == ["a 2026-11-21T08:00:00"]


def test_what_lies_beside_a_file_wins(run: Run, tmp_path: Path) -> None:
    put(tmp_path, "a/20200101T000000Z.png", png(1))
    said = {"deviceId": "a/b", "timestamp": "2026-11-21T08:00:00Z", "title": "T", "sha256": "?"}
    put(tmp_path, "a/20200101T000000Z.json", json.dumps(said).encode())
    put(tmp_path, "a/20200101T000001Z.png", png(1))
    put(tmp_path, "a/20200101T000001Z.json", b"no JSON")
    run("import", tmp_path)
    assert images() == ["a 2020-01-01T00:00:01", "a/b 2026-11-21T08:00:00"]
    assert Image.objects.get(device_id="a/b").title == "T"


@pytest.mark.parametrize(
    "option",
    ["--device-from=(", "--device-from=x", "--time-from=guess", "--timezone=Mars", "--time-from="],
)
def test_options_that_are_wrong(run: Run, tmp_path: Path, option: str) -> None:
    assert run("import", tmp_path, option)[1].startswith("failed: ")


def test_a_folder_that_is_missing(run: Run, tmp_path: Path) -> None:
    assert "is no folder" in run("import", tmp_path / "x")[1]


@pytest.mark.parametrize("stem", ["x_20261340T080000Z", "x_20261121T250000Z"])
def test_a_time_in_a_name_that_is_none(tmp_path: Path, stem: str) -> None:
    with pytest.raises(Unnamed):
        Naming(times=("name",)).time_of(tmp_path / f"{stem}.png", b"")


def test_exif_with_fractions_of_a_second() -> None:
    data = with_exif({0x9003: "2026:11:21 08:00:00", 0x9291: "25", 0x9011: "+00:00"})
    assert exif.taken(data) == "2026-11-21T08:00:00.25+00:00"
    time = Naming(times=("exif",)).time_of(Path("x"), data)
    assert time == dt.datetime(2026, 11, 21, 8, 0, 0, 250_000, dt.UTC)


@pytest.mark.parametrize("data", [png(), jpeg()])
def test_a_file_without_exif(data: bytes) -> None:
    assert exif.taken(data) is None


def test_exif_of_bytes_that_are_no_image() -> None:
    with pytest.raises(ValueError):
        exif.taken(b"no image")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_is_drawn_on_a_terminal_alone() -> None:
    terminal, file = Terminal(), io.StringIO()
    for output in (terminal, file):
        progress = Progress(2, output)
        progress.step()
        progress.clear()
    assert "1/2 50%" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")
    assert file.getvalue() == ""
