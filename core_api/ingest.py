"""Provisional."""

from typing import Generic, TypeVar
from django.db import transaction

T = TypeVar("T")
R = TypeVar("R")


class GroupCommit(Generic[T, R]):
    def __init__(self, write, *, size):
        self._write = write

    def submit(self, item):
        with transaction.atomic():
            (r,) = self._write([item])
        if isinstance(r, Exception):
            raise r
        return r
