"""The page: sections laid out as one HTML file, pictures and CSV files beside it.

Belongs here: layout, escaping, files. Does not belong here: findings (see `adoption`, `lineage`,
`evidence`, `exposure`), looks of charts (see `charts`).
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import jinja2
import polars as pl

from assets import charts
from assets.charts import NARROW, WIDE
from assets.hub.items import printable
from assets.publication.report.adoption import adoption
from assets.publication.report.evidence import VERDICTS, evidence
from assets.publication.report.exposure import exposure
from assets.publication.report.lineage import lineage
from assets.publication.report.marts import Marts, days, words
from assets.publication.report.section import Panel, Section
from assets.publication.spreadsheets import as_csv

_FOLDER = Path(__file__).parent
_EMBEDDED_ROWS = 4000
"""Data of more rows, that of a large inventory, is not in the page: it leads to the file."""


@dataclass(frozen=True)
class Front:
    """What stands at the top of a page.

    Attributes:
        name: Of the page, for a browser's tab.
        question: That the page answers.
        lede: What it tells of, in a sentence.
        in_short: Keys of the sections whose first finding stands at the top.
    """

    name: str
    question: str
    lede: str
    in_short: tuple[str, ...]


REPORT = Front(
    "adoption of open models",
    "Which open models does the world download?",
    "What the Hugging Face Hub counts, recorded date by date, each number by a named definition.",
    ("share", "reach", "dominance", "derivatives", "claims"),
)
EXPOSURE = Front(
    "your exposure",
    "On whom do the models that you run depend?",
    "Your own inventories, held against the record of the Hugging Face Hub. It was made on your "
    "machine, and nothing of it left it.",
    ("inventories", "glance", "companies", "accounts", "licences", "losses", "attention"),
)


def write_report(published: Path, folder: Path) -> dict[str, str]:
    """Write the report's index.html, charts/*.svg and *.png and data/*.csv into an empty folder.

    Args:
        published: The file that the report tells of.
        folder: Where it goes.

    Returns:
        The chart of each section's first finding as SVG, by the section's key.
    """
    with duckdb.connect(published, read_only=True) as connection:
        marts = Marts(connection)
        sections = [*adoption(marts), *lineage(marts), *evidence(marts)]
        return _write(REPORT, sections, _about(marts), folder)


def write_exposure(published: Path, folder: Path) -> dict[str, str] | None:
    """Write the page of exposures likewise; None, and nothing, where there is no inventory."""
    with duckdb.connect(published, read_only=True) as connection:
        marts = Marts(connection)
        sections = list(exposure(marts))
        return _write(EXPOSURE, sections, _about(marts), folder) if sections else None


def _write(front: Front, sections: list[Section], about: Mapping, folder: Path) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "charts").mkdir()
    (folder / "data").mkdir()
    pictures = {}
    for section in sections:
        if not section.panels:
            continue
        rows = (
            {**_chosen(section, panel), **row} for panel in section.panels for row in panel.data
        )
        (folder / "data" / f"{section.key}.csv").write_bytes(_csv(rows))
        first = section.panels[0]
        if first.chart:
            svg = charts.draw(charts.titled(first.chart(WIDE), *_captions(section, first, about)))
            pictures[section.key] = charts.plain(svg)
            (folder / "charts" / f"{section.key}.svg").write_text(pictures[section.key])
            (folder / "charts" / f"{section.key}.png").write_bytes(charts.png(svg))
    (folder / "index.html").write_text(_page(front, sections, about))
    return pictures


def _chosen(section: Section, panel: Panel) -> dict[str, str]:
    """The choices that a panel stands for, as its file has them."""
    return {
        name: section.choices[name][value] if name == "inventory" else value
        for name, value in panel.choice.items()
    }


def _about(marts: Marts) -> dict:
    (newest,) = marts.rows(
        "select date, origin, source, sample, models from marts.meta_captures "
        "where verdict = 'admitted' order by date desc limit 1"
    )
    sample = newest["sample"] or marts.value("select max(sample) from marts.meta_arena_tables")
    definitions = marts.rows(
        "select definition, version, text from marts.dim_definition order by all"
    )
    scopes = marts.rows("select scope, rule from marts.dim_scope order by all")
    return {**newest, "sample": sample, "definitions": definitions, "scopes": scopes}


def _captions(section: Section, panel: Panel, about: Mapping) -> tuple[list[str], list[str]]:
    """The finding and what stands below it in a picture that leaves the page."""
    chosen = [section.choices[name][value] for name, value in panel.choice.items()]
    below = [
        *(["Of " + ", counted by ".join(chosen) + "."] if "scope" in panel.choice else []),
        *_folded(" ".join([section.definition, panel.note]), 104),
        f"Hub Ledger, {section.source}; record up to {days(about['date'])}.",
    ]
    if about["sample"]:
        below.insert(0, "SAMPLE DATA: generated, says nothing about the real Hub.")
    return _folded(words(panel.title), 76), below


def _folded(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _csv(rows: Iterable[Mapping]) -> bytes:
    return as_csv(pl.DataFrame(list(rows), infer_schema_length=None))


def _data_uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _page(front: Front, sections: list[Section], about: Mapping) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (_FOLDER / "page.js").read_text()
    fonts = {
        weight: _data_uri("font/otf", (charts.FONTS / f"Inter-{name}.otf").read_bytes())
        for name, weight in (("Regular", 400), ("SemiBold", 600))
    }
    return environment.get_template("page.html").render(
        front=front,
        sections=sections,
        in_short=[
            section for section in sections if section.key in front.in_short and section.panels
        ],
        about=about,
        days=days,
        printable=printable,
        colours=charts.VARIABLES,
        style=(_FOLDER / "page.css").read_text(),
        script=script,
        # Nothing on the page may ask a host, whatever text from the Hub might hold.
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        fonts=fonts,
        words=words,
        wide=lambda panel: charts.draw(panel.chart(WIDE)),
        narrow=lambda panel: charts.draw(panel.chart(NARROW)),
        csv=lambda section, panel: (
            _data_uri("text/csv", _csv(panel.data))
            if len(panel.data) <= _EMBEDDED_ROWS
            else f"data/{section.key}.csv"
        ),
        parameters=lambda figure: json.dumps(figure.parameters, default=str),
        verdicts=VERDICTS,
    )
