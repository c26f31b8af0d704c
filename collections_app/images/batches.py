"""The answer to a POST of many images: what became of each."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse

from collections_app.images.chunks import Item, stored
from collections_app.images.ingest import Outcome, Stored
from collections_app.images.paths import href
from core_api.errors import ApiError, BadRequest, api_error
from core_api.rest.negotiation import data_type
from core_api.rest.responses import data_response
from core_api.wire.errors import pointer_to
from core_api.wire.problem import FieldError, Problem, as_map, problem

log = logging.getLogger("coapture")
MULTI_STATUS = 207


class NothingStored(BadRequest):
    """No image of the batch was new or known; `items` has what is wrong with each."""

    def __init__(self, items: list[dict[str, Any]], faults: list[FieldError]) -> None:
        detail = "None of these images is stored." if items else "There is no image in this batch."
        super().__init__(detail)
        self._items = items
        self._faults = faults

    @property
    def problem(self) -> Problem:
        """The problem details: pointers lead into the batch, `items` is the list of results."""
        members = [("items", self._items)]
        return problem(self.status, self.detail, errors=self._faults, members=members)


@dataclass(slots=True)
class _Results:
    """What became of each image, and the first fault of the server's own among it."""

    items: list[dict[str, Any]] = field(default_factory=list)
    faults: list[FieldError] = field(default_factory=list)
    ours: Exception | None = None
    any_good: bool = False

    def add(self, outcome: Outcome) -> None:
        if isinstance(outcome, Stored):
            self.any_good = True
            status = 201 if outcome.created else 200
            self.items.append({"status": status, "href": href(outcome.image)})
        else:
            self._refuse(outcome)

    def _refuse(self, error: Exception) -> None:
        known = api_error(error)
        if known is None:
            log.error("an image of a batch could not be stored", exc_info=error)
            known = ApiError("The server failed to store this image.")
        if known.status >= 500:
            self.ours = self.ours or error
        what = known.problem
        index = len(self.items)
        self.items.append({"status": what.status, "problem": as_map(what)})
        self.faults += [
            FieldError(pointer_to(index) + one.pointer, one.detail)
            for one in what.errors or (FieldError("", what.detail),)
        ]


def respond(request: HttpRequest, items: Iterable[Item]) -> HttpResponse:
    """Store the images; 207 with the result of each where one is new or was there already.

    Raises NothingStored where none is, or the server's own fault, so that the client tries again.
    """
    results = _Results()
    for outcome in stored(items):
        results.add(outcome)
    if results.any_good:
        return data_response(results.items, data_type(request), status=MULTI_STATUS)
    if results.ours is not None:
        raise results.ours
    raise NothingStored(results.items, results.faults)
