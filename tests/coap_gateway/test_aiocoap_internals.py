"""What is used of aiocoap's inside has been read, and is as it was."""

import ast
import re

import aiocoap.meta
import pytest

from tests.coap_gateway import audit
from tests.shared import ROOT

VERSION = "0.4.17"


def test_it_was_read_for_this_version() -> None:
    pinned = re.findall(r'"aiocoap(?:\[\w+\])?==([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert {aiocoap.meta.version, *pinned} == {VERSION}


def test_every_member_that_is_relied_on_is_as_it_was_read() -> None:
    recorded, found = audit.recorded(), audit.relied_on()
    unread = sorted(name for name in found if recorded.get(name) != found[name])
    gone = sorted(set(recorded) - set(found))
    assert (unread, gone) == ([], []), (
        f"aiocoap {aiocoap.meta.version}: read the first list against {audit.FOLDER.name}, for it "
        "overrides each or shares a private name with it; the second is there, or needed, no "
        "longer. Then run `python -m tests.coap_gateway.audit`."
    )


@pytest.mark.parametrize(
    "member",
    [
        "aiocoap.messagemanager.MessageManager._deduplicate_message",
        "aiocoap.transports.tcp.TcpConnection.data_received",
        "aiocoap.transports.udp6.MessageInterfaceUDP6._create_transport_endpoint",
        "aiocoap.transports.udp6.MessageInterfaceUDP6.datagram_msg_received",
    ],
)
def test_the_list_has_what_is_overridden_and_what_is_called(member: str) -> None:
    assert member in audit.relied_on()


def test_no_other_file_uses_private_names_of_aiocoap() -> None:
    theirs = audit.private_names()
    strangers = {
        (file.parent.name, node.attr)
        for file in sorted((ROOT / "coap_gateway").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in theirs and not _is_own(node)
    }
    assert {name for name, _ in strangers} == {audit.FOLDER.name}


def _is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"
