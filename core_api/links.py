"""The registry of discoverable resources: what /.well-known/core answers (RFC 6690)."""

from collections.abc import Sequence
from dataclasses import dataclass

from core_api.wire.linkformat import Link


@dataclass(frozen=True, slots=True)
class Resource:
    """One discoverable resource of this server.

    `ct` are CoAP content-formats (RFC 7252 section 7.2.1); `collection` marks what /collections
    lists; `obs` says that it can be observed (RFC 7641 section 6).
    """

    path: str
    rt: str = ""
    interface: str = ""
    ct: Sequence[int] = ()
    title: str = ""
    obs: bool = False
    collection: bool = False

    def link(self) -> Link:
        """The link, with only the attributes that the resource has."""
        attributes: list[tuple[str, str | None]] = []
        if self.rt:
            attributes.append(("rt", self.rt))
        if self.interface:
            attributes.append(("if", self.interface))
        if self.ct:
            attributes.append(("ct", " ".join(str(number) for number in self.ct)))
        if self.obs:
            attributes.append(("obs", None))
        if self.title:
            attributes.append(("title", self.title))
        return Link(self.path, tuple(attributes))


_resources: dict[str, Resource] = {}


def register(resource: Resource) -> None:
    """Make a resource discoverable; the first collection registered is the first link."""
    _resources[resource.path] = resource


def collections() -> list[Link]:
    """The links of the collections, in the order of their registration."""
    return [resource.link() for resource in _resources.values() if resource.collection]


def everything() -> list[Link]:
    """The links of all resources, collections first."""
    others = [resource.link() for resource in _resources.values() if not resource.collection]
    return collections() + others
