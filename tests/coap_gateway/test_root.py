"""Whole requests, datagram by datagram."""

import json

import pytest

from tests.coap_gateway.datagrams import (
    ACCEPT,
    ACK,
    CON,
    CONTENT_FORMAT,
    DELETE,
    ETAG,
    FETCH,
    GET,
    IF_MATCH,
    IF_NONE_MATCH,
    IPATCH,
    MAX_AGE,
    NON,
    PATCH,
    POST,
    PUT,
    Client,
    path,
    query,
    uint,
)


def test_a_get(client: Client) -> None:
    answer = client.ask(GET, path("echo", "a", "b") + query("d=cam-7", "t=1+1 &#é"))
    assert (answer.kind, answer.code, answer.number(CONTENT_FORMAT)) == (ACK, "2.05", 50)
    assert json.loads(answer.payload) == {
        "method": "GET",
        "path": "/echo/a/b",
        "rest": "a/b",
        "query": {"d": "cam-7", "t": "1+1 &#é"},
        "headers": {},
        "length": "0",
        "body": "",
    }
