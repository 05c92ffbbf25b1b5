"""Markdown that the Dagster UI draws: tables, and line charts as images inside the text.

Belongs here: layout and escaping. Does not belong here: what is shown. Names from the Hub are
hostile text: a table shows them as code, a picture as escaped text.
"""

import base64
import datetime as dt
import html
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from assets.hub.items import printable

Series = Sequence[tuple[dt.date, float]]

# The UI draws a picture at its natural size and cuts what is wider than 950 pixels.
_WIDTH, _HEIGHT = 900, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 180, 44, 30
_LABEL_HEIGHT = 15
_COLOURS = ("#4f43dd", "#d6520f", "#0b8a6a", "#b0348f", "#5f6b7a", "#a37b00")


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


def line_chart(
    title: str,
    lines: Mapping[str, Series],
    shown: Callable[[float], str],
    sample: str | None = None,
    falling: bool = False,
) -> str:
    """Lines over dates as a Markdown image; each is named at its end.

    Args:
        title: What the picture says.
        lines: Points of each line, dates ascending.
        shown: A value as text.
        sample: What kind of sample data is shown; None for observations.
        falling: Whether small values are at the top, as for ranks.
    """
    return image(title, _svg(title, lines, shown, sample, falling))


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


def _svg(
    title: str,
    lines: Mapping[str, Series],
    shown: Callable[[float], str],
    sample: str | None,
    falling: bool,
) -> str:
    dates = [date for points in lines.values() for date, _ in points]
    values = [value for points in lines.values() for _, value in points]
    ticks = _ticks(min(values), max(values))
    if falling:
        ticks = sorted({1.0, *(tick for tick in ticks if tick > 1 and tick == round(tick))})
    low, high = min(ticks[0], *values), max(ticks[-1], *values)
    first, days = min(dates), (max(dates) - min(dates)).days

    def x(date: dt.date) -> float:
        share = (date - first).days / days if days else 1
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        share = (value - low) / ((high - low) or 1)
        return _TOP + (share if falling else 1 - share) * (_HEIGHT - _TOP - _BOTTOM)

    end = _WIDTH - _RIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        'font-family="Inter, Helvetica, Arial, sans-serif" font-size="12" fill="#3d4451">',
        # A ground of its own: the page behind may be dark.
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="6" fill="#ffffff"/>',
        f'<text x="14" y="24" font-size="14" font-weight="600">{html.escape(title)}</text>',
    ]
    if sample:
        parts.append(
            f'<text x="{_WIDTH - 14}" y="24" text-anchor="end" font-weight="600" fill="#b42318">'
            "SAMPLE DATA</text>"
        )
    parts += [
        f'<path d="M{_LEFT} {y(tick):.1f}H{end}" stroke="#e3e6eb"/>'
        f'<text x="{_LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">'
        f"{html.escape(shown(tick))}</text>"
        for tick in ticks
    ]
    parts += [
        f'<text x="{x(date):.1f}" y="{_HEIGHT - 10}" text-anchor="middle">{date}</text>'
        for date in sorted({first, first + (max(dates) - first) / 2, max(dates)})
    ]
    for (name, points), colour, label in zip(
        lines.items(), _cycle(len(lines)), _label_places([y(p[-1][1]) for p in lines.values()]),
        strict=True,
    ):  # fmt: skip
        path = "L".join(f"{x(date):.1f} {y(value):.1f}" for date, value in points)
        last = points[-1]
        parts.append(
            f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<circle cx="{x(last[0]):.1f}" cy="{y(last[1]):.1f}" r="3" fill="{colour}"/>'
            f'<text x="{end + 10}" y="{label + 4:.1f}" fill="{colour}" font-weight="600">'
            f"{html.escape(printable(f'{name} {shown(last[1])}', 24))}</text>"
        )
    return "".join([*parts, "</svg>"])


def _cycle(count: int) -> list[str]:
    return [_COLOURS[place % len(_COLOURS)] for place in range(count)]


def _ticks(low: float, high: float) -> list[float]:
    """Three to five round values around the range."""
    if low == high:
        return [low]
    rough = (high - low) / 3
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * power for unit in (1, 2, 5, 10) if unit * power >= rough)
    first = math.floor(low / step)
    return [place * step for place in range(first, math.ceil(high / step) + 1)]


def _label_places(wanted: Sequence[float]) -> list[float]:
    """Heights for the names at the ends of lines: near their line, never one over another."""
    places = list(wanted)
    below = -math.inf
    for place in sorted(range(len(wanted)), key=lambda index: wanted[index]):
        places[place] = below = max(wanted[place], below + _LABEL_HEIGHT)
    # Pushed out at the bottom, all of them move up.
    excess = max(0.0, max(places) - (_HEIGHT - _BOTTOM))
    return [place - excess for place in places]
