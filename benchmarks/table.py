"""The table: a line for each comparison, ours beside a peer's or a floor's figure.

Belongs here: what a line holds, Markdown, the machine and the versions at its head. Does not belong
here: measuring.
"""

import math
import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.measure import Measured

_HEAD = ("stage", "ours", "memory", "compared with", "theirs", "memory", "ours / theirs", "goal")


@dataclass(frozen=True)
class Figure:
    """What one side took.

    Attributes:
        values: One figure a round.
        unit: ``s``, ``ms``, ``us a row``, ``MB``.
        peak_mb: Most memory held; None where it is not what the line is about.
        text: Said instead of the values, of what did not end.
    """

    values: tuple[float, ...]
    unit: str
    peak_mb: float | None = None
    text: str = ""

    @property
    def median(self) -> float:
        """The figure to compare with."""
        return statistics.median(self.values) if self.values else math.nan

    def told(self) -> str:
        """Median, with least and most where there were several rounds."""
        if self.text or not self.values:
            return self.text
        spread = ""
        if len(self.values) > 1:
            spread = f" ({_number(min(self.values))} to {_number(max(self.values))})"
        return f"{_number(self.median)}{spread} {self.unit}"


def inner(runs: Sequence[Measured]) -> Figure:
    """Seconds of the work itself, the start of its process left out."""
    return Figure(tuple(run.inner_wall for run in runs), "s", most(runs))


def whole(runs: Sequence[Measured]) -> Figure:
    """Seconds from the start of the process to its end."""
    return Figure(tuple(run.wall for run in runs), "s", most(runs))


def most(runs: Sequence[Measured]) -> float:
    """The most memory that any of the runs held, MB."""
    return max(run.peak_mb for run in runs)


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        stage: What is done.
        ours: What the product took.
        peer: What it is held against: another tool, or a floor that no tool can go below.
        theirs: What that took, in the same unit.
        goal: What was aimed at, as limits with a comma between: without a unit of the ratio, in
            that of ours, or of memory in GB; empty where nothing was.
    """

    stage: str
    ours: Figure
    peer: str
    theirs: Figure
    goal: str = ""

    @property
    def ratio(self) -> float:
        """Ours over theirs; NaN where a side did not end."""
        return self.ours.median / self.theirs.median if self.theirs.median else math.nan

    def judged(self) -> str:
        """The goal, and of each limit whether it was met."""
        limits = self.goal.split(", ") if self.goal else []
        return ", ".join(f"{one}: {self._judged(one)}" for one in limits)

    def _judged(self, limit: str) -> str:
        number, _, unit = limit.partition(" ")
        if unit not in ("", "GB", self.ours.unit):
            raise ValueError(f"{limit} is no limit of {self.ours.unit}")
        memory = math.nan if self.ours.peak_mb is None else self.ours.peak_mb / 1000
        found = {"": self.ratio, "GB": memory}.get(unit, self.ours.median)
        if math.isnan(found):
            return "not known"
        return "met" if found <= float(number) else "missed"


def markdown(rows: Iterable[Row]) -> str:
    """The table."""
    lines = [_line(_HEAD), _line("---" for _ in _HEAD)]
    for row in rows:
        ratio = "" if math.isnan(row.ratio) else _number(row.ratio)
        lines.append(
            _line(
                (
                    row.stage,
                    row.ours.told(),
                    _memory(row.ours),
                    row.peer,
                    row.theirs.told(),
                    _memory(row.theirs),
                    ratio,
                    row.judged(),
                )
            )
        )
    return "\n".join(lines)


def machine() -> str:
    """Cores and memory of this machine, and its kind of system; nothing that names it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.system()} {platform.machine()}"
    return (
        f"{cores} cores, {memory:.0f} GiB of memory, {system}, Python {platform.python_version()}"
    )


def versions(held: Mapping[str, str]) -> str:
    """Packages with their versions, in one line."""
    return ", ".join(f"{name} {version}" for name, version in held.items())


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _memory(figure: Figure) -> str:
    if figure.peak_mb is None or math.isnan(figure.peak_mb):
        return ""
    return f"{figure.peak_mb:,.0f} MB"


def _number(value: float) -> str:
    """Three digits, and no fewer than stand before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 0.01 else f"{value:.4f}"
