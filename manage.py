#!/usr/bin/env python
"""Django's entry point; the installed command `coapture` is the same."""

from core_api.cli import main

if __name__ == "__main__":
    main()
