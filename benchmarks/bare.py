"""Floors: DuckDB alone, in one connection, without a tool around it, over the columns we read.

Belongs here: reading a landed date into a table, a whole night with the three headline facts, the
marts written as files.
Does not belong here: what the product keeps and checks beyond that.
"""

import os
import shutil
from pathlib import Path

import duckdb
from jinja2 import Environment

from assets.ledger.rows import ITEM_COLUMNS
from assets.ledger.warehouse import WAREHOUSE_NAME
from benchmarks.measure import Figures, tell, timed
from benchmarks.peers.rules import FAMILIES, brand_expression

_HERE = Path(__file__).parent
_FACTS = _HERE / "peers" / "facts"
# In the order in which they build on each other; `today` is made by the night itself.
_MODELS = (
    "edges", "names", "nodes", "pairs", "components", "weights",
    "family_share", "derivative_counts", "top_models",
)  # fmt: skip
_KEPT = ("family_share", "derivative_counts", "top_models")


def read_json(items: str, warehouse: str) -> Figures:
    """A date's landed rows into a table of a database on disk, columns given."""
    with _opened(warehouse) as connection, timed() as figures:
        connection.execute(f"create or replace table listed as from {_received(items)}")
        connection.execute("checkpoint")
    with _opened(warehouse) as connection:
        figures["rows"] = connection.execute("select count(*) from listed").fetchall()[0][0]
    return figures


def night(warehouse: str, *dated_items: str) -> Figures:
    """Nights one after the other, each given as its date and its landed file; the last is timed.

    Published is a copy of the facts, on the disk itself and in place by a rename.
    """
    *before, last = zip(dated_items[::2], dated_items[1::2], strict=True)
    for date, items in before:
        _night(warehouse, date, items)
    with timed() as figures:
        _night(warehouse, *last)
    return figures


def nights(warehouse: str, *dated_items: str) -> Figures:
    """The same, all of them timed."""
    with timed() as figures:
        for date, items in zip(dated_items[::2], dated_items[1::2], strict=True):
            _night(warehouse, date, items)
    return figures


def copy(folder: str, beside: str) -> Figures:
    """Every byte of a publication copied, each file on the disk itself: what none can go below."""
    with timed() as figures:
        shutil.copytree(folder, beside)
        for path in Path(beside).rglob("*"):
            _sync(path)
        _sync(Path(beside))
    return figures


def publish(home: str, folder: str) -> Figures:
    """The marts as a DuckDB file and as Parquet, each on the disk itself; nothing read again."""
    file = Path(folder) / "published.duckdb"
    with timed() as figures:
        Path(folder).mkdir()
        with _opened(str(file)) as connection:
            connection.execute(f"attach '{Path(home) / WAREHOUSE_NAME}' as warehouse (read_only)")
            marts = connection.execute(
                "select table_name from information_schema.tables "
                "where table_catalog = 'warehouse' and table_schema = 'marts'"
            ).fetchall()
            for (name,) in marts:
                connection.execute(f"create table {name} as from warehouse.marts.{name}")
                twin = Path(folder) / f"{name}.parquet"
                connection.execute(f"copy {name} to '{twin}' (compression zstd)")
        for path in (*Path(folder).iterdir(), Path(folder)):
            _sync(path)
    return figures


def _night(warehouse: str, date: str, items: str) -> None:
    path = Path(warehouse)
    published, building = path.with_suffix(".published"), path.with_suffix(".building")
    with _opened(warehouse) as connection:
        connection.begin()
        connection.execute(_rendered("bare.sql", set(), date=date, received=_received(items)))
        held = {
            name
            for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()
        }
        for name in _MODELS:
            _model(connection, name, held)
        connection.commit()
        connection.execute("checkpoint")
        building.unlink(missing_ok=True)
        connection.execute(f"attach '{building}' as published")
        for name in _KEPT:
            connection.execute(f"create table published.{name} as from {name}")
        connection.execute("detach published")
    _sync(building)
    building.replace(published)


def _model(connection: duckdb.DuckDBPyConnection, name: str, held: set[str]) -> None:
    """Write one of the facts' models: added to where it keeps its rows, or else written anew."""
    source = f"peers/facts/models/{name}.sql"
    text = _rendered(source, held, this=name)
    if name == "names" and name in held:
        connection.execute(f"insert into {name} {text}")
    else:
        connection.execute(f"create or replace table {name} as {text}")


def _rendered(source: str, held: set[str], **given: str) -> str:
    """A statement with dbt's words in it, as plain SQL."""
    macros = (_FACTS / "macros" / "parents.sql").read_text()
    variables = {"brand": brand_expression(), "families": str(FAMILIES)}
    environment = Environment(autoescape=False)  # noqa: S701  it is SQL
    template = environment.from_string(macros + (_HERE / source).read_text())
    return template.render(
        ref=lambda name: name,
        var=variables.__getitem__,
        config=lambda **ignored: "",
        is_incremental=lambda: given.get("this") in held,
        **given,
    )


def _received(items: str) -> str:
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in ITEM_COLUMNS.items())
    return (
        f"read_json('{items}', format = 'newline_delimited', compression = 'zstd', "
        f"columns = {{{columns}}}, maximum_object_size = 134217728)"
    )


def _opened(warehouse: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(warehouse)
    connection.execute("set timezone = 'UTC'")
    # DuckDB's own limit is four fifths of the machine: ten times the Hub gets the process killed.
    connection.execute("set memory_limit = '60%'")
    return connection


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


if __name__ == "__main__":
    tell(
        {"read_json": read_json, "night": night, "nights": nights, "publish": publish, "copy": copy}
    )
