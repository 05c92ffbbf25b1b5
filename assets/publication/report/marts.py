"""What the report reads: rows of the published file, and figures that can be checked.

Belongs here: how a value is asked for and written. Does not belong here: which values (see
`adoption`, `lineage`, `evidence`). A figure keeps the query it came from; the page shows it and a
test asks it again.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import duckdb

from assets.hub.items import printable

REMAINDERS = "('other', 'unknown')"
"""What is no tracked family, as SQL has it."""

Value = str | int | float | dt.date | None


def months(date: dt.date) -> str:
    """A month in words, with the same figures everywhere."""
    return f"{date:%B %Y}"


def days(date: dt.date) -> str:
    """A date in words."""
    return f"{date.day} {date:%B %Y}"


def ratio(value: float) -> str:
    """A ratio with two places, or two figures where that would be nothing."""
    return f"{value:.2f}" if value >= 0.1 or not value else f"{value:.2g}"


def share(value: float) -> str:
    """A share in per cent with one place, or one figure where that would be nothing."""
    return f"{value:.1%}" if value >= 0.001 or not value else f"{value * 100:.1g}%"


KINDS: dict[str, Callable] = {
    "share": share,
    "count": lambda value: f"{value:,.0f}",
    "ratio": ratio,
    "points": lambda value: f"{value:,.0f}",
    "month": months,
    "date": days,
    "text": lambda value: printable(value, 200),
}
"""How a value is written, by what it is."""


@dataclass(frozen=True)
class Figure:
    """A value of a mart as a sentence writes it, with the query that gives it."""

    kind: str
    value: Value
    query: str
    parameters: tuple[Value, ...]

    @property
    def shown(self) -> str:
        """The value in words."""
        return KINDS[self.kind](self.value)


Sentence = tuple[str | Figure, ...]


def words(sentence: Sentence) -> str:
    """A sentence as plain text."""
    return "".join(part if isinstance(part, str) else part.shown for part in sentence)


class Marts:
    """A published file, open for reading."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def rows(self, query: str, *parameters: Value) -> list[dict]:
        """The rows of a query, a dictionary a row."""
        found = self._connection.execute(query, list(parameters))
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def value(self, query: str, *parameters: Value) -> Value:
        """The one value of a query, None where it has no row."""
        row = self._connection.execute(query, list(parameters)).fetchone()
        return row[0] if row else None

    def figure(self, kind: str, query: str, *parameters: Value) -> Figure:
        """The one value of a query, to be written in a sentence.

        Raises:
            ValueError: There is no such value: the sentence should not be written.
        """
        value = self.value(query, *parameters)
        if value is None:
            raise ValueError(f"no value for {parameters} in {query}")
        return Figure(kind, value, " ".join(query.split()), parameters)
