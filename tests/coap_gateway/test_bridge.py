"""What Django sees of a CoAP request beyond its method, path and body."""

import datetime as dt
import json
from collections.abc import Callable
from io import BytesIO

import pytest
from django.test import override_settings

from coap_gateway.bridge import CoapRequest
from coap_gateway.requests import Call
from core_api.rest.doors import Door, door_of
from tests.coap_gateway.datagrams import GET, POST, Client, path
from tests.coap_gateway.running import Running
from tests.coap_gateway.site import State

DOOR = Door("coap", "192.0.2.1", dt.datetime(2026, 11, 21, tzinfo=dt.UTC), "coap://192.0.2.9")


def test_a_request() -> None:
    call = Call("POST", "/a", ("x=1+1", "y=é"), {"CONTENT_TYPE": "text/plain;charset=utf-8"})
    request = CoapRequest(call, DOOR, BytesIO(b"body"), 4)
    assert door_of(request) is DOOR
    assert request.GET.dict() == {"x": "1+1", "y": "é"}
    assert (request.content_type, request.content_params) == ("text/plain", {"charset": "utf-8"})
    assert request.headers["Content-Length"] == "4"
    assert request.META["REMOTE_ADDR"] == "192.0.2.1"
    assert (request.read(), request.POST, request.COOKIES) == (b"body", {}, {})


@override_settings(ALLOWED_HOSTS=["images.example"])
def test_its_host_is_harmless() -> None:
    request = CoapRequest(Call("GET", "/a"), DOOR, BytesIO(), 0)
    assert request.get_host() == "localhost"


def test_it_is_not_redirected_to_https(serve: Callable[..., Running]) -> None:
    with override_settings(SECURE_SSL_REDIRECT=True), Client(serve().port) as client:
        answer = client.ask(GET, path("echo"))
        assert (answer.code, json.loads(answer.payload)["path"]) == ("2.05", "/echo")


@pytest.mark.parametrize("size", [0, 5])
def test_no_forgery_is_suspected(client: Client, site: State, size: int) -> None:
    assert client.ask(POST, path("keep"), bytes(size)).code == "2.01"
    assert site.bodies == [bytes(size)]
