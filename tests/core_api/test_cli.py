"""The command line as environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core_api import cli
from tests.shared import ROOT

OURS = ("COAPTURE_HTTP", "COAPTURE_COAP", "COAPTURE_COAP_PROCESSES", "COAPTURE_DATA", "ACCESS")


@pytest.mark.parametrize(
    ("arguments", "remaining", "variables"),
    [
        (["serve"], ["serve"], {}),
        (
            ["serve", "--http", "127.0.0.1:1", "--coap", "[::1]:2", "--coap=127.0.0.1:3"],
            ["serve"],
            {"COAPTURE_HTTP": "127.0.0.1:1", "COAPTURE_COAP": "[::1]:2,127.0.0.1:3"},
        ),
        (["serve", "--processes", "2"], ["serve"], {"COAPTURE_COAP_PROCESSES": "2"}),
        (
            ["web", "--open", "--data", "here", "-v", "2"],
            ["web", "-v", "2"],
            {"ACCESS": "open", "COAPTURE_DATA": "here"},
        ),
        (
            ["migrate", "--database", "default", "--data", "x", "--check"],
            ["migrate", "--database", "default", "--check"],
            {"COAPTURE_DATA": "x"},
        ),
    ],
)
def test_options_become_environment(
    arguments: list[str],
    remaining: list[str],
    variables: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in OURS:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    assert cli.to_environment(arguments) == remaining
    assert {name: os.environ[name] for name in OURS if name in os.environ} == variables


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COAPTURE_HTTP", "127.0.0.1:1")
    cli.to_environment(["web", "--http", "127.0.0.1:2"])
    assert os.environ["COAPTURE_HTTP"] == "127.0.0.1:2"


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_settings_see_the_options(tmp_path: Path) -> None:
    code = "from django.conf import settings; print(settings.COAPTURE_DATA)"
    done = manage("shell", "--data", str(tmp_path / "d"), "-v0", "-c", code)
    assert (done.stdout, done.stderr) == (f"{tmp_path}/d\n", "")


def test_a_bad_value_is_one_sentence(tmp_path: Path) -> None:
    done = manage("serve", COAPTURE_DATA=str(tmp_path), COAPTURE_WEB_WORKERS="many")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "COAPTURE_WEB_WORKERS must be a whole number, not 'many'.\n"


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = manage("serve", "--data", str(tmp_path / "file"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"The data folder cannot be used: [Errno 17] File exists: '{tmp_path}/file'.\n"
    )
