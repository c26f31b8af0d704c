"""What serve prints."""

from pathlib import Path

from core_api.serving.addresses import Address
from core_api.serving.announcement import lines

CURL = "Post  curl -H 'Content-Type: image/jpeg' --data-binary @cam.jpg"
COAP_CLIENT = "Post  coap-client-notls -m post -t 22 -b 64 -f cam.jpg"


def test_the_default_ports() -> None:
    coap = [Address("127.0.0.1", 5683), Address("::1", 5683)]
    assert lines(Address("127.0.0.1", 8000), coap, Path("/data")) == [
        "coapture is ready.",
        "HTTP  http://127.0.0.1:8000",
        "CoAP  coap://127.0.0.1  coap+tcp://127.0.0.1",
        "CoAP  coap://[::1]  coap+tcp://[::1]",
        "Data  /data",
        f"{CURL} 'http://127.0.0.1:8000/collections/images?deviceId=cam-7&timestamp=0'",
        f'{COAP_CLIENT} "coap://127.0.0.1/collections/images?d=cam-7&t=0"',
    ]


def test_other_ports_and_every_interface() -> None:
    printed = lines(Address("0.0.0.0", 80), [Address("::", 5700)], Path("/data"))
    assert printed[1:] == [
        "HTTP  http://0.0.0.0",
        "CoAP  coap://[::]:5700  coap+tcp://[::]:5700",
        "Data  /data",
        f"{CURL} 'http://127.0.0.1/collections/images?deviceId=cam-7&timestamp=0'",
        f'{COAP_CLIENT} "coap://[::1]:5700/collections/images?d=cam-7&t=0"',
    ]
