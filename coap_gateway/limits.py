"""What the gateway spends at most on its peers."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from django.conf import settings

from core_api.uploads import services as uploads
from core_api.uploads.spool import Quota

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
    upload_spool: int
    upload_expiry: float
    download_memory: int
    deduplication: int
    observers: int
    observers_per_peer: int
    spool_folder: Path
    spool_quota: Quota
    # Requests that wait for a thread; each holds its message.
    waiting: int = 1024
    # The replies to finished uploads that are kept for a repeated last block.
    finished: int = 4096
    # Seconds without a sign of life after which an observer is asked for one.
    observer_silence: float = 3600.0
    # Networks whose peers are known to have their addresses, and are not limited one by one.
    trusted_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    # Bits of an IPv6 address that tell one peer from another.
    ipv6_prefix: int = 64
    # Addresses that have returned an Echo value, and those whose messages are counted.
    verified: int = 16384
    # Messages a second of one peer (0 is no limit), and at once.
    rate: float = 2000.0
    burst: int = 4000
    connections: int = 512
    connections_per_peer: int = 32
    connection_stall: float = 30.0
    connection_idle: float = 600.0
    # The largest message over TCP, in bytes.
    message_size: int = 2**20
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
        upload_spool=settings.COAPTURE_COAP_UPLOAD_SPOOL,
        upload_expiry=settings.COAPTURE_COAP_UPLOAD_EXPIRY,
        download_memory=settings.COAPTURE_COAP_DOWNLOAD_MEMORY,
        deduplication=settings.COAPTURE_COAP_DEDUPLICATION,
        observers=settings.COAPTURE_COAP_OBSERVERS,
        observers_per_peer=settings.COAPTURE_COAP_OBSERVERS_PER_PEER,
        spool_folder=uploads.folder(),
        spool_quota=uploads.quota(),
        waiting=settings.COAPTURE_COAP_WAITING,
        finished=settings.COAPTURE_COAP_FINISHED,
        observer_silence=settings.COAPTURE_COAP_OBSERVER_SILENCE,
        trusted_networks=tuple(settings.COAPTURE_COAP_TRUSTED_NETWORKS),
        ipv6_prefix=settings.COAPTURE_COAP_IPV6_PREFIX,
        verified=settings.COAPTURE_COAP_VERIFIED,
        rate=settings.COAPTURE_COAP_RATE,
        burst=settings.COAPTURE_COAP_BURST,
        connections=settings.COAPTURE_COAP_CONNECTIONS,
        connections_per_peer=settings.COAPTURE_COAP_CONNECTIONS_PER_PEER,
        connection_stall=settings.COAPTURE_COAP_CONNECTION_STALL,
        connection_idle=settings.COAPTURE_COAP_CONNECTION_IDLE,
        message_size=settings.COAPTURE_COAP_MESSAGE_SIZE,
    )
