"""Markdown that the Dagster UI draws: tables, and pictures inside the text.

Belongs here: layout and escaping. Does not belong here: what is shown. Names from the Hub are
hostile text: a table shows them as code. Charts are drawn elsewhere (see `assets.charts`).
"""

import base64
import datetime as dt
import itertools
from collections.abc import Iterable, Sequence

from assets.hub.items import printable

Series = Sequence[tuple[dt.date, float]]


def sample_note(sample: str | None) -> str:
    """What stands above every figure that is not of the real Hub."""
    return "**SAMPLE DATA: says nothing about the real Hub.**" if sample else ""


def code(text: str) -> str:
    """Text from the Hub as code: nothing in it is markup, a link or the end of a table's cell."""
    shown = printable(text).replace("`", "'").replace("|", "/").strip()
    return f"`{shown}`" if shown else "(empty)"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], sample: str | None = None) -> str:
    """A Markdown table: the first column to the left, figures to the right."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    drawn = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    note = sample_note(sample)
    return f"{note}\n\n{drawn}" if note else drawn


def image(title: str, svg: str) -> str:
    """A drawn picture as Markdown; the UI cuts what is wider than 950 pixels."""
    data = base64.b64encode(svg.encode()).decode()
    return f"![{title}](data:image/svg+xml;base64,{data})"


def spark(title: str, points: Series, band: tuple[float, float] | None = None) -> str:
    """A line without a scale, so short that the UI draws it at once and not behind a click.

    Args:
        title: What is told where no picture is drawn.
        points: At most a hundred, dates ascending.
        band: Lowest and highest value that are usual, drawn behind the line.
    """
    values = [value for _, value in points] + list(band or ())
    low, high = min(values), max(values)
    last, days = points[-1][0], max(1, (points[-1][0] - points[0][0]).days)

    def y(value: float) -> int:
        return round(43 - (value - low) / ((high - low) or 1) * 38)

    places = [(276 - (last - date).days * 270 // days, y(value)) for date, value in points]
    steps = "".join(
        # A minus sign parts two numbers by itself.
        f" {right - left}{' ' if below >= above else ''}{below - above}"
        for (left, above), (right, below) in itertools.pairwise(places)
    )
    path = f"{places[0][0]} {places[0][1]}l{steps.strip() or '0 0'}"
    ground = ""
    if band:
        ground = f"<path fill='#e1e9fb' d='M0 {y(band[1])}h282V{y(band[0])}H0'/>"
    drawn = (
        "<svg xmlns='http://www.w3.org/2000/svg' width='282' height='48'>"
        f"<path fill='#fff' d='M0 0h282v48H0'/>{ground}"
        f"<path fill='none' stroke='#4f43dd' stroke-width='1.5' d='M{path}'/>"
        f"<circle cx='{places[-1][0]}' cy='{places[-1][1]}' r='3' fill='#4f43dd'/></svg>"
    )
    return f"![{title}](<data:image/svg+xml,{_percent(drawn)}>)"


def _percent(drawn: str) -> str:
    for character in "%<>#":
        drawn = drawn.replace(character, f"%{ord(character):02x}")
    return drawn
