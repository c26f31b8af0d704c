"""Markdown tables, medians, and goals beside what was reached."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.load import Report


@dataclass(frozen=True)
class Goal:
    """A figure to reach: at least or at most `limit`."""

    limit: float
    unit: str
    at_least: bool = True

    def judge(self, value: float) -> str:
        """The goal, and whether the value reaches it."""
        met = value >= self.limit if self.at_least else value <= self.limit
        sign = ">=" if self.at_least else "<="
        return f"{sign} {self.limit:g}{self.unit}: {'met' if met else 'MISSED'}"


def median(reports: Iterable[Report], field: str) -> float:
    """The median over the rounds of one field of the reports."""
    return statistics.median(getattr(report, field) for report in reports)


def errors(reports: Iterable[Report]) -> int:
    """The errors of all rounds."""
    return sum(report.errors for report in reports)


def codes(reports: Iterable[Report]) -> str:
    """How often each status or code came, over all rounds."""
    found: dict[str, int] = {}
    for report in reports:
        for code, count in report.codes.items():
            found[code] = found.get(code, 0) + count
    return ", ".join(f"{count} x {code}" for code, count in found.items())


def messages(reports: Iterable[Report]) -> list[str]:
    """What the load generators said about unexpected answers."""
    return [report.messages for report in reports if report.messages]


def ratios(ours: Sequence[Report], theirs: Sequence[Report]) -> list[float]:
    """Our rate by theirs, for each pair of rounds."""
    return [a.per_second / b.per_second for a, b in zip(ours, theirs, strict=True)]


def span(values: Sequence[float]) -> str:
    """The median of ratios, and their lowest and highest."""
    return f"{statistics.median(values):.1f}x ({min(values):.1f}-{max(values):.1f})"


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table under its title."""
    lines = ["", f"### {title}", "", _line(columns), _line(["---"] * len(columns))]
    return "\n".join(lines + [_line(row) for row in rows])


def _line(cells: Sequence[object]) -> str:
    shown = (f"{cell:,.0f}" if isinstance(cell, float) else str(cell) for cell in cells)
    return "| " + " | ".join(shown) + " |"
