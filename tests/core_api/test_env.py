"""core_api/env.py."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from core_api import env

Set = Callable[[str, str], None]


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Set:
    return monkeypatch.setenv


def test_unset_gives_the_default() -> None:
    assert env.text("NO_SUCH", "x") == "x"
    assert env.boolean("NO_SUCH", True) is True
    assert env.integer("NO_SUCH", 5) == 5
    assert env.number("NO_SUCH", 0.5) == 0.5
    assert env.words("NO_SUCH", "a, b") == ["a", "b"]
    assert env.secret("NO_SUCH") == ""


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), ("Yes", True), ("off", False), ("", False)]
)
def test_boolean(put: Set, value: str, expected: bool) -> None:
    put("X", value)
    assert env.boolean("X") is expected


def test_networks(put: Set) -> None:
    default = env.networks("X", "127.0.0.0/8, ::1/128")
    assert [str(network) for network in default] == ["127.0.0.0/8", "::1/128"]
    put("X", "192.0.2.7")
    assert [str(network) for network in env.networks("X", "none")] == ["192.0.2.7/32"]
    put("X", "none")
    assert env.networks("X", "127.0.0.0/8") == []


def test_numbers(put: Set) -> None:
    put("X", "12")
    assert (env.integer("X", 0), env.number("X", 0)) == (12, 12.0)


@pytest.mark.parametrize(
    ("reader", "value", "sentence"),
    [
        (env.boolean, "maybe", "X must be true or false, not 'maybe'."),
        (lambda name: env.integer(name, 1), "many", "X must be a whole number, not 'many'."),
        (lambda name: env.integer(name, 1, minimum=1), "0", "X must be at least 1, not 0."),
        (lambda name: env.integer(name, 1, maximum=8), "9", "X must be at most 8, not 9."),
        (
            lambda name: env.networks(name, "none"),
            "10.0.0.1/8",
            "X must name networks: 10.0.0.1/8 has host bits set.",
        ),
        (lambda name: env.number(name, 1), "many", "X must be a number, not 'many'."),
        (lambda name: env.number(name, 1), "-1", "X must be zero or more, not '-1'."),
        (lambda name: env.number(name, 1), "nan", "X must be zero or more, not 'nan'."),
    ],
)
def test_bad_values_are_one_sentence(
    put: Set, reader: Callable[[str], object], value: str, sentence: str
) -> None:
    put("X", value)
    with pytest.raises(ImproperlyConfigured) as caught:
        reader("X")
    assert str(caught.value) == sentence


def test_secret_from_a_file(put: Set, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    put("X_FILE", str(tmp_path / "key"))
    assert env.secret("X") == "s3cret"
    put("X", "direct")
    assert env.secret("X") == "direct"


def test_secret_file_missing(put: Set, tmp_path: Path) -> None:
    put("X_FILE", str(tmp_path / "none"))
    with pytest.raises(ImproperlyConfigured, match="X_FILE cannot be read"):
        env.secret("X")


def test_choice(put: Set) -> None:
    assert env.choice("X", ("embedded", "celery")) == "embedded"
    put("X", "celery")
    assert env.choice("X", ("embedded", "celery")) == "celery"
    put("X", "cron")
    with pytest.raises(ImproperlyConfigured, match="must be embedded or celery, not 'cron'"):
        env.choice("X", ("embedded", "celery"))


def test_counts(put: Set) -> None:
    assert env.counts("X") == {}
    put("X", "raster=1, download=4")
    assert env.counts("X") == {"raster": 1, "download": 4}


@pytest.mark.parametrize("value", ["raster", "raster=", "=1", "raster=0", "raster=-1", "raster=x"])
def test_a_bad_count_is_refused(put: Set, value: str) -> None:
    put("X", value)
    with pytest.raises(ImproperlyConfigured, match="NAME=NUMBER"):
        env.counts("X")


def test_keys(put: Set) -> None:
    assert env.keys("X") == {}
    put("X", "new:0123456789abcdef, old:a:b:c:d:e:f:g:h:i")
    assert env.keys("X") == {"new": "0123456789abcdef", "old": "a:b:c:d:e:f:g:h:i"}


@pytest.mark.parametrize(
    "value", ["new", "new:", ":0123456789abcdef", "new:short", "a.b:" + "x" * 16]
)
def test_a_bad_key_is_refused_and_not_told(put: Set, value: str) -> None:
    put("X", value)
    with pytest.raises(ImproperlyConfigured, match="NAME:SECRET") as caught:
        env.keys("X")
    assert value not in str(caught.value)
