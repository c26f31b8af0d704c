"""A site's jobs: the example workflow."""

from tests.shared import ROOT

REGISTERED_JOBS = {
    "vegetation": {"type": "workflow", "path": ROOT / "examples/workflow/vegetation.json"}
}
