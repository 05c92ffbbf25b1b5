"""What the stages are measured on: a generated Hub, its landed captures, homes of the product.

Belongs here: making each of them once, when a stage asks for it. Does not belong here: what is
measured on them.
"""

import datetime as dt
import shutil
import sys
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from assets.facts.project import manifest_path
from benchmarks.agreement import differences
from benchmarks.measure import Measured, child, run

# The third of a month: the month before is computed again, as on the first ten nights of each. With
# two dates alone it has no counters to compare; with a history before them it has.
FIRST, SECOND = dt.date(2026, 3, 3), dt.date(2026, 3, 4)


@dataclass(frozen=True)
class Night:
    """A home on which a night has just ended.

    Attributes:
        home: Where.
        took: What all of the job took.
        published: Seconds from its start until data and report were in place.
    """

    home: Path
    took: Measured
    published: float


@dataclass
class Site:
    """One benchmark's folder.

    Attributes:
        folder: Where everything is made; empty at first.
        models: Models that the Hub lists on the first date, about.
        rounds: How often what is cheap is repeated.
        ages: Dates of history before the night that is timed, few and many.
        peers: The Python that has the other tools.
        disagreements: Where a peer's figures are not ours, or what failed, each in a line.
        checked: How many results were asked whether they are what they have to be.
    """

    folder: Path
    models: int
    rounds: int
    ages: tuple[int, int]
    peers: Path
    disagreements: list[str] = field(default_factory=list)
    checked: int = 0

    @cached_property
    def hub(self) -> Path:
        """Two dates of the Hub as importable files."""
        return self.generated("hub", days=2)

    @cached_property
    def landed(self) -> Path:
        """A home that holds those dates as captures, and nothing else."""
        return self._landed("landed", self.hub)

    @cached_property
    def first(self) -> Night:
        """The first date's night, by the job that follows an import."""
        # On a fresh clone this parses the project, which no night pays for.
        manifest_path()
        return self.night(self.home("first", FIRST), FIRST)

    @cached_property
    def second(self) -> Night:
        """The second date's night on what the first one left."""
        home = self.folder / "second"
        shutil.copytree(self.first.home, home, symlinks=True)
        self.link(home, SECOND)
        return self.night(home, SECOND)

    @cached_property
    def stress(self) -> Path:
        """A home with the first date of a Hub in which large base models stand inside cycles."""
        landed = self._landed("stress-landed", self.generated("stress-hub", 1, "--stress"))
        home = self.home("stress", FIRST, landed)
        child("load", "ours", home, FIRST)
        child(
            "facts",
            "build",
            home,
            "--select",
            "+int_profiles",
            "--resource-type",
            "model",
            "--resource-type",
            "seed",
        )
        return home

    def expect(self, what: str, holds: bool, found: str) -> None:
        """Note where figures that have to be the same are not."""
        self.checked += 1
        if not holds:
            self.disagreements.append(f"{what}: {found}")

    def agree(self, who: str, home: Path, date: dt.date, theirs: Path) -> None:
        """Note where another tool's facts of a date are not the marts' of a home."""
        found = differences(home, date, theirs)
        self.expect(f"facts of {who}", not found, "; ".join(found))

    def home(self, name: str, date: dt.date | None = None, landed: Path | None = None) -> Path:
        """A new home, with a date's capture in it where one is given."""
        home = self.folder / name
        home.mkdir()
        if date:
            self.link(home, date, landed)
        return home

    def link(self, home: Path, date: dt.date, landed: Path | None = None) -> None:
        """Put a date's capture into a home, without a copy of its bytes."""
        captures = Path("captures") / str(date)
        source = (landed or self.landed) / captures
        shutil.copytree(source, home / captures, copy_function=hard_link)

    def items(self, date: dt.date) -> Path:
        """The landed rows of a date."""
        return self.landed / "captures" / str(date) / "items.jsonl.zst"

    def forget(self, path: Path) -> None:
        """Remove what is not needed any more: at full size the disk is small."""
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def generated(self, name: str, days: int, *more: str) -> Path:
        """Importable files of some dates from the first one on."""
        folder = self.folder / name
        options = ["--models", str(self.models), "--days", str(days), "--start", str(FIRST), *more]
        run([sys.executable, "-m", "benchmarks.generate", "--out", folder, *options])
        return folder

    def _landed(self, name: str, hub: Path) -> Path:
        home = self.home(name)
        child("night", "land", home, hub)
        return home

    def night(self, home: Path, date: dt.date) -> Night:
        """The job that follows an import, on a home that has a date's capture."""
        began = time.time()
        took = child("night", "ours", home, date)
        report = home / "published" / "report"
        return Night(home, took, report.lstat().st_mtime - began)


def hard_link(source: str, target: str) -> str:
    """Copy without bytes, for `shutil.copytree`: what lies in both is never written to."""
    Path(target).hardlink_to(source)
    return target
