"""What `coapture serve` prints when it is ready."""

from collections.abc import Sequence
from pathlib import Path

from core_api.serving.addresses import Address

HTTP_PORT = 80
COAP_PORT = 5683
PATH = "/collections/images"


def lines(http: Address, coap: Sequence[Address], data: Path) -> list[str]:
    """A line for each door and for the data, and two commands that post a picture as printed."""
    web = f"http://{http.reachable.authority(HTTP_PORT)}{PATH}?deviceId=cam-7&timestamp=0"
    device = f"coap://{coap[0].reachable.authority(COAP_PORT)}{PATH}?d=cam-7&t=0"
    return [
        "coapture is ready.",
        f"HTTP  http://{http.authority(HTTP_PORT)}",
        *(f"CoAP  {_both(address.authority(COAP_PORT))}" for address in coap),
        f"Data  {data}",
        f"Post  curl -H 'Content-Type: image/jpeg' --data-binary @cam.jpg '{web}'",
        f'Post  coap-client-notls -m post -t 22 -b 64 -f cam.jpg "{device}"',
    ]


def _both(authority: str) -> str:
    return f"coap://{authority}  coap+tcp://{authority}"
