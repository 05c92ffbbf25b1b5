"""Charts for the report and for Dagster's pages: rows in, SVG out.

Belongs here: how something looks: sizes, colours, labels. Does not belong here: what is shown. The
report draws a chart twice, for a page as wide as a laptop's and for a phone; the colours of its
dark form are variables that the page sets.
"""

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

Row = Mapping[str, Any]
Spec = dict[str, Any]
"""A chart as Vega-Lite has it."""

FONTS = Path(__file__).with_name("fonts")
vl_convert.register_font_directory(str(FONTS))
_FONT = "Inter, Helvetica, Arial, sans-serif"

INK, MUTED, GRID, GROUND, REST = "#1b1f24", "#59626e", "#e3e6eb", "#fffffe", "#6b737e"
VOID = "#cdd3db"
_HUES = (
    "#5b4be0",
    "#1272d6",
    "#0a7f70",
    "#b85c00",
    "#b0327f",
    "#c23b22",
    "#4d7a12",
    "#76601b",
    "#7a3fb0",
    "#1f7a99",
    "#8d4a2f",
    "#3d5a9e",
)
# A family keeps its colour from night to night and from chart to chart.
_OWN = ("Qwen", "Llama", "DeepSeek", "Gemma", "gpt-oss", "Mistral", "GLM", "Phi")
RELATIONS = ("quantized", "adapter", "finetune", "merge", "unknown")

# What the page may set anew for its dark form.
VARIABLES = {
    "ink": INK,
    "muted": MUTED,
    "grid": GRID,
    "ground": GROUND,
    "rest": REST,
    "void": VOID,
    **{f"hue{place}": hue for place, hue in enumerate(_HUES, 1)},
}


@dataclass(frozen=True)
class Size:
    """Width of a whole chart in pixels, and whether it is for a phone."""

    width: int
    is_narrow: bool


WIDE, NARROW = Size(840, False), Size(350, True)


def draw(spec: Spec) -> str:
    """An SVG whose colours a page can change."""
    svg = vl_convert.vegalite_to_svg(spec)
    for name, colour in VARIABLES.items():
        for attribute in ("fill", "stroke"):
            svg = svg.replace(f'{attribute}="{colour}"', f'{attribute}="var(--{name},{colour})"')
    # The page says once what the picture is; what marks hold is told by their labels.
    svg = re.sub(r' (?:role|aria-roledescription|aria-hidden|pointer-events)="[^"]*"', "", svg)
    return re.sub(r'<path class="background" d="[^"]*"(?: [a-z-]+="[^"]*")*></path>', "", svg)


def plain(svg: str) -> str:
    """The same SVG for viewers without the page's variables."""
    return re.sub(r'"var\(--\w+,(#\w+)\)"', r'"\1"', svg)


def png(svg: str) -> bytes:
    """The picture at twice its size, for slides and messages."""
    return vl_convert.svg_to_png(plain(svg), scale=2)


def titled(spec: Spec, title: Sequence[str], below: Sequence[str]) -> Spec:
    """A chart that stands by itself: finding, source and definition, on a ground of its own."""
    words = {
        "text": title,
        "subtitle": below,
        "anchor": "start",
        "offset": 18,
        "frame": "bounds",
        "color": INK,
        "fontSize": 17,
        "lineHeight": 23,
        "subtitleColor": MUTED,
        "subtitleFontSize": 12,
        "subtitlePadding": 8,
    }
    return {**spec, "title": words, "background": GROUND, "padding": 20}


def colours(names: Sequence[str]) -> dict[str, str]:
    """A colour a name: its own, else one that is left, else that of the rest."""
    taken = {name: _HUES[_OWN.index(name)] for name in names if name in _OWN}
    left = iter(_HUES[len(_OWN) :])
    return {name: taken.get(name) or next(left, REST) for name in names}


def _rows(name: str) -> alt.Chart:
    """A chart of rows that `_finish` adds: Altair copies what it holds with each step."""
    return alt.Chart(alt.NamedData(name))


def _finish(
    layers: Sequence[alt.Chart], width: int, height: int, **datasets: Sequence[Row]
) -> Spec:
    # By hand: Altair copies all layers to put them together, half of the time that a spec takes.
    return {
        "layer": [layer.to_dict(validate=False, context={"top_level": False}) for layer in layers],
        "width": width,
        "height": height,
        "background": "transparent",
        # Letters may be wider where they are shown than where they were measured.
        "padding": {"left": 2, "right": 12, "top": 4, "bottom": 2},
        "config": {
            "font": _FONT,
            "view": {"stroke": None},
            "legend": {"aria": False},
            "axis": {
                "aria": False,
                "labelColor": MUTED,
                "titleColor": MUTED,
                "gridColor": GRID,
                "domainColor": GRID,
                "tickColor": GRID,
                "labelFontSize": 12,
                "titleFontSize": 12,
                "titleFontWeight": "normal",
                "labelPadding": 6,
            },
        },
        "datasets": datasets,
    }


def spread(places: Sequence[float], gap: float, top: float, bottom: float) -> list[float]:
    """Places near those wanted, `gap` apart, between top and bottom as far as they fit."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved, above = list(places), top - gap
    for index in order:
        moved[index] = above = max(places[index], above + gap)
    below = bottom + gap
    for index in reversed(order):
        moved[index] = below = min(moved[index], below - gap)
    return moved


def _months(size: Size, first: dt.date, last: dt.date) -> alt.Axis:
    """Ticks at the beginnings of months, quarters, halves or years, as there is room."""
    months = (last.year - first.year) * 12 + last.month - first.month
    room = 4 if size.is_narrow else 14
    every = next(step for step in (1, 3, 6, 12, 24, 60, 120) if months / step * 2 <= room)
    ticks = [
        dt.date(year, month, 1)
        for year in range(first.year, last.year + 1)
        for month in range(1, 13, every)
        if first <= dt.date(year, month, 1) <= last
    ]
    # Vega takes a date without a time as UTC's, and the scale is in UTC.
    values = [
        alt.DateTime(year=tick.year, month=tick.month, date=tick.day, utc=True)
        for tick in ticks or [first]
    ]
    return alt.Axis(
        format="%b %Y",
        values=values,
        title=None,
        grid=False,
        ticks=True,
        labelOverlap=True,
    )


def lines(
    rows: Sequence[Row],
    size: Size,
    *,
    ticks: str,
    hues: Mapping[str, str],
    logarithmic: bool = False,
    reference: tuple[float, str] | None = None,
    height: int = 380,
    is_count: bool = False,
) -> Spec:
    """Values over months, a line a name, each named at its end with its last value.

    Args:
        rows: month (ISO date), name, value, shown (the value as text), label (what a reader is told
            of the point); optional low and high; is_other_basis for points counted another way,
            whose line is dashed; run and is_alone, see `with_runs` of the report.
        size: For which page.
        ticks: d3's format of the axis.
        hues: A colour a name; the order in which lines are drawn, the first on top.
        logarithmic: Whether equal ratios are equal distances.
        reference: A value to draw a line at, and what it means.
        height: Of the plot, in pixels.
        is_count: Whether there is nothing between two whole numbers.
    """
    height = height - 60 if size.is_narrow else height
    label_width = 122 if size.is_narrow else 150
    width = size.width - label_width - 50
    dates = [dt.date.fromisoformat(row["month"]) for row in rows]
    # Bounds may be as wide as all or nothing: the scale is the values', what is wider is cut.
    values = [row["value"] for row in rows] + ([reference[0]] if reference else [])
    if logarithmic:
        domain = (min(values) / 1.15, max(values) * 1.15)
        scale = alt.Scale(type="log", domain=list(domain), nice=False, clamp=True)
    else:
        domain = (0.0, _nice(max(values)))
        scale = alt.Scale(domain=list(domain), nice=False, clamp=True)

    def pixel(value: float) -> float:
        if logarithmic:
            share = math.log(value / domain[0]) / math.log(domain[1] / domain[0])
        else:
            share = value / domain[1]
        return height * (1 - share)

    names = [name for name in hues if any(row["name"] == name for row in rows)]
    ends = [max((r for r in rows if r["name"] == name), key=lambda r: r["month"]) for name in names]
    places = spread([pixel(end["value"]) for end in ends], 16, 0, height)
    labels = [
        {
            "place": place,
            "hue": hues[name],
            "text": f"{_short(name, 12 if size.is_narrow else 15)} {end['shown']}",
        }
        for name, end, place in zip(names, ends, places, strict=True)
    ]
    x = alt.X("month:T", scale=alt.Scale(type="utc"), axis=_months(size, min(dates), max(dates)))
    axis = _bare(format=ticks, tickCount=6, **({"tickMinStep": 1} if is_count else {}))
    if logarithmic:
        powers = range(math.floor(math.log10(domain[0])), math.ceil(math.log10(domain[1])))
        marks = [unit * 10.0**power for power in powers for unit in (1, 2, 5)]
        axis.values = [mark for mark in marks if domain[0] <= mark <= domain[1]]
    y = alt.Y("value:Q", scale=scale, axis=axis)
    colour = _by_name(hues)
    base = _rows("rows")
    # What stands first in the order of names is drawn last, on top.
    rows = sorted(rows, key=lambda row: (-names.index(row["name"]), row["month"]))
    dashes = alt.Scale(domain=[False, True], range=[[1, 0], [3, 3]])
    layers: list[alt.Chart] = []
    if reference:
        at = _rows("reference")
        layers.append(
            at.mark_rule(aria=False, color=INK, strokeDash=[2, 3]).encode(
                y=alt.Y("at:Q", scale=scale)
            )
        )
        layers.append(
            at.mark_text(aria=False, align="left", dx=4, dy=-7, color=MUTED, fontSize=12).encode(
                y=alt.Y("at:Q", scale=scale), x=alt.value(0), text=alt.Text("said:N")
            )
        )
    if any(row.get("low") is not None for row in rows):
        layers.append(
            base.transform_filter("isValid(datum.low)")
            .mark_area(aria=False, opacity=0.16)
            .encode(
                x, alt.Y("low:Q", scale=scale), alt.Y2("high:Q"), colour, detail=alt.Detail("run:N")
            )
        )
    layers.append(
        base.mark_line(aria=False, strokeWidth=2.4, strokeJoin="round").encode(
            x,
            y,
            colour,
            strokeDash=alt.StrokeDash("is_other_basis:N", scale=dashes, legend=None),
            detail=alt.Detail("run:N"),
        )
    )
    if any(row.get("is_alone") for row in rows):
        layers.append(
            base.transform_filter("datum.is_alone")
            .mark_point(aria=False, filled=True, size=36, opacity=1)
            .encode(x, y, colour)
        )
    layers.append(
        base.mark_square(size=220, opacity=0).encode(
            x, y, colour, description=alt.Description("label:N")
        )
    )
    layers.append(
        _rows("labels")
        .mark_text(aria=False, align="left", dx=8, fontWeight=600, fontSize=12.5)
        .encode(
            x=alt.value(width),
            y=alt.Y("place:Q", scale=None),
            text=alt.Text("text:N"),
            color=alt.Color("hue:N", scale=None),
        )
    )
    said = [{"at": reference[0], "said": reference[1]}] if reference else []
    return _finish(layers, width, height, rows=rows, labels=labels, reference=said)


def _nice(top: float) -> float:
    """The next round number, for the end of an axis."""
    if top <= 0:
        return 1.0
    power: float = 10.0 ** (len(f"{top:.0f}") - 1) if top >= 1 else 0.1
    while power > top:
        power /= 10
    for unit in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10):
        if unit * power >= top:
            return unit * power
    return 10 * power


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _by_name(hues: Mapping[str, str]) -> alt.Color:
    scale = alt.Scale(domain=list(hues), range=list(hues.values()))
    return alt.Color("name:N", scale=scale, legend=None)


def _names(rows: Sequence[Row], limit: int = 130) -> alt.Y:
    """Names on the left, in the order of the rows."""
    axis = _bare(labelFontSize=13, labelColor=INK, labelLimit=limit)
    return alt.Y("name:N", sort=list(dict.fromkeys(row["name"] for row in rows)), axis=axis)


def _bare(**more: Any) -> alt.Axis:
    return alt.Axis(title=None, domain=False, ticks=False, **more)


def _above(size: Size, form: str) -> alt.Axis:
    return _bare(orient="top", format=form, tickCount=4 if size.is_narrow else 8)


def _below(symbol: str, columns: int) -> alt.Legend:
    return alt.Legend(
        title=None, orient="bottom", direction="horizontal", symbolType=symbol, symbolOpacity=1,
        labelColor=INK, labelFontSize=12.5, columns=columns,
    )  # fmt: skip


def ranks(rows: Sequence[Row], size: Size, hues: Mapping[str, str], places: int) -> Spec:
    """Places over months: name, month, rank, label; the first is at the top.

    A line that leaves the first `places` is broken there.
    """
    height, width = 30 * places, size.width - (96 if size.is_narrow else 130) - 30
    dates = [dt.date.fromisoformat(row["month"]) for row in rows]
    x = alt.X("month:T", scale=alt.Scale(type="utc"), axis=_months(size, min(dates), max(dates)))
    y = alt.Y(
        "rank:Q",
        scale=alt.Scale(domain=[places + 0.5, 0.5], nice=False),
        axis=_bare(values=list(range(1, places + 1)), format="d", grid=False),
    )
    colour = _by_name(hues)
    base = _rows("rows")
    last = max(dates).isoformat()
    tied: dict[int, list[str]] = {}
    for row in rows:
        if row["month"] == last and row["rank"] is not None:
            tied.setdefault(row["rank"], []).append(row["name"])
    ends = [
        {
            "rank": rank,
            "text": _short(names[0], 12 if size.is_narrow else 18)
            + (f" +{len(names) - 1}" if len(names) > 1 else ""),
            "hue": hues[names[0]],
        }
        for rank, names in tied.items()
    ]
    layers = [
        base.mark_line(aria=False, strokeWidth=3, interpolate="monotone", opacity=0.85).encode(
            x, y, colour, detail=alt.Detail("run:N")
        ),
        base.transform_filter("isValid(datum.rank)")
        .mark_point(filled=True, size=44 if size.is_narrow else 70, opacity=1)
        .encode(x, y, colour, description=alt.Description("label:N")),
        _rows("ends")
        .mark_text(aria=False, align="left", dx=10, fontWeight=600, fontSize=12.5)
        .encode(
            x=alt.value(width), y=y, text=alt.Text("text:N"), color=alt.Color("hue:N", scale=None)
        ),
    ]
    return _finish(layers, width, height, rows=rows, ends=ends)


def reach(rows: Sequence[Row], size: Size, hues: Mapping[str, str]) -> Spec:
    """First-party and ecosystem share of each family: name, first, ecosystem, times, label.

    A ring is what the family's own accounts publish, a dot what descends from its weights.
    """
    height, width = 34 * len(rows), size.width - (96 if size.is_narrow else 140) - 20
    top = _nice(max(max(row["first"], row["ecosystem"]) for row in rows) * 1.12)
    x_scale = alt.Scale(domain=[0, top], nice=False)
    axis = _above(size, "%")
    y = _names(rows)
    colour = _by_name(hues)
    base = _rows("rows")
    layers = [
        base.mark_rule(aria=False, strokeWidth=3, opacity=0.45).encode(
            alt.X("first:Q", scale=x_scale, axis=axis), y, colour, x2=alt.X2("ecosystem:Q")
        ),
        base.mark_point(size=75, filled=True, fill=GROUND, strokeWidth=2.4, opacity=1).encode(
            alt.X("first:Q", scale=x_scale),
            y,
            stroke=colour,
            description=alt.Description("first_label:N"),
        ),
        base.mark_point(size=95, filled=True, opacity=1).encode(
            alt.X("ecosystem:Q", scale=x_scale), y, colour, description=alt.Description("label:N")
        ),
        base.transform_calculate(end="max(datum.first, datum.ecosystem)")
        .mark_text(aria=False, align="left", dx=11, fontSize=12.5, fontWeight=600)
        .encode(alt.X("end:Q", scale=x_scale), y, colour, text=alt.Text("times:N")),
    ]
    return _finish(layers, width, height, rows=rows)


def stacks(rows: Sequence[Row], size: Size) -> Spec:
    """Derivatives by relation: name, relation, value, label; total and total_shown a name."""
    names = list(dict.fromkeys(row["name"] for row in rows))
    height, width = 32 * len(names), size.width - (96 if size.is_narrow else 140) - 70
    present = [one for one in RELATIONS if any(row["relation"] == one for row in rows)]
    hues = dict(zip(RELATIONS, (_HUES[0], _HUES[3], _HUES[2], _HUES[4], REST), strict=True))
    y = _names(rows)
    x = alt.X("value:Q", stack="zero", axis=_above(size, "~s"))
    base = _rows("rows")
    totals = [row for row in rows if row["is_last"]]
    layers = [
        base.mark_bar(height=20, stroke=GROUND, strokeWidth=1).encode(
            x,
            y,
            alt.Color(
                "relation:N",
                scale=alt.Scale(domain=present, range=[hues[one] for one in present]),
                legend=_below("square", 3 if size.is_narrow else 5),
            ),
            order=alt.Order("place:Q"),
            description=alt.Description("label:N"),
        ),
        _rows("totals")
        .mark_text(aria=False, align="left", dx=6, fontSize=12.5, fontWeight=600, color=INK)
        .encode(alt.X("total:Q"), y, text=alt.Text("total_shown:N")),
    ]
    return _finish(layers, width, height, rows=rows, totals=totals)


def bars(rows: Sequence[Row], size: Size) -> Spec:
    """A bar a name: name, value (a share), shown (as text), label, is_named; the rest is grey."""
    height, width = 30 * len(rows), size.width - (130 if size.is_narrow else 220) - 60
    top = max(_nice(max(row["value"] for row in rows)), 0.1)
    x_scale = alt.Scale(domain=[0, top], nice=False)
    y = _names(rows, 120 if size.is_narrow else 210)
    axis = _above(size, "%")
    if size.is_narrow:
        axis.values = [0, top / 2, top]
    colour = alt.condition("datum.is_named", alt.value(_HUES[0]), alt.value(REST))
    base = _rows("rows")
    layers = [
        base.mark_bar(height=18, cornerRadiusEnd=2, opacity=1).encode(
            alt.X("value:Q", scale=x_scale, axis=axis),
            y,
            color=colour,
            description=alt.Description("label:N"),
        ),
        base.mark_text(aria=False, align="left", dx=6, fontSize=12.5, fontWeight=600).encode(
            alt.X("value:Q", scale=x_scale), y, color=alt.ColorValue(INK), text=alt.Text("shown:N")
        ),
    ]
    return _finish(layers, width, height, rows=rows)


def intervals(rows: Sequence[Row], size: Size) -> Spec:
    """Ratings with their intervals: name, value, low, high, shown, label, kind of weights."""
    height, width = 27 * len(rows), size.width - (110 if size.is_narrow else 160) - 50
    ends = [row["low"] or row["value"] for row in rows] + [
        row["high"] or row["value"] for row in rows
    ]
    margin = (max(ends) - min(ends)) * 0.06 or 1
    scale = alt.Scale(domain=[min(ends) - margin, max(ends) + margin], nice=False, zero=False)
    y = _names(rows, 150)
    kinds = alt.Color(
        "kind:N",
        scale=alt.Scale(
            domain=["open weights", "not released", "not told"], range=[_HUES[2], _HUES[0], REST]
        ),
        legend=_below("circle", 3),
    )
    base = _rows("rows")
    x = alt.X("value:Q", scale=scale, axis=_above(size, "d"))
    layers = [
        base.mark_rule(aria=False, strokeWidth=5, opacity=0.3).encode(
            alt.X("low:Q", scale=scale), y, kinds, x2=alt.X2("high:Q")
        ),
        base.mark_point(filled=True, size=80, opacity=1).encode(
            x, y, kinds, description=alt.Description("label:N")
        ),
        base.transform_calculate(end="isValid(datum.high) ? datum.high : datum.value")
        .mark_text(aria=False, align="left", dx=8, fontSize=12.5, fontWeight=600)
        .encode(alt.X("end:Q", scale=scale), y, kinds, text=alt.Text("shown:N")),
    ]
    return _finish(layers, width, height, rows=rows)


KINDS = {
    "nightly crawl": _HUES[0],
    "archive": _HUES[1],
    "imported": _HUES[2],
    "counts, flagged": _HUES[3],
    "does not count": _HUES[5],
    "not recorded": VOID,
}


def calendar(rows: Sequence[Row], size: Size) -> Spec:
    """A square a date: month, day, kind (see KINDS), label."""
    months = len({row["month"] for row in rows})
    step = (size.width - 70) / 31
    height = 18 * months
    present = [kind for kind in KINDS if any(row["kind"] == kind for row in rows)]
    chart = (
        _rows("rows")
        .mark_rect(stroke=GROUND, strokeWidth=2)
        .encode(
            alt.X("day:O", axis=_bare(labelAngle=0, orient="top", values=[1, *range(5, 31, 5)])),
            alt.Y("month:N", sort=None, axis=_bare()),
            alt.Color(
                "kind:N",
                scale=alt.Scale(domain=present, range=[KINDS[kind] for kind in present]),
                legend=_below("square", 2 if size.is_narrow else 6),
            ),
            description=alt.Description("label:N"),
        )
    )
    return _finish([chart], round(step * 31), height, rows=rows)


def tree(rows: Sequence[Row], size: Size) -> Spec:
    """A lineage: id, parent (an id or None), depth, place, name, shown, weight, label."""
    deepest = max(row["depth"] for row in rows)
    places = max(row["place"] for row in rows) + 1
    width, height = size.width - 20, round(23 * places)
    column = (width - (130 if size.is_narrow else 250)) / max(deepest, 1)
    at = {row["id"]: (row["depth"] * column + 8, row["place"] * 23 + 12) for row in rows}
    links = []
    for row in rows:
        if row["parent"] is None:
            continue
        (x0, y0), (x1, y1) = at[row["parent"]], at[row["id"]]
        # Down from the parent, then across: no link crosses a name.
        corners = enumerate([(x0, y0), (x0, y1), (x1, y1)])
        links += [{"link": row["id"], "step": step, "x": x, "y": y} for step, (x, y) in corners]
    nodes = [
        {
            **row,
            "x": at[row["id"]][0],
            "y": at[row["id"]][1],
            "hue": _HUES[row["depth"] % 3],
            "text": _short(row["name"], 24 if size.is_narrow else 48) + row["shown"],
        }
        for row in rows
    ]
    x = alt.X("x:Q", scale=alt.Scale(domain=[0, width], nice=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[height, 0], nice=False), axis=None)
    base = _rows("nodes")
    layers = [
        _rows("links")
        .mark_line(aria=False, color=REST, strokeWidth=1.2, opacity=0.7)
        .encode(x, y, detail=alt.Detail("link:N"), order=alt.Order("step:Q")),
        base.mark_point(filled=True, opacity=1, stroke=GROUND, strokeWidth=1.5).encode(
            x,
            y,
            alt.Size("weight:Q", scale=alt.Scale(range=[30, 260]), legend=None),
            color=alt.Color("hue:N", scale=None),
            description=alt.Description("label:N"),
        ),
        base.mark_text(aria=False, align="left", dx=12, fontSize=12, color=INK).encode(
            x, y, text=alt.Text("text:N")
        ),
    ]
    return _finish(layers, width, height, links=links, nodes=nodes)
