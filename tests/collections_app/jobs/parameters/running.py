"""A run that keeps its files in folders: what parameters need of a job."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

JOB = "/jobs/019aa1b2-0000-7000-8000-000000000001"


@dataclass
class FakeRun:
    """One job's results by name, and its folder."""

    root: Path
    kept: dict[str, tuple[Path, str]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        folder = self.root / "work"
        folder.mkdir(exist_ok=True)
        return folder

    def keep(self, name: str, file: Path, media_type: str) -> Mapping[str, Any]:
        assert file.is_relative_to(self.folder)
        assert name not in self.kept
        self.kept[name] = (file.rename(self.root / name), media_type)
        return {"href": f"{JOB}/results/{name}", "type": media_type}

    def open(self, href: str) -> Path:
        name = href.rpartition("/")[2]
        if name not in self.kept:
            raise LookupError(href)
        return self.kept[name][0]
