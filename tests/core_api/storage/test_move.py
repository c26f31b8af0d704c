"""Objects move from place to place while they are read, replaced and deleted."""

from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from core_api.errors import ServiceUnavailable
from core_api.storage import move as moving
from core_api.storage import services
from core_api.storage.deletion import sweep
from core_api.storage.files import FileStorage
from core_api.storage.models import Blob, DoomedObject
from core_api.storage.move import move, remaining, summary
from core_api.storage.places import image_storage, place_of
from tests.core_api.storage.blobs import keep
from tests.core_api.storage.conftest import Use

pytestmark = pytest.mark.django_db
CONTENTS = [b"%d" % number * 10 for number in range(5)]


def places() -> set[str]:
    return {place_of(key) for key in Blob.objects.values_list("key", flat=True)}


def contents() -> list[bytes]:
    return sorted(services.read(blob) for blob in Blob.objects.all())


@pytest.mark.parametrize("server", ["rclone", "moto"])
def test_to_files_to_s3_and_back(
    use: Use, request: pytest.FixtureRequest, server: str, settings: Settings
) -> None:
    settings.COAPTURE_DELETE_GRACE = 0
    use("s3", request.getfixturevalue(server)).place = "database"
    keep(*CONTENTS)
    for place in ("files", "s3", "database", "s3", "files", "database"):
        moved = move(place)
        assert (moved.objects, moved.size, moved.failures) == (5, 50, {})
        assert (places(), remaining(place)) == ({place}, 0)
        assert contents() == CONTENTS
        assert sweep() == 5
        assert len(list(image_storage().keys())) == 5
        assert move(place).objects == 0
    assert summary() == {"database": (5, 50), "files": (0, 0), "s3": (0, 0)}


def test_an_interrupted_run_is_taken_up(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "BATCH", 2)
    use("database")
    keep(*CONTENTS)

    def interrupt(moved: moving.Moved) -> None:
        if moved.objects == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move("files", interrupt)
    assert (places(), remaining("files")) == ({"files", "database"}, 1)
    assert contents() == CONTENTS
    assert (move("files").objects, places()) == (1, {"files"})


def test_large_objects_make_small_batches(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "BATCH_BYTES", 25)
    use("database")
    keep(*CONTENTS)
    steps: list[int] = []
    move("files", lambda moved: steps.append(moved.objects))
    assert steps == [2, 4, 5]


def test_a_blob_that_gets_another_object_meanwhile_keeps_that(use: Use) -> None:
    storage = use("database")
    (blob,) = keep(b"picture")
    newer = storage.new_key(blob.sha256, "raw")
    storage.write([(newer, b"picture")])
    put = FileStorage.put

    def overtaken(self: FileStorage, name: str, data: bytes) -> None:
        put(self, name, data)
        Blob.objects.update(key=newer)

    with mock.patch.object(FileStorage, "put", overtaken):
        moved = move("files")
    blob.refresh_from_db()
    assert (moved.objects, blob.key) == (0, newer)
    (copy,) = storage.at("files").keys()
    assert DoomedObject.objects.get().key == f"files:{copy}", "the copy is not needed"


@pytest.mark.parametrize("data", [b"other", None])
def test_what_is_not_as_it_was_stays_and_is_named(use: Use, data: bytes | None) -> None:
    storage = use("files")
    bad, good = keep(b"bad", b"good")
    storage.delete(bad.key)
    if data is not None:
        storage.write([(bad.key, data)])
    moved = move("database")
    assert moved.objects == 1
    assert moved.failures == {bad.key: "is damaged" if data else "is missing"}
    assert services.read(Blob.objects.get(pk=good.pk)) == b"good"
    assert Blob.objects.get(pk=bad.pk).key == bad.key


def test_an_image_that_is_deleted_meanwhile_is_no_failure(use: Use) -> None:
    storage = use("files")
    (blob,) = keep(b"picture")
    storage.delete(blob.key)

    def gone(keys: object) -> list[Exception]:
        Blob.objects.all().delete()
        return [FileNotFoundError(blob.key)]

    with mock.patch.object(storage, "read_each", gone):
        assert move("database").failures == {}


def test_a_copy_that_reads_back_otherwise_is_not_taken(use: Use) -> None:
    use("database")
    (blob,) = keep(b"picture")
    with (
        mock.patch.object(FileStorage, "read", return_value=b"torn"),
        pytest.raises(OSError, match="not what was written"),
    ):
        move("files")
    assert services.read(Blob.objects.get()) == b"picture"
    assert Blob.objects.get().key == blob.key


def test_a_place_that_does_not_answer_moves_nothing(use: Use) -> None:
    use("database")
    keep(b"picture")
    with (
        mock.patch.object(FileStorage, "check", side_effect=ServiceUnavailable("gone")),
        pytest.raises(ServiceUnavailable),
    ):
        move("files")
    assert places() == {"database"}


class TestTheCommand:
    def test_moves_and_says_so(self, use: Use, capsys: pytest.CaptureFixture[str]) -> None:
        use("database")
        keep(*CONTENTS)
        call_command("storage", "move", "--to", "files")
        assert capsys.readouterr().out == (
            "5 of 5\n5 objects moved, 50 bytes.\n"
            "New objects go to the storage 'database':"
            " start the server with COAPTURE_STORAGE=files to change that.\n"
        )
        call_command("storage", "status")
        assert capsys.readouterr().out == (
            "database: 0 objects, 0 bytes, new ones go here\nfiles: 5 objects, 50 bytes\n"
        )

    def test_what_stays_is_an_error(self, use: Use, capsys: pytest.CaptureFixture[str]) -> None:
        storage = use("files")
        (blob,) = keep(b"picture")
        storage.delete(blob.key)
        with pytest.raises(CommandError, match="1 objects stay"):
            call_command("storage", "move", "--to", "database")
        assert capsys.readouterr().err == f"{blob.key} is missing\n"

    def test_a_place_that_is_not_configured_is_named(self, use: Use) -> None:
        use("database")
        with pytest.raises(CommandError, match="'s3' is not configured"):
            call_command("storage", "move", "--to", "s3")

    def test_sweeps(self, use: Use, capsys: pytest.CaptureFixture[str], settings: Settings) -> None:
        settings.COAPTURE_DELETE_GRACE = 0
        use("files")
        (blob,) = keep(b"picture")
        services.forget([blob.pk])
        call_command("storage", "sweep")
        assert capsys.readouterr().out == ("1 objects deleted that were due.\n0 orphans deleted.\n")
