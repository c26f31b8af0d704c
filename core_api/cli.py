"""The command line: `coapture COMMAND`, the same as `python manage.py COMMAND`."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from core_api.serving.processes import end_with_supervisor


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that every command takes; each is an environment variable, too."""
    parser.add_argument("--http", metavar="HOST:PORT", help="where HTTP listens (COAPTURE_HTTP)")
    parser.add_argument(
        "--coap",
        metavar="HOST:PORT",
        action="append",
        help="where CoAP listens, UDP and TCP; may be repeated (COAPTURE_COAP)",
    )
    parser.add_argument(
        "--processes", metavar="N", help="how many processes serve CoAP (COAPTURE_COAP_PROCESSES)"
    )
    parser.add_argument("--data", metavar="DIR", help="where the data lies (COAPTURE_DATA)")
    parser.add_argument(
        "--open", action="store_true", help="let other machines in, too (ACCESS=open)"
    )


def to_environment(arguments: Sequence[str]) -> list[str]:
    """Turn our options into environment variables; the arguments that remain.

    The settings read the environment when they are imported, before Django looks at arguments.
    """
    parser = argparse.ArgumentParser(prog="coapture", add_help=False, allow_abbrev=False)
    add_options(parser)
    options, remaining = parser.parse_known_args(arguments)
    variables = {
        "COAPTURE_HTTP": options.http,
        "COAPTURE_COAP": ",".join(options.coap or ()),
        "COAPTURE_COAP_PROCESSES": options.processes,
        "COAPTURE_DATA": options.data,
        "ACCESS": "open" if options.open else "",
    }
    os.environ.update({name: value for name, value in variables.items() if value})
    return remaining


def main() -> None:
    """Run the management command that the arguments name."""
    end_with_supervisor()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core_api.settings")
    arguments = to_environment(sys.argv[1:])
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The data folder cannot be used: {error}.")
    execute_from_command_line([sys.argv[0], *arguments])
