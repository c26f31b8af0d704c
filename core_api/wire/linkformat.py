"""CoRE Link Format (RFC 6690): parse, write, filter."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core_api.wire.errors import LinkFormatError

Attribute = tuple[str, str | None]

# Attributes whose value is a list of tokens, of which a criterion matches one (section 4.1;
# for ct RFC 7252 section 7.2.1).
TOKEN_LISTS = frozenset({"rt", "if", "rel", "rev", "ct"})

_TARGET = re.compile(r"<([^<>\"\s]*)>")
_NAME = re.compile(r"[!#$&+.^_`|~0-9A-Za-z-]+\*?")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_TOKEN = re.compile(r"[!#$%&'()*+\-./0-9:<=>?@A-Z\[\]^_`a-z{|}~]+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)\Z")
_NUMERIC = frozenset({"ct", "sz"})


@dataclass(frozen=True, slots=True)
class Link:
    """A link: its target as written, and its attributes in order; None is one without a value."""

    href: str
    attributes: tuple[Attribute, ...] = ()

    def get(self, name: str) -> str | None:
        """The value of the first attribute of this name; None where it has none."""
        return next((value for key, value in self.attributes if key == name), None)

    def has(self, name: str) -> bool:
        """Whether there is an attribute of this name, with or without a value."""
        return any(key == name for key, _ in self.attributes)


def parse(text: str) -> list[Link]:
    """The links of a document (section 2); LinkFormatError names the character at fault."""
    links: list[Link] = []
    at = 0
    while at < len(text):
        if links:
            at = _expect(text, at, ",")
        link, at = _link(text, at)
        links.append(link)
    return links


def _link(text: str, at: int) -> tuple[Link, int]:
    target = _TARGET.match(text, at)
    if target is None:
        raise LinkFormatError(f"A link must begin with <target> at character {at}.")
    at = target.end()
    attributes: list[Attribute] = []
    while text.startswith(";", at):
        attribute, at = _attribute(text, at + 1)
        attributes.append(attribute)
    return Link(target[1], tuple(attributes)), at


def _attribute(text: str, at: int) -> tuple[Attribute, int]:
    name = _NAME.match(text, at)
    if name is None:
        raise LinkFormatError(f"An attribute must have a name at character {at}.")
    at = name.end()
    if not text.startswith("=", at):
        return (name[0], None), at
    at += 1
    if quoted := _QUOTED.match(text, at):
        return (name[0], _ESCAPED.sub(r"\1", quoted[1])), quoted.end()
    # A token may hold neither a comma nor a semicolon nor a quote: they end it.
    token = _TOKEN.match(text, at)
    if token is None:
        raise LinkFormatError(f"The value of {name[0]} is malformed at character {at}.")
    return (name[0], token[0]), token.end()


def _expect(text: str, at: int, wanted: str) -> int:
    if not text.startswith(wanted, at):
        raise LinkFormatError(f"A comma must separate links at character {at}.")
    return at + len(wanted)


def serialise(links: Iterable[Link]) -> str:
    """The document; numbers of ct and sz are written bare, every other value in quotes."""
    return ",".join(
        f"<{link.href}>" + "".join(_written(name, value) for name, value in link.attributes)
        for link in links
    )


def _written(name: str, value: str | None) -> str:
    if value is None:
        return f";{name}"
    if (name in _NUMERIC and _NUMBER.match(value)) or name.endswith("*"):
        return f";{name}={value}"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f';{name}="{escaped}"'


def filter_links(links: Iterable[Link], criteria: Sequence[tuple[str, str]]) -> list[Link]:
    """The links that match every criterion (section 4.1); names and values are decoded text."""
    return [link for link in links if matches(link, criteria)]


def matches(link: Link, criteria: Sequence[tuple[str, str]]) -> bool:
    """Whether a link matches every criterion: the whole value, one token of a list, a prefix*."""
    return all(_matches(link, name, wanted) for name, wanted in criteria)


def _matches(link: Link, name: str, wanted: str) -> bool:
    values = (
        [link.href]
        if name == "href"
        else [value or "" for key, value in link.attributes if key == name]
    )
    if name in TOKEN_LISTS:
        values = [token for value in values for token in value.split(" ")]
    if wanted.endswith("*"):
        return any(value.startswith(wanted[:-1]) for value in values)
    return wanted in values
