"""Running the commands."""

import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command


@pytest.fixture
def run(db: None) -> Callable[..., tuple[str, str]]:
    """run("import", ...): what it writes to both outputs, with the sentence of its failure."""

    def run(*arguments: object) -> tuple[str, str]:
        output, errors = io.StringIO(), io.StringIO()
        try:
            call_command(*map(str, arguments), stdout=output, stderr=errors)
        except CommandError as error:
            errors.write(f"failed: {error}")
        return output.getvalue(), errors.getvalue()

    return run
