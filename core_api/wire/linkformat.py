"""CoRE link-format (RFC 6690): reading, writing and filtering links."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from core_api.wire.errors import LinkFormatError

# Section 4.1: of these a criterion matches one of the space-separated values.
LISTS = frozenset({"rt", "if", "rel", "rev", "ct"})
# Section 3: at most once in a link. `href` is the target's name in a query.
_ONCE = frozenset({"rt", "if", "sz"})
_HREF = "href"
_NUMBERS = frozenset({"ct", "sz"})

_URI_CHARACTERS = ":/?#[]@!$&'()*+,;=%"
_TARGET = re.compile(r"<((?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)>")
_PARAMETER = re.compile(r";([A-Za-z0-9!#$&+\-.^_`|~]+)")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'()*+\-./:<=>?@\[\]^_`{|}~]+")
_QUOTED = re.compile(r'"((?:[^"\\\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]|\\[\t -~])*)"')
_PAIR = re.compile(r"\\(.)")
_SPECIAL = re.compile(r'(["\\])')


@dataclass(frozen=True, slots=True)
class Link:
    """A link: its target as written and its attributes in order, None for one without a value."""

    href: str
    attributes: tuple[tuple[str, str | None], ...] = ()

    def get(self, name: str) -> str | None:
        """The value of the first attribute of that name; None without a value and without one."""
        return next((value for key, value in self.attributes if key == name), None)

    def has(self, name: str) -> bool:
        """Whether there is such an attribute, with a value or without."""
        return any(key == name for key, _ in self.attributes)


def parse(text: str) -> list[Link]:
    """The links of a link-format document, in time linear in its length.

    Raises LinkFormatError, which names the offset, for anything outside the grammar of section 2,
    and for what section 3 allows once (rt, if, sz) or a target's name (href) given as attribute.
    """
    if not text:
        return []
    link, position = _parse_link(text, 0)
    links = [link]
    while position < len(text):
        if text[position] != ",":
            raise LinkFormatError(f"{text[position]!r} is not expected at offset {position}.")
        link, position = _parse_link(text, position + 1)
        links.append(link)
    return links


def serialise(links: Iterable[Link]) -> str:
    """The links as link-format, attributes in their order.

    All values are quoted but numbers (ct, sz) and extended values (`title*`). What no URI may
    hold is percent-encoded in a target.
    """
    return ",".join(
        f"<{quote(link.href, safe=_URI_CHARACTERS)}>" + "".join(map(_written, link.attributes))
        for link in links
    )


def matches(link: Link, criteria: Iterable[tuple[str, str]]) -> bool:
    """Whether a link meets all criteria, each a decoded name and value (section 4.1).

    `rt`, `if`, `rel`, `rev` and `ct` match one of their space-separated values, `href` the target
    and any other attribute its whole value; a trailing `*` makes the criterion a prefix. An
    attribute without a value has the empty one.
    """
    return all(_meets(link, name, wanted) for name, wanted in criteria)


def filter_links(links: Iterable[Link], criteria: Sequence[tuple[str, str]]) -> list[Link]:
    """The links that meet all criteria, in order."""
    return [link for link in links if matches(link, criteria)]


def _parse_link(text: str, position: int) -> tuple[Link, int]:
    found = _TARGET.match(text, position)
    if found is None:
        raise LinkFormatError(f"A link <...> is expected at offset {position}.")
    href, position = found.group(1), found.end()
    attributes: list[tuple[str, str | None]] = []
    while text.startswith(";", position):
        start = position
        name, value, position = _parse_attribute(text, position)
        if name == _HREF or (name in _ONCE and any(name == key for key, _ in attributes)):
            raise LinkFormatError(f"The attribute {name} at offset {start + 1} is one too many.")
        attributes.append((name, value))
    return Link(href, tuple(attributes)), position


def _parse_attribute(text: str, position: int) -> tuple[str, str | None, int]:
    found = _PARAMETER.match(text, position)
    if found is None:
        raise LinkFormatError(f"The name of an attribute is expected at offset {position + 1}.")
    name, position = found.group(1), found.end()
    if text.startswith("*=", position):
        name, position = f"{name}*", position + 1
    if not text.startswith("=", position):
        return name, None, position
    value, position = _parse_value(text, position + 1)
    return name, value, position


def _parse_value(text: str, position: int) -> tuple[str, int]:
    if quoted := _QUOTED.match(text, position):
        return _PAIR.sub(r"\1", quoted.group(1)), quoted.end()
    if token := _TOKEN.match(text, position):
        return token.group(), token.end()
    raise LinkFormatError(f"A value is expected at offset {position}.")


def _written(attribute: tuple[str, str | None]) -> str:
    name, value = attribute
    if value is None:
        return f";{name}"
    if (name in _NUMBERS and value.isascii() and value.isdecimal()) or (
        name.endswith("*") and _TOKEN.fullmatch(value)
    ):
        return f";{name}={value}"
    return f';{name}="' + _SPECIAL.sub(r"\\\1", value) + '"'


def _meets(link: Link, name: str, wanted: str) -> bool:
    if wanted.endswith("*"):
        return any(value.startswith(wanted[:-1]) for value in _values(link, name))
    return wanted in _values(link, name)


def _values(link: Link, name: str) -> Iterator[str]:
    if name == _HREF:
        yield link.href
    for key, value in link.attributes:
        if key != name:
            continue
        if name in LISTS:
            yield from (value or "").split()
        else:
            yield value or ""
