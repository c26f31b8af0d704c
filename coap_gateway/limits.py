"""What the gateway spends at most on its peers."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

# RFC 7252 section 4.8.2: seconds in which a message may still come again.
EXCHANGE_LIFETIME = 247.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one gateway process: sizes in bytes, times in seconds, numbers of each."""

    max_body: int
    threads: int
    uploads: int
    uploads_per_peer: int
    upload_memory: int
    upload_disk: int
    upload_spool: int
    upload_expiry: float
    download_memory: int
    deduplication: int
    observers: int
    observers_per_peer: int
    spool_folder: Path
    # Requests that wait for a thread; each holds its message.
    waiting: int = 1024
    # The replies to finished uploads that are kept for a repeated last block.
    finished: int = 4096
    # Seconds for the requests that are being answered when the server is to stop.
    stop_within: float = 1.8


def from_settings() -> Limits:
    """The limits that the settings say."""
    return Limits(
        max_body=settings.COAPTURE_MAX_BODY,
        threads=settings.COAPTURE_COAP_THREADS,
        uploads=settings.COAPTURE_COAP_UPLOADS,
        uploads_per_peer=settings.COAPTURE_COAP_UPLOADS_PER_PEER,
        upload_memory=settings.COAPTURE_COAP_UPLOAD_MEMORY,
        upload_disk=settings.COAPTURE_COAP_UPLOAD_DISK,
        upload_spool=settings.COAPTURE_COAP_UPLOAD_SPOOL,
        upload_expiry=settings.COAPTURE_COAP_UPLOAD_EXPIRY,
        download_memory=settings.COAPTURE_COAP_DOWNLOAD_MEMORY,
        deduplication=settings.COAPTURE_COAP_DEDUPLICATION,
        observers=settings.COAPTURE_COAP_OBSERVERS,
        observers_per_peer=settings.COAPTURE_COAP_OBSERVERS_PER_PEER,
        spool_folder=Path(settings.COAPTURE_DATA) / "spool",
        waiting=settings.COAPTURE_COAP_WAITING,
        finished=settings.COAPTURE_COAP_FINISHED,
    )
