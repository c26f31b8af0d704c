"""Which members of aiocoap's classes the gateway relies on, and a digest of the source of each.

`python -m tests.coap_gateway.audit` writes the list, after what has changed was read.
"""

import ast
import hashlib
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

from aiocoap import Context, Message
from aiocoap.messagemanager import MessageManager
from aiocoap.options import Options
from aiocoap.pipe import Pipe
from aiocoap.tokenmanager import TokenManager
from aiocoap.util.asyncio.recvmsg import RecvmsgSelectorDatagramTransport

from coap_gateway import aiocoap_internals

FOLDER = Path(aiocoap_internals.__file__).parent
LIST = Path(__file__).with_name("aiocoap_members.txt")
DIGEST_BYTES = 6
# Relied on without being overridden, and without a private name of theirs being used.
PUBLIC = (
    Context.shutdown,
    Message.encode,
    MessageManager.dispatch_message,
    MessageManager.send_message,
    Options.add_option,
    Options.encode,
    Pipe.add_response,
    Pipe.on_event,
    Pipe.on_interest_end,
    RecvmsgSelectorDatagramTransport.__init__,
    TokenManager.process_request,
    TokenManager.process_response,
)


def used() -> set[str]:
    """The private names that stand in the one package that may use aiocoap's."""
    names = set()
    for file in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                names.add(node.attr)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names.add(node.name)
    return {name for name in names if re.match(r"_[^_]", name)}


def private_names() -> set[str]:
    """Those of the modules that members are relied on of."""
    modules = {sys.modules[name.rpartition(".")[0].rpartition(".")[0]] for name in relied_on()}
    return {
        name for module in modules for name in re.findall(r"\b_[a-z]\w*", inspect.getsource(module))
    }


def relied_on() -> dict[str, str]:
    """Each member, by its full name, and the digest of its source."""
    private, found = used(), {_name(member): _digest(member) for member in PUBLIC}
    for ours in _classes():
        for member in _members_below(ours):
            is_overridden = member.__name__ in vars(ours)
            if is_overridden or private & set(re.findall(r"\b_\w+", _source(member))):
                found[_name(member)] = _digest(member)
    return found


def recorded() -> dict[str, str]:
    """The members as they were when they were read."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return dict(line.split() for line in lines)


def _classes() -> Iterator[type]:
    """The classes that the package defines."""
    for module in pkgutil.iter_modules([str(FOLDER)], f"{aiocoap_internals.__name__}."):
        for ours in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(ours) and ours.__module__ == module.name:
                yield ours


def _members_below(ours: type) -> Iterator[Any]:
    for base in ours.__mro__:
        if base.__module__.startswith("aiocoap."):
            for member in vars(base).values():
                member = getattr(member, "fget", getattr(member, "__func__", member))
                if isinstance(member, FunctionType):
                    yield member


def _name(member: Any) -> str:
    return f"{member.__module__}.{member.__qualname__}"


def _source(member: Any) -> str:
    return inspect.getsource(member)


def _digest(member: Any) -> str:
    return hashlib.blake2b(_source(member).encode(), digest_size=DIGEST_BYTES).hexdigest()


if __name__ == "__main__":
    lines = [f"{name} {digest}\n" for name, digest in sorted(relied_on().items())]
    LIST.write_text("".join(lines), encoding="utf-8")
