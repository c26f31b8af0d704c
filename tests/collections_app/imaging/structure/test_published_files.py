"""Real pictures and published good, bad and hostile files, where they lie beside the project."""

import json
import tarfile
from typing import Any

import pytest

from collections_app.imaging.structure import ImageError, inspect
from tests.collections_app.imaging.structure.refusals import is_answered
from tests.shared import shared_path, vectors

CASES = vectors("images.json")


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """Every file of the archive by its name."""
    found = {}
    with tarfile.open(shared_path("vectors/images.tar.gz")) as archive:
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                found[member.name] = content.read()
    return found


def cases(*expectations: str) -> list[Any]:
    """The cases with these expectations; the skipped one where the file is missing."""
    if not isinstance(CASES[0], dict):
        return CASES
    return [pytest.param(case, id=case["file"]) for case in CASES if case["expect"] in expectations]


@pytest.mark.parametrize("case", cases("accept"))
def test_good_files_are_accepted(case: dict[str, Any], files: dict[str, bytes]) -> None:
    facts = inspect(files[case["file"]])
    assert (facts.width, facts.height) == (case["width"], case["height"])


@pytest.mark.parametrize("case", cases("reject"))
def test_bad_files_are_refused(case: dict[str, Any], files: dict[str, bytes]) -> None:
    with pytest.raises(ImageError):
        inspect(files[case["file"]])


@pytest.mark.parametrize("case", cases("either", "no-crash"))
def test_hostile_files_are_answered(case: dict[str, Any], files: dict[str, bytes]) -> None:
    assert is_answered(files[case["file"]])


def test_real_pictures_have_the_size_that_pillow_gave() -> None:
    folder = shared_path("data/images")
    pictures = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    wanted = {one["file"]: (one["format"].lower(), *one["size"]) for one in pictures}
    found = {}
    for name in wanted:
        facts = inspect((folder / name).read_bytes())
        found[name] = (facts.format, facts.width, facts.height)
    assert found == wanted
