"""What a section of the report is made of.

Belongs here: the parts and the words that all sections share. Does not belong here: any section
(see `adoption`, `lineage`, `evidence`), their layout (see `page`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from assets.charts import Size, Spec
from assets.publication.report.marts import Marts, Sentence

SCOPES = {
    "text_vlm": "text and vision-language models",
    "generative_llm": "generative language models",
    "curated": "a curated list of releases",
    "all": "all models",
}
"""Scopes in words, the first one shown first; their rules are in dim_scope."""

ATTRIBUTIONS = {
    "publisher": "own accounts",
    "brand": "name",
    "root": "descent from its weights",
    "anchor": "descent from its releases",
}
"""For whom a download counts, in words; see dim_definition."""


@dataclass(frozen=True)
class Table:
    """Rows of text below a header; the columns named in `figures` stand to the right."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    figures: frozenset[int] = frozenset()


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
    """

    title: Sentence
    data: Sequence[Mapping]
    chart: Callable[[Size], Spec] | None = None
    table: Table | None = None
    alt: str = ""
    choice: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


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


def of_scope(scope: str) -> str:
    """A scope in words, or by its name."""
    return SCOPES.get(scope, scope)


def newest_date(marts: Marts) -> object:
    """The newest date that counts."""
    return marts.value("select max(date) from marts.meta_captures where verdict = 'admitted'")
