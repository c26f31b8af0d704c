"""Files of the world: cameras' and graphics, and what was made to break decoders."""

import json
import subprocess
import sys
import tarfile
from collections import Counter
from pathlib import Path

import pytest

from collections_app.imaging.compression import Encoded, Policy, compress, restore
from collections_app.imaging.structure import inspect
from tests.collections_app.imaging.compression.hostile import difference
from tests.shared import ROOT, shared_path

HOSTILE = "tests.collections_app.imaging.compression.hostile"
LARGE = 30_000
SAVED = {
    "bmp": 0.70,
    "camera_jpeg": 0.15,
    "esp_jpeg": 0.12,
    "esp_sim_jpeg": 0.13,
    "graphic_png": 0.40,
    "photo_png": 0.25,
    "tiff": 0.35,
    "tiny_jpeg": 0.06,
    "tiny_png": 0.25,
}
"""The share of the bytes that goes, at least; of the files up to LARGE, or of the smallest."""


@pytest.mark.parametrize("kind", SAVED)
def test_real_images_get_smaller_and_come_back(kind: str) -> None:
    files = sorted(
        shared_path("data/images").joinpath(kind).iterdir(), key=lambda f: f.stat().st_size
    )
    before = after = 0
    for at, file in enumerate(files):
        data = file.read_bytes()
        if at and len(data) > LARGE:
            break
        media_type = inspect(data).media_type
        found = compress(data, media_type, Policy())
        before += len(data)
        after += len(found.data) if isinstance(found, Encoded) else len(data)
        if isinstance(found, Encoded):
            restored = restore(found.encoding, found.data, media_type)
            assert restored == data or (
                media_type != "image/jpeg" and not difference(data, restored)
            )
    assert 1 - after / before >= SAVED[kind]


def test_no_odd_or_hostile_file_comes_back_different(tmp_path: Path) -> None:
    with tarfile.open(shared_path("vectors/images.tar.gz")) as archive:
        archive.extractall(tmp_path, filter="data")
    names = sorted(str(path) for path in tmp_path.rglob("*") if path.is_file())
    done = subprocess.run(
        [sys.executable, "-m", HOSTILE],
        input="\n".join(names),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == len(names), (names[len(results)], done.stderr[-500:])
    assert [result for result in results if result[2]] == []
    encodings = Counter(encoding for _, encoding, _ in results)
    assert encodings["jxl-jpeg"] >= 15
    assert encodings["jxl"] + encodings["webp"] >= 200
