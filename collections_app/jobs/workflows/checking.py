"""Whether a workflow can be run: every name resolved, every type that is known compared."""

from collections import Counter
from collections.abc import Iterable, Mapping

from collections_app.jobs.parameters.base import MISSING, Parameter, ParameterError
from collections_app.jobs.workflows import inputs, tasks, types
from collections_app.jobs.workflows.cycles import cycles
from collections_app.jobs.workflows.errors import Findings
from collections_app.jobs.workflows.model import FromInput, FromNode, Literal, Node, Workflow
from collections_app.jobs.workflows.plan import Argument, Link, Plan, Step
from collections_app.jobs.workflows.tasks import NodeTask
from collections_app.jobs.workflows.types import ANY
from core_api.wire.errors import pointer_to


def check(workflow: Workflow) -> Plan:
    """The workflow with its names resolved; WorkflowError names every place that is wrong."""
    findings = Findings()
    checker = _Checker(workflow, findings)
    plan = Plan(workflow, tuple(checker.inputs.values()), checker.steps(), checker.outputs())
    findings.raise_any()
    return plan


class _Checker:
    """One check of a workflow; what is wrong goes to the findings."""

    def __init__(self, workflow: Workflow, findings: Findings) -> None:
        self._workflow = workflow
        self._findings = findings
        self._nodes_at = "/workflow" if workflow.classic else "/nodes"
        self.inputs = self._inputs()
        self._found = [tasks.find(node.task) for node in workflow.nodes]
        # Of nodes with the same id the first is meant.
        pairs = zip(reversed(workflow.nodes), reversed(self._found), strict=True)
        self._tasks = {node.id: task for node, task in pairs}

    def _inputs(self) -> dict[str, Parameter]:
        self._check_unique("/inputs", "name", [each.name for each in self._workflow.inputs])
        found = {}
        for index, each in enumerate(self._workflow.inputs):
            try:
                found[each.name] = inputs.parameter(each)
            except (LookupError, TypeError, ValueError) as error:
                self._findings.add(f"/inputs/{index}", f"cannot be: {_told(error)}")
        return found

    def steps(self) -> dict[str, Step]:
        """The steps that are right, by id."""
        nodes = self._workflow.nodes
        self._check_unique(self._nodes_at, "id", [node.id for node in nodes])
        self._check_cycles()
        found = {}
        for index, (node, task) in enumerate(zip(nodes, self._found, strict=True)):
            at = f"{self._nodes_at}/{index}"
            if task is None:
                self._findings.add(f"{at}/task", f"names no task: there is no {node.task!r}")
            else:
                found[node.id] = Step(node.id, task, self._arguments(node, task, at))
        return found

    def outputs(self) -> dict[str, Link]:
        """The outputs of the workflow that are right, by name."""
        outputs = self._workflow.outputs
        if not outputs:
            self._findings.add("/outputs", "is empty")
        self._check_unique("/outputs", "name", [output.name for output in outputs])
        found = {}
        for index, output in enumerate(outputs):
            if link := self._link(output.source, f"/outputs/{index}/node"):
                found[output.name] = link
        return found

    def _arguments(self, node: Node, task: NodeTask, at: str) -> dict[str, Argument]:
        known = {parameter.name: parameter for parameter in task.process.inputs}
        for name, parameter in known.items():
            if name not in node.inputs and parameter.required and parameter.default is MISSING:
                self._findings.add(f"{at}/inputs", f"lacks {name!r}, which {node.task} needs")
        found = {}
        for name, source in node.inputs.items():
            here = f"{at}/inputs{pointer_to(name)}"
            if name not in known and not task.variables:
                self._findings.add(here, f"is no input of {node.task}")
            elif argument := self._argument(known.get(name), source, here):
                found[name] = argument
        return found

    def _argument(
        self, wanted: Parameter | None, source: FromInput | FromNode | Literal, at: str
    ) -> Argument | None:
        if isinstance(source, Literal):
            self._check_literal(wanted, source, at)
            return Argument(wanted, source)
        if isinstance(source, FromInput):
            given = self.inputs.get(source.name)
            if given is None:
                self._check_input_exists(source.name, at)
                return None
            self._check_given(wanted, given, at)
            self._check_types(wanted, given, at)
            return Argument(wanted, source, is_untyped=given.type == ANY)
        link = self._link(source, at)
        if link is None:
            return None
        self._check_types(wanted, self._output(link), at)
        return Argument(wanted, link)

    def _link(self, source: FromNode, at: str) -> Link | None:
        """What the reference means; None where it is wrong, or its node is."""
        if source.node not in self._tasks:
            self._findings.add(at, f"names no node: there is no {source.node!r}")
            return None
        task = self._tasks[source.node]
        if task is None:
            return None
        names = [parameter.name for parameter in task.process.outputs]
        if source.output is None and len(names) == 1:
            return Link(source.node, names[0])
        if source.output not in names:
            one_of = ", ".join(names) or "nothing"
            self._findings.add(at, f"must name an output of {source.node!r}: {one_of}")
            return None
        return Link(source.node, source.output)

    def _output(self, link: Link) -> Parameter | None:
        task = self._tasks[link.node]
        outputs = task.process.outputs if task else ()
        return next((each for each in outputs if each.name == link.output), None)

    def _check_literal(self, wanted: Parameter | None, source: Literal, at: str) -> None:
        if wanted is not None:
            try:
                wanted.check(source.value)
            except ParameterError as error:
                where = f" at {error.pointer}" if error.pointer else ""
                self._findings.add(at, f"{error.detail}{where}")

    def _check_input_exists(self, name: str, at: str) -> None:
        if all(each.name != name for each in self._workflow.inputs):
            self._findings.add(at, f"names no input of the workflow: there is no {name!r}")

    def _check_given(self, wanted: Parameter | None, given: Parameter, at: str) -> None:
        is_sure = given.required or given.default is not MISSING
        if wanted is not None and wanted.required and wanted.default is MISSING and not is_sure:
            self._findings.add(at, f"is required, and the workflow's input {given.name!r} is not")

    def _check_types(self, wanted: Parameter | None, given: Parameter | None, at: str) -> None:
        if wanted is not None and given is not None and not types.fits(given, wanted):
            self._findings.add(at, f"is {types.called(given)}, not {types.called(wanted)}")

    def _check_unique(self, at: str, member: str, names: Iterable[str]) -> None:
        seen: Counter[str] = Counter()
        for index, name in enumerate(names):
            seen[name] += 1
            if seen[name] == 2:
                self._findings.add(f"{at}/{index}/{member}", f"is there before: {name!r}")

    def _check_cycles(self) -> None:
        indices: Mapping[str, int] = {
            node.id: index for index, node in enumerate(self._workflow.nodes)
        }
        needs = {
            node.id: [each.node for each in node.inputs.values() if isinstance(each, FromNode)]
            for node in self._workflow.nodes
        }
        for cycle in cycles(needs):
            chain = " needs ".join([*cycle, cycle[0]])
            self._findings.add(f"{self._nodes_at}/{indices[cycle[0]]}", f"is in a cycle: {chain}")


def _told(error: Exception) -> str:
    return str(error.args[-1]).rstrip(".") if error.args else type(error).__name__
