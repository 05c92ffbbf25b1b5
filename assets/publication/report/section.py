"""What a section of the report is made of.

Belongs here: the parts and the words that all sections share. Does not belong here: any section
(see `adoption`, `lineage`, `evidence`), their layout (see `page`).
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from assets.charts import Size, Spec
from assets.publication.report.marts import Figure, Marts, Sentence

_SCOPES = {
    "text_vlm": "text and vision-language models",
    "generative_llm": "generative language models",
    "curated": "a curated list of releases",
    "all": "all models",
}

ATTRIBUTIONS = {
    "publisher": "own accounts",
    "brand": "name",
    "root": "descent from its weights",
    "anchor": "descent from its releases",
}
"""By what a download counts for a family, in words; see dim_definition."""

CHART_MONTHS = 36
"""Charts show this many months up to the newest; the data of a panel holds all."""


@dataclass(frozen=True)
class Table:
    """Rows of text below a header; the columns named in `figures` stand to the right.

    One that is long is scrolled by itself.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    figures: frozenset[int] = frozenset()
    is_long: bool = False


@dataclass(frozen=True)
class Panel:
    """A finding with what shows it: a chart or a table, and the rows as a file.

    Attributes:
        title: The finding, written from the data.
        data: The rows, what a reader downloads.
        chart: Draws it for a page's size.
        table: Rows to read, instead of a chart or below it.
        alt: What the chart shows, for those who do not see it.
        choice: Which choices it stands for, by the section's names.
        note: What to mind when reading it.
        values: The newest values as text, for who cannot point at them.
    """

    title: Sentence
    data: Sequence[Mapping]
    chart: Callable[[Size], Spec] | None = None
    table: Table | None = None
    alt: str = ""
    choice: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    values: Sequence[str] = ()


@dataclass(frozen=True)
class Section:
    """One question of the report.

    Attributes:
        key: Name in addresses and file names.
        name: Name in the page's list of contents.
        source: The mart it comes from, and the definitions to look up.
        definition: What the figures mean, in a line.
        panels: The first is the one shown first.
        missing: What is said instead where nothing is recorded yet.
        choices: By name of the choice: words for each value.
    """

    key: str
    name: str
    source: str
    definition: str
    panels: Sequence[Panel]
    missing: str = ""
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def scopes_of(marts: Marts) -> dict[str, str]:
    """The scopes of dim_scope in words, or by their names; the first is shown first."""
    found = [row["scope"] for row in marts.rows("select scope from marts.dim_scope order by all")]
    known = [scope for scope in _SCOPES if scope in found]
    return {scope: _SCOPES.get(scope, scope) for scope in dict.fromkeys([*known, *found])}


def by_scope(
    marts: Marts, panel_of: Callable[[Marts, str, str], Panel | None]
) -> tuple[list[Panel], dict[str, str]]:
    """The panels of a section for each scope that has one, and the scopes in words."""
    scopes = scopes_of(marts)
    panels = (panel_of(marts, scope, words) for scope, words in scopes.items())
    return [panel for panel in panels if panel], scopes


def named(names: Sequence[str]) -> str:
    """A, or A and B, or A, B and C."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def plural(figure: Figure, one: str, many: str) -> str:
    """The word that fits a count."""
    return one if figure.value == 1 else many


def recent(rows: Sequence[dict]) -> list[dict]:
    """Rows of the months that a chart shows."""
    last = dt.date.fromisoformat(max(row["month"] for row in rows))
    months = last.year * 12 + last.month - CHART_MONTHS
    first = f"{months // 12:04}-{months % 12 + 1:02}"
    return [dict(row) for row in rows if row["month"] >= first]


def with_runs(rows: Sequence[dict]) -> list[dict]:
    """Rows of monthly lines, each with the run it is in.

    A line is broken where a month is missing, and where it goes on by another basis; `is_alone`
    tells of a run of one month, which no line shows.
    """
    runs: dict[tuple, list[dict]] = {}
    before: dict[str, tuple[int, object, int]] = {}
    for row in sorted(rows, key=lambda row: row["month"]):
        date = dt.date.fromisoformat(row["month"])
        month, basis = date.year * 12 + date.month, row.get("basis")
        last, of_basis, run = before.get(row["name"], (0, None, 0))
        run += not (month - last == 1 and basis == of_basis)
        before[row["name"]] = month, basis, run
        runs.setdefault((row["name"], run), []).append({**row, "run": run})
    return [{**row, "is_alone": len(run) == 1} for run in runs.values() for row in run]


def newest_labels(rows: Sequence[dict]) -> list[str]:
    """What the marks of the newest month say."""
    last = max(row["month"] for row in rows)
    return [row["label"] for row in rows if row["month"] == last]
