"""The pages of `docs/` that say what the dbt project and the sample data say, compared by tests.

Belongs here: the data dictionary, the table of definitions, the answers to the questions. Does not
belong here: prose.
"""

import csv
import json
import re
from pathlib import Path

import duckdb

from assets.errors import LedgerError
from assets.facts.project import PROJECT_DIR, manifest_path

DOCS = Path(__file__).resolve().parents[1] / "docs"

QUESTIONS = DOCS / "questions.md"

_BEGIN, _END = "<!-- definitions: begin -->\n", "<!-- definitions: end -->"
_DICTIONARY_HEAD = """# Data dictionary

The public tables, schema `marts` of `published/hub_ledger.duckdb`; the same texts are comments in
the file. Written by `make docs` from the contracts.
"""

_ANSWER = re.compile(
    r"```sql\n(?P<sql>.*?)```\n\n<!-- answer: begin -->\n(?P<text>.*?)<!-- answer: end -->", re.S
)


def data_dictionary() -> str:
    """The page of all marts with their columns, from dbt's manifest."""
    manifest = json.loads(manifest_path().read_text())
    marts = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    ]
    page = [_DICTIONARY_HEAD]
    for node in sorted(marts, key=lambda node: node["name"]):
        page += [f"## `{node['name']}`\n", " ".join(node["description"].split()) + "\n"]
        page += ["| column | type | meaning |", "|---|---|---|"]
        page += [
            f"| `{column['name']}` | {column['data_type']} "
            f"| {' '.join(column['description'].split())} |"
            for column in node["columns"].values()
        ]
        page.append("")
    return "\n".join(page)


def definitions() -> str:
    """The page of definitions, its table written anew from the seed."""
    with (PROJECT_DIR / "seeds" / "definitions.csv").open(newline="") as seed:
        rows = [
            f"| `{row['definition']}` | {row['version']} | {row['text']} |"
            for row in csv.DictReader(seed)
        ]
    table = "\n".join(["| definition | version | text |", "|---|---|---|", *rows])
    before, rest = (DOCS / "definitions.md").read_text().split(_BEGIN)
    return f"{before}{_BEGIN}{table}\n{_END}{rest.split(_END)[1]}"


def write_documents() -> None:
    """Write the pages."""
    (DOCS / "data_dictionary.md").write_text(data_dictionary())
    (DOCS / "definitions.md").write_text(definitions())


def answers(page: str) -> list[tuple[str, str]]:
    """The queries of a page of questions, each with the table that the page says it prints."""
    return [
        (match["sql"], "\n".join(re.findall(r"^\|.*", match["text"], re.M)))
        for match in _ANSWER.finditer(page)
    ]


def printed(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """What a query prints, as a Markdown table."""
    found = connection.execute(sql)
    names = [column[0] for column in found.description]
    rows = [names, ["---"] * len(names), *(map(_shown, row) for row in found.fetchall())]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def write_answers(published: Path) -> None:
    """Write the answers in `docs/questions.md` anew.

    Args:
        published: A published file of sample data.

    Raises:
        LedgerError: There is no such file, or it holds observations.
    """
    if not published.exists():
        raise LedgerError(f"there is no {published}; make demo writes it")
    with duckdb.connect(published, read_only=True) as connection:
        date, sample = connection.execute(
            "select max(date), max(sample) from marts.meta_captures"
        ).fetchall()[0]
        if sample is None:
            raise LedgerError(f"{published} holds observations; the page is of sample data")

        def anew(match: re.Match[str]) -> str:
            return (
                f"```sql\n{match['sql']}```\n\n<!-- answer: begin -->\n"
                f"*SAMPLE DATA of {date}: generated, says nothing about the real Hub.*\n\n"
                f"{printed(connection, match['sql'])}\n<!-- answer: end -->"
            )

        QUESTIONS.write_text(_ANSWER.sub(anew, QUESTIONS.read_text()))


def _shown(value: object) -> str:
    """A value as the page prints it: fractions to three digits, large ones in whole numbers."""
    if value is None:
        return "NULL"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:,}" if isinstance(value, int) else str(value)
