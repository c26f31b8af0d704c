"""Objects in a bucket of an S3 server: Amazon's, or one that speaks its protocol.

Over botocore itself: a Django Storage of files has nothing to add to whole objects.
"""

import base64
import hashlib
import itertools
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import cache, cached_property
from typing import Any, TypeVar

import botocore.session
from botocore.config import Config
from botocore.credentials import CredentialResolver, EnvProvider
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.loaders import Loader, create_loader

from core_api import turns
from core_api.errors import InsufficientStorage, ServiceUnavailable
from core_api.storage.backends import ExternalStorage, flat, unflat

T = TypeVar("T")

CONNECT_WITHIN = 3.0
READ_WITHIN = 20.0
ATTEMPTS = 3
LANES = 16
# Above the threads of a process that serves, so that none waits for a connection.
CONNECTIONS = 64
DELETED_AT_ONCE = 1000
RETRY_AFTER = 5
MISSING = ("NoSuchKey", "404", "NotFound")
# MinIO, Ceph, Wasabi and their like, when there is no room.
FULL = ("XMinioStorageFull", "QuotaExceeded", "InsufficientCapacity", "EntityTooLarge")
log = logging.getLogger("coapture.storage")


class S3Storage(ExternalStorage):
    """Each object one of the bucket, under `prefix` and its name.

    `endpoint` is a URL, empty for Amazon's; `addressing` is auto, path or virtual. Credentials come
    from the environment only. Every body is signed with its SHA-256, which is kept as a checksum
    where the server can, and looked at when the object is read.
    """

    lanes = LANES

    def __init__(
        self,
        bucket: str,
        endpoint: str = "",
        region: str = "us-east-1",
        prefix: str = "",
        addressing: str = "auto",
    ) -> None:
        self.bucket = bucket
        self.prefix = prefix
        self._endpoint = endpoint or None
        self._region = region
        self._addressing = addressing

    @cached_property
    def client(self) -> Any:
        """The connection pool; threads share it."""
        return self._client(CONNECT_WITHIN, READ_WITHIN, ATTEMPTS)

    @cached_property
    def _probe(self) -> Any:
        """The same for `check`, which is asked often and must not hang."""
        return self._client(CONNECT_WITHIN, CONNECT_WITHIN, 1)

    def put(self, name: str, data: bytes) -> None:
        """Store one object; InsufficientStorage where the server says that it is full."""
        self._ask(
            self.client.put_object,
            Key=self._key(name),
            Body=data,
            ChecksumSHA256=base64.b64encode(hashlib.sha256(data).digest()).decode(),
        )

    def read(self, name: str) -> bytes:
        """The object's bytes; FileNotFoundError where there is none."""

        def get(**where: Any) -> bytes:
            # As its own context manager the body is the bare stream, which nobody checks.
            with closing(self.client.get_object(**where)["Body"]) as body:
                data: bytes = body.read()
                return data

        return self._ask(get, Key=self._key(name), missing=name)

    def exists(self, name: str) -> bool:
        """Whether there is such an object."""
        try:
            self._ask(self.client.head_object, Key=self._key(name), missing=name)
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str) -> None:
        """Delete the object; nothing happens where there is none."""
        self._ask(self.client.delete_object, Key=self._key(name))

    def delete_all(self, names: Iterable[str]) -> None:
        """Delete objects, a thousand by one request."""
        rest = iter(names)
        while part := [
            {"Key": self._key(name)} for name in itertools.islice(rest, DELETED_AT_ONCE)
        ]:
            answer = self._ask(self.client.delete_objects, Delete={"Objects": part, "Quiet": True})
            for error in answer.get("Errors", ()):
                if error.get("Code") not in MISSING:
                    raise _refusal(f"{error.get('Code')}: {error.get('Message')}")

    def keys(self) -> Iterator[str]:
        """The names of all objects, in their order."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix
        )
        rest = iter(pages)
        while page := self._ask(lambda **_: next(rest, None)):
            for found in page.get("Contents", ()):
                if name := unflat(found["Key"].removeprefix(self.prefix)):
                    yield name

    def check(self) -> None:
        """ServiceUnavailable where the bucket does not answer."""
        self._ask(self._probe.head_bucket)

    def _key(self, name: str) -> str:
        return self.prefix + flat(name)

    def _ask(self, request: Callable[..., T], *, missing: str = "", **arguments: Any) -> T:
        """What the request gives; its errors as ours, FileNotFoundError for `missing`."""
        try:
            with turns.given_up():
                return request(Bucket=self.bucket, **arguments)
        except ClientError as error:
            if missing and error.response["Error"]["Code"] in MISSING:
                raise FileNotFoundError(missing) from None
            raise _refusal(f"{error.response['Error']['Code']}: {error}") from error
        except (BotoCoreError, HTTPClientError) as error:
            raise _refusal(str(error)) from error

    @cached_property
    def _session(self) -> Any:
        session = botocore.session.Session()
        session.register_component("credential_provider", CredentialResolver([EnvProvider()]))
        session.register_component("data_loader", _descriptions())
        return session

    def _client(self, connect: float, read: float, attempts: int) -> Any:
        return self._session.create_client(
            "s3",
            region_name=self._region,
            endpoint_url=self._endpoint,
            config=Config(
                connect_timeout=connect,
                read_timeout=read,
                retries={"mode": "standard", "total_max_attempts": attempts},
                max_pool_connections=CONNECTIONS,
                request_checksum_calculation="when_required",
                s3={"addressing_style": self._addressing, "payload_signing_enabled": True},
            ),
        )


@cache
def _descriptions() -> Loader:
    """What botocore knows of the protocol: a second to read, once for all storages."""
    return create_loader()


def _refusal(reason: str) -> ServiceUnavailable:
    log.warning("S3: %s", reason)
    if reason.startswith(FULL):
        return InsufficientStorage("The storage of images is full.", retry_after=60)
    return ServiceUnavailable("The storage of images does not answer; try again.", RETRY_AFTER)
