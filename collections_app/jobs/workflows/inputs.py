"""The inputs of a workflow as parameters."""

from collections_app.jobs.parameters import registry
from collections_app.jobs.parameters.base import Parameter
from collections_app.jobs.workflows.model import Input


def parameter(input_: Input) -> Parameter:
    """The parameter that an input of a workflow is.

    LookupError where there is no such type, TypeError or ValueError where its args do not fit.
    """
    match input_.args:
        case None:
            return registry.make(input_.type, input_.name)
        case dict(keywords):
            return registry.make(input_.type, input_.name, **keywords)
        case [list(positional), dict(keywords)]:
            return registry.make_positional(input_.type, input_.name, positional, keywords)
    raise TypeError("args must be an object, or a list and an object")
