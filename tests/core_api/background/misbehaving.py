"""Tasks for tests: what they do is said by their inputs."""

import os
import resource
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from core_api.background import tasks
from core_api.background.tasks import Json, Retry, Run, Task, TaskError


def nothing(run: Run) -> None:
    """No-op."""


def echo(run: Run) -> Mapping[str, Json]:
    """The inputs and the attempt, and a line in the file `log` if there is one."""
    if log := run.inputs.get("log"):
        with Path(log).open("a") as file:
            file.write(f"{run.inputs.get('name', '')}\n")
    return {**run.inputs, "attempt": run.attempt}


def wait(run: Run) -> Mapping[str, Json]:
    """Until the file `until` is there, or the job is cancelled; leaves its process id in `pid`."""
    Path(run.inputs["pid"]).write_text(str(os.getpid()))
    while not Path(run.inputs["until"]).exists():
        run.check()
        time.sleep(0.005)
    return {"pid": os.getpid()}


def deaf(run: Run) -> None:
    """Hears of no cancellation; leaves its process id in `pid`."""
    Path(run.inputs["pid"]).write_text(str(os.getpid()))
    time.sleep(60)


def die(run: Run) -> None:
    """Kills its process `times` times, as counted by the file `log`."""
    (run.folder / "scratch").touch()
    log = Path(run.inputs["log"])
    with log.open("a") as file:
        file.write("x")
    if log.stat().st_size <= run.inputs["times"]:
        os.kill(os.getpid(), signal.SIGKILL)


def fail(run: Run) -> None:
    """Raises what `error` names, until the attempt is `good`."""
    if run.attempt >= run.inputs.get("good", 100):
        return
    match run.inputs["error"]:
        case "task":
            raise TaskError("The sea is too rough.", type_="urn:example:sea")
        case "os":
            raise ConnectionResetError("not today")
        case "exit":
            raise SystemExit(3)
    raise LookupError("secret")


def unstorable(run: Run) -> Mapping[str, Json]:
    """What is no JSON."""
    return {"what": object()}


def report(run: Run) -> None:
    """Says how far it is, many times, then waits for the file `until`."""
    for number in range(1000):
        run.progress(number / 20, f"step {number}", {"step": number})
    while not Path(run.inputs["until"]).exists():
        run.check()
        time.sleep(0.005)


def nonsense(run: Run) -> None:
    """Says what is no progress."""
    run.progress(float("nan"), "ha\0lf\ud800", {"nan": float("nan")})


def split(run: Run) -> Mapping[str, Json]:
    """Forks, lets the copy return, and waits for it."""
    if not (copy := os.fork()):
        return {"who": "the copy"}
    return {"who": "the task", "copy": os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])}


def move(run: Run) -> Mapping[str, Json]:
    """Says where it is, and goes elsewhere."""
    before = Path.cwd()
    os.chdir("/")
    return {"before": str(before)}


def babble(run: Run) -> None:
    """Changes what it has said of its parts, and says more than anybody reads."""
    details: dict[str, Json] = {"n": 1}
    run.progress(1, "x" * 10_000)
    run.progress(2, "", details)
    details["n"] = object()
    raise TaskError("y" * 10_000)


def measure(run: Run) -> Mapping[str, Json]:
    """The bytes of memory that it may take, and how much it gives way to others."""
    return {"bytes": resource.getrlimit(resource.RLIMIT_DATA)[0], "nice": os.nice(0)}


def write(run: Run) -> Mapping[str, Json]:
    """Keeps a file with the text, then fails if asked to."""
    file = run.folder / "draft.txt"
    file.write_text(run.inputs["text"])
    link = run.keep("text.txt", file, "text/plain")
    if run.inputs.get("fails"):
        raise TaskError("after all")
    return {"text": link, "folder": str(run.folder)}


def read(run: Run) -> Mapping[str, Json]:
    """The text behind a link."""
    return {"text": run.open(run.inputs["href"]).read_text()}


TWICE = Retry(attempts=3, errors=(OSError,), delay=0.01)
TASKS = (
    Task("test.nothing", nothing),
    Task("test.echo", echo, is_process=True),
    Task("test.wait", wait, is_process=True),
    Task("test.scarce", wait, resource="scarce"),
    Task("test.deaf", deaf),
    Task("test.limited", deaf, time_limit=0.2),
    Task("test.die", die),
    Task("test.fail", fail, retry=TWICE),
    Task("test.unstorable", unstorable),
    Task("test.report", report, is_process=True),
    Task("test.nonsense", nonsense),
    Task("test.split", split),
    Task("test.move", move),
    Task("test.babble", babble),
    Task("test.measure", measure),
    Task("test.write", write),
    Task("test.read", read),
)


def register() -> None:
    """Make them known in this process."""
    for task in TASKS:
        tasks.register(task)
