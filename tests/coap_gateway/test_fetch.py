"""FETCH, PATCH and iPATCH (RFC 8132) on the image collection, datagram by datagram."""

import json
from typing import Any

import cbor2
import pytest
from django.test import Client as HttpClient

from tests.coap_gateway.datagrams import (
    ACCEPT,
    BLOCK1,
    BLOCK2,
    CONTENT_FORMAT,
    ETAG,
    FETCH,
    GET,
    IF_MATCH,
    IPATCH,
    OBSERVE,
    PATCH,
    POST,
    Answer,
    Client,
    Options,
    block,
    path,
    query,
    uint,
)
from tests.pictures import png

IMAGES = ("collections", "images")
JSON, MERGE_PATCH, CBOR, LINK = 50, 52, 60, 40
PLACE = path(*IMAGES, "cam-1", "20261101T000000Z")


@pytest.fixture
def _site_served(transactional_db: None) -> None:
    """The collections themselves, in place of the tests' small site."""


@pytest.fixture
def stored(client: Client) -> None:
    """Three images, of cam-1 to cam-3."""
    for number in (1, 2, 3):
        fields = query(f"d=cam-{number}", f"t=2026-11-0{number}T00:00:00Z", f"title=Day {number}")
        answer = client.ask(POST, [*path(*IMAGES), *fields, (CONTENT_FORMAT, uint(23))], png())
        assert answer.code == "2.01"


def fetch(client: Client, filters: object, *options: tuple[int, bytes]) -> Answer:
    where = [*path(*IMAGES), (CONTENT_FORMAT, uint(CBOR))]
    return client.ask(FETCH, [*where, *options], cbor2.dumps(filters))


def devices(images: list[dict[str, Any]]) -> list[str]:
    return [image["deviceId"] for image in images]


@pytest.mark.usefixtures("stored")
class TestFetch:
    def test_cbor(self, client: Client) -> None:
        answer = fetch(client, {5: "day", 12: 2})
        assert (answer.code, answer.number(CONTENT_FORMAT)) == ("2.05", CBOR)
        assert devices(cbor2.loads(answer.payload)) == ["cam-3", "cam-2"]

    def test_json(self, client: Client) -> None:
        options = [*path(*IMAGES), (CONTENT_FORMAT, uint(JSON)), (ACCEPT, uint(JSON))]
        answer = client.ask(FETCH, options, b'{"to":"2026-11-02T00:00:00Z"}')
        assert (answer.code, answer.number(CONTENT_FORMAT)) == ("2.05", JSON)
        assert devices(json.loads(answer.payload)) == ["cam-2", "cam-1"]

    def test_link_format(self, client: Client) -> None:
        answer = fetch(client, {1: "cam-1"}, (ACCEPT, uint(LINK)))
        assert answer.number(CONTENT_FORMAT) == LINK
        assert answer.payload.startswith(b"</collections/images/cam-1/20261101T000000Z>;")

    def test_a_device(self, client: Client) -> None:
        options = [*path(*IMAGES, "cam-2"), (CONTENT_FORMAT, uint(CBOR))]
        answer = client.ask(FETCH, options, cbor2.dumps({}))
        assert devices(cbor2.loads(answer.payload)) == ["cam-2"]

    def test_the_same_as_by_http(self, client: Client) -> None:
        filters = {"title": "day 2"}
        answer = fetch(client, filters)
        response = HttpClient().generic(
            *("QUERY", "/collections/images", cbor2.dumps(filters)),
            content_type="application/cbor",
            headers={"Accept": "application/cbor"},
        )
        assert answer.payload == response.content
        assert response["ETag"] == f'"{answer.options[ETAG][0].hex()}"'

    def test_an_entity_tag(self, client: Client) -> None:
        etag = fetch(client, {5: "Day 1"}).one(ETAG)
        assert etag is not None
        valid = fetch(client, {5: "Day 1"}, (ETAG, etag))
        assert (valid.code, valid.one(ETAG), valid.payload) == ("2.03", etag, b"")
        assert fetch(client, {5: "Day 2"}, (ETAG, etag)).code == "2.05"

    @pytest.mark.parametrize("format_", [None, 0, 42, MERGE_PATCH, 9999])
    def test_a_body_of_another_type(self, client: Client, format_: int | None) -> None:
        options: Options = [] if format_ is None else [(CONTENT_FORMAT, uint(format_))]
        answer = client.ask(FETCH, [*path(*IMAGES), *options], cbor2.dumps({}))
        assert (answer.code, answer.problem[0]) == ("4.15", "Unsupported Media Type")

    def test_a_wrong_filter(self, client: Client) -> None:
        answer = fetch(client, {12: 0, 11: [1]})
        assert answer.code == "4.00"
        problem = cbor2.loads(answer.payload)["/problems"]
        assert [pointer for pointer, _ in problem[1]] == ["/limit", "/near"]

    def test_a_body_in_blocks_and_an_answer_in_blocks(self, client: Client) -> None:
        body = cbor2.dumps({"title": "day", "from": "2026-11-01T00:00:00Z", "limit": 900})
        common = [*path(*IMAGES), (CONTENT_FORMAT, uint(CBOR))]
        first = client.ask(FETCH, [*common, (BLOCK1, block(0, True, 1))], body[:32])
        assert first.code == "2.31"
        rest = [(BLOCK1, block(1, False, 1)), (BLOCK2, block(0, False, 2))]
        answers = [client.ask(FETCH, [*common, *rest], body[32:])]
        assert answers[0].block2 == (0, True, 2)
        while answers[-1].block2 is not None and answers[-1].block2[1]:
            wanted = (BLOCK2, block(len(answers), False, 2))
            answers.append(client.ask(FETCH, [*common, wanted]))
        assert {answer.code for answer in answers} == {"2.05"}
        assert len({answer.one(ETAG) for answer in answers}) == 1
        whole = b"".join(answer.payload for answer in answers)
        assert devices(cbor2.loads(whole)) == ["cam-3", "cam-2", "cam-1"]

    def test_observe_is_ignored(self, client: Client) -> None:
        answer = fetch(client, {}, (OBSERVE, b""))
        assert (answer.code, answer.one(OBSERVE)) == ("2.05", None)


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("method", [PATCH, IPATCH])
class TestPatch:
    def change(
        self, client: Client, method: str, changes: object, *options: tuple[int, bytes]
    ) -> Answer:
        body = json.dumps(changes).encode()
        return client.ask(method, [*PLACE, (CONTENT_FORMAT, uint(MERGE_PATCH)), *options], body)

    def test_a_merge_patch(self, client: Client, method: str) -> None:
        answer = self.change(client, method, {"title": None, "meta": {"a": 1, "b": 2}})
        assert answer.code == "2.04"
        self.change(client, method, {"meta": {"a": None}, "location": [48.1, 11.5]})
        facts = cbor2.loads(client.ask(GET, [*PLACE, (ACCEPT, uint(CBOR))]).payload)
        assert "title" not in facts
        assert (facts["meta"], facts["location"]) == ({"b": 2}, [48.1, 11.5])

    def test_cbor_with_integer_keys(self, client: Client, method: str) -> None:
        options = [*PLACE, (CONTENT_FORMAT, uint(CBOR))]
        answer = client.ask(method, options, cbor2.dumps({5: "Gate", 8: {"x": 1}}))
        assert answer.code == "2.04"
        facts = cbor2.loads(answer.payload)
        assert (facts["title"], facts["meta"]) == ("Gate", {"x": 1})

    def test_again_changes_nothing(self, client: Client, method: str) -> None:
        changes = {"title": "Gate", "meta": {"a": {"b": None, "c": 1}}}
        first, second = (self.change(client, method, changes) for _ in range(2))
        assert (first.code, first.payload) == (second.code, second.payload)

    def test_only_what_was_seen(self, client: Client, method: str) -> None:
        etag = client.ask(GET, [*PLACE, (ACCEPT, uint(CBOR))]).one(ETAG)
        assert etag is not None
        assert self.change(client, method, {"title": "x"}, (IF_MATCH, b"other")).code == "4.12"
        assert self.change(client, method, {"title": "x"}, (IF_MATCH, etag)).code == "2.04"
        assert self.change(client, method, {"title": "y"}, (IF_MATCH, etag)).code == "4.12"

    def test_an_image_that_is_not_there(self, client: Client, method: str) -> None:
        where = path(*IMAGES, "cam-1", "20260101T000000Z")
        answer = client.ask(method, [*where, (CONTENT_FORMAT, uint(CBOR))], cbor2.dumps({}))
        assert answer.code == "4.04"

    @pytest.mark.parametrize("format_", [None, 0, 22])
    def test_a_body_of_another_type(self, client: Client, method: str, format_: int | None) -> None:
        options: Options = [] if format_ is None else [(CONTENT_FORMAT, uint(format_))]
        answer = client.ask(method, [*PLACE, *options], cbor2.dumps({}))
        assert (answer.code, answer.problem[0]) == ("4.15", "Unsupported Media Type")

    def test_what_cannot_be_changed(self, client: Client, method: str) -> None:
        answer = self.change(client, method, {"deviceId": "cam-9"})
        assert answer.code == "4.00"
        assert cbor2.loads(answer.payload)["/problems"][1][0][0] == "/deviceId"
