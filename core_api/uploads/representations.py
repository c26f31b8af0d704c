"""What clients see of unfinished uploads."""

from core_api.uploads.services import State
from core_api.wire.times import to_rfc3339

COLLECTION = "/uploads"


def path_of(state: State) -> str:
    """Where the upload is found."""
    return f"{COLLECTION}/{state.id}"


def members(state: State) -> dict[str, object]:
    """How far the upload is, as JSON and CBOR carry it; `received` in bytes."""
    return {
        "id": state.id,
        "deviceId": state.head.device_id,
        "received": state.received,
        "next": state.next,
        "expires": to_rfc3339(state.expires),
    }
