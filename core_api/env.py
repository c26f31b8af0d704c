"""Typed readers of the environment; a bad value is one clear sentence, never a traceback later."""

import os
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    """The variable as text; unset or empty gives the default."""
    return os.environ.get(name, "") or default


def boolean(name: str, default: bool = False) -> bool:
    """The variable as true or false (1/0, true/false, yes/no, on/off)."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")


def integer(name: str, default: int, *, minimum: int = 0, maximum: int | None = None) -> int:
    """The variable as a whole number from `minimum` to `maximum`."""
    value = text(name)
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None
    if number < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}, not {number}.")
    if maximum is not None and number > maximum:
        raise ImproperlyConfigured(f"{name} must be at most {maximum}, not {number}.")
    return number


def number(name: str, default: float) -> float:
    """The variable as a number of zero or more."""
    value = text(name)
    if not value:
        return default
    try:
        result = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a number, not {value!r}.") from None
    if not 0 <= result < float("inf"):
        raise ImproperlyConfigured(f"{name} must be zero or more, not {value!r}.")
    return result


def words(name: str, default: str = "") -> list[str]:
    """The variable as a list, separated by commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def choice(name: str, choices: Sequence[str]) -> str:
    """The variable as one of the choices; unset gives the first."""
    value = text(name, choices[0])
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be {' or '.join(choices)}, not {value!r}.")
    return value


def counts(name: str, default: str = "") -> dict[str, int]:
    """The variable as numbers by name, such as "raster=1,download=4"."""
    pairs = [word.partition("=")[::2] for word in words(name, default)]
    for key, count in pairs:
        if not key or not count.isdecimal() or int(count) < 1:
            raise ImproperlyConfigured(
                f"{name} must be NAME=NUMBER, separated by commas, not {key}={count}."
            )
    return {key: int(count) for key, count in pairs}


def networks(name: str, default: str) -> list[IPv4Network | IPv6Network]:
    """The variable as a list of networks such as 192.0.2.0/24; the word "none" is an empty list."""
    values = words(name, default)
    if values == ["none"]:
        return []
    try:
        return [ip_network(value) for value in values]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must name networks: {error}.") from None


def keys(name: str) -> dict[str, str]:
    """Secrets by their names, such as "new:s3cret,old:s3cr3t", from the variable or its file."""
    pairs = [word.strip().partition(":")[::2] for word in secret(name).split(",") if word.strip()]
    if not all(key.isidentifier() and len(value) >= 16 for key, value in pairs):
        raise ImproperlyConfigured(
            f"{name} must be NAME:SECRET, separated by commas, each secret of 16 characters."
        )
    return dict(pairs)


def secret(name: str) -> str:
    """The variable, or the content of the file that `NAME_FILE` names; empty where neither is."""
    if value := text(name):
        return value
    file = text(f"{name}_FILE")
    if not file:
        return ""
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}.") from None
